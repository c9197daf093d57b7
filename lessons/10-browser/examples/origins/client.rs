//! The client: it asks what a browser asks before it sends the call of a page from elsewhere.

use anyhow::Context;
use axum::body::Body;
use axum::http::Request;
use axum::http::header::ACCESS_CONTROL_ALLOW_ORIGIN;
use axum::http::header::{ACCESS_CONTROL_REQUEST_HEADERS, ACCESS_CONTROL_REQUEST_METHOD, ORIGIN};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use tokio::net::TcpStream;

/// Asks the server at `addr` (HOST:PORT) for three origins, and prints which may call it.
pub async fn run(addr: &str) -> anyhow::Result<()> {
    TcpStream::connect(addr).await.with_context(|| {
        format!(
            "no server at {addr} (start one with `cargo run -p browser --example origins server`)"
        )
    })?;
    let http = Client::builder(TokioExecutor::new()).build_http();
    for origin in ["http://localhost:8000", "https://example.com", "http://example.com"] {
        let request = Request::options(format!("http://{addr}/helloworld.Greeter/SayHello"))
            .header(ORIGIN, origin)
            .header(ACCESS_CONTROL_REQUEST_METHOD, "POST")
            .header(ACCESS_CONTROL_REQUEST_HEADERS, "content-type,grpc-timeout")
            .body(Body::empty())?;
        let response = http.request(request).await?;
        // A browser compares letter by letter: another scheme is another origin.
        let allowed = response.headers().get(ACCESS_CONTROL_ALLOW_ORIGIN);
        let may = if allowed.is_some_and(|it| it == origin) { "may call" } else { "may not call" };
        println!("A page of {origin} {may}");
    }
    Ok(())
}
