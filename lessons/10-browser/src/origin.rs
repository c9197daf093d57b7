//! Which pages, beside our own, may call the server.

use anyhow::ensure;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderName, HeaderValue, Method, Uri};
use tonic::service::Routes;
use tower_http::cors::CorsLayer;

/// Lets pages from `origin`, such as `http://localhost:8000`, call what is in `routes`. Fails if
/// that is no origin.
pub fn allow(origin: &str, routes: Routes) -> anyhow::Result<Routes> {
    ensure!(is_origin(origin), "{origin:?} is no origin (give SCHEME://HOST:PORT, and no path)");
    // A browser asks first whether a page may send these...
    let may_send = ["grpc-timeout", "x-grpc-web", "x-user-agent"].map(HeaderName::from_static);
    // ...and lets it read these, in which there is the status of a call that fails at once.
    let may_read = ["grpc-status", "grpc-message"].map(HeaderName::from_static);
    let layer = CorsLayer::new()
        .allow_origin(HeaderValue::from_str(origin)?)
        .allow_methods([Method::POST])
        .allow_headers([&[CONTENT_TYPE], &may_send[..]].concat())
        .expose_headers(may_read);
    Ok(routes.into_axum_router().layer(layer).into())
}

/// Whether a browser may say `text` of a page: it compares letter by letter.
fn is_origin(text: &str) -> bool {
    let Ok(uri) = text.parse::<Uri>() else { return false };
    let (Some(scheme), Some(place)) = (uri.scheme(), uri.authority()) else { return false };
    format!("{scheme}://{place}").to_lowercase() == text
}
