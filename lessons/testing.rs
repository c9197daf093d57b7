//! What the tests of all lessons share: `#[path = "../../testing.rs"] mod testing;`. The lessons
//! themselves share nothing.

#![allow(dead_code, reason = "not every test needs all of it")]

use std::net::SocketAddr;

use http_body_util::{BodyExt, Full};
use tokio::net::TcpListener;
use tonic::body::Body;
use tonic::codegen::http;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Status};
use tower::ServiceExt;

/// A free port of this machine: a listener for the server, and a channel for its clients.
pub async fn listen() -> anyhow::Result<(TcpListener, Channel)> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let channel = connect(listener.local_addr()?)?;
    Ok((listener, channel))
}

/// A channel to `addr`, with a connection of its own.
pub fn connect(addr: SocketAddr) -> anyhow::Result<Channel> {
    Ok(Endpoint::from_shared(format!("http://{addr}"))?.connect_lazy())
}

/// Sends `message` to the method at `path` as it stands, whether it is a message or not, and
/// returns the code of the answer.
pub async fn call_raw(channel: &Channel, path: &str, message: &[u8]) -> anyhow::Result<Code> {
    let length = u32::try_from(message.len())?.to_be_bytes();
    let request = http::Request::post(path)
        .header("content-type", "application/grpc")
        .body(Body::new(Full::from([&[0], &length[..], message].concat())))?;
    let response = channel.clone().oneshot(request).await?;
    // A call that fails at once has its status in the headers, any other one behind its body.
    let in_headers = Status::from_header_map(response.headers());
    let status = match response.into_body().collect().await {
        Ok(body) => in_headers.or_else(|| Status::from_header_map(body.trailers()?)),
        Err(status) => in_headers.or(Some(status)),
    };
    Ok(status.map_or(Code::Unknown, |status| status.code()))
}
