//! The page: three files, which are a part of the program.

use axum::Router;
// ANCHOR: step7-import-header
use axum::http::HeaderValue;
use axum::http::header::CONTENT_SECURITY_POLICY;
// ANCHOR_END: step7-import-header
use axum::http::header::CONTENT_TYPE;
use axum::response::Html;
use axum::routing::get;
// ANCHOR: step7-import-layer
use tower_http::set_header::SetResponseHeaderLayer;
// ANCHOR_END: step7-import-layer

const HTML: &str = include_str!("page/index.html");
const SCRIPT: &str = include_str!("page/greeter.js");
const STYLE: &str = include_str!("page/style.css");
// ANCHOR: step7-policy

/// What a browser lets the page do: run our script, and call our server. A script that somebody
/// slips into the page is not run, and no other page can show it in a frame.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
                      img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
// ANCHOR_END: step7-policy

/// The files of the page, by their paths.
pub fn files() -> Router {
    let script = ([(CONTENT_TYPE, "text/javascript; charset=utf-8")], SCRIPT);
    let style = ([(CONTENT_TYPE, "text/css; charset=utf-8")], STYLE);
    Router::new()
        .route("/", get(Html(HTML)))
        .route("/greeter.js", get(script))
        .route("/style.css", get(style))
        // ANCHOR: step7-policy-layer
        .layer(SetResponseHeaderLayer::overriding(
            CONTENT_SECURITY_POLICY,
            HeaderValue::from_static(POLICY),
        ))
    // ANCHOR_END: step7-policy-layer
}
