//! Which pages, beside our own, may call the server.

use anyhow::ensure;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderName, HeaderValue, Method, Uri};
use tonic::service::Routes;
use tower_http::cors::CorsLayer;

/// Lets pages from `origin`, such as `http://localhost:8000`, call what is in `routes`. Fails if
/// that isn't an origin.
pub fn allow(origin: &str, routes: Routes) -> anyhow::Result<Routes> {
    ensure!(
        is_origin(origin),
        "{origin:?} is not an origin (give SCHEME://HOST:PORT, without a path or a usual port)"
    );
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

/// Whether `text` is what a browser says of a page: it's compared letter by letter.
fn is_origin(text: &str) -> bool {
    let Ok(uri) = text.parse::<Uri>() else { return false };
    let (Some(scheme), Some(place)) = (uri.scheme_str(), uri.authority()) else { return false };
    // The port that a scheme has anyway is left out.
    let is_usual = matches!((scheme, place.port_u16()), ("http", Some(80)) | ("https", Some(443)));
    !is_usual && format!("{scheme}://{place}").to_lowercase() == text
}
