//! The server: of several origins, it names the one that asks.

use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderName, HeaderValue, Method};
use tonic::transport::server::TcpIncoming;
use tower_http::cors::CorsLayer;

/// Where pages may come from that call the server.
const ORIGINS: [&str; 2] = ["http://localhost:8000", "https://example.com"];

/// Serves on `incoming` until `shutdown` ends. Calls that are under way then may finish.
pub async fn run(incoming: TcpIncoming, shutdown: impl Future<Output = ()>) -> anyhow::Result<()> {
    let layer = CorsLayer::new()
        .allow_origin(ORIGINS.map(HeaderValue::from_static))
        .allow_methods([Method::POST])
        .allow_headers([CONTENT_TYPE, HeaderName::from_static("grpc-timeout")])
        .expose_headers(["grpc-status", "grpc-message"].map(HeaderName::from_static));
    let routes = browser::server::routes().into_axum_router().layer(layer).into();
    browser::server::run(incoming, routes, shutdown).await
}
