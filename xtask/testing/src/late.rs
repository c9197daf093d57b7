//! A client that stops waiting before it has read its answers.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Context;
use http_body_util::{BodyExt, Full};
use tokio::time::{Instant, sleep_until, timeout};
use tonic::body::Body;
use tonic::{Code, Status};
use tower::ServiceExt;

use crate::STUCK;
use crate::call::{framed, request};
use crate::net::Transport;

/// Calls the method at `path` of the server at `addr`, which answers `message` with so many messages
/// that they do not arrive at once, and reads none before its deadline. Returns the code with which
/// they end, and how many bytes they were.
///
/// # Errors
///
/// If there's no answer.
pub async fn end(addr: SocketAddr, path: &str, message: &[u8]) -> anyhow::Result<(Code, usize)> {
    let channel = Transport::default().narrow(addr)?.connect_lazy();
    // Should the machine be so slow that the answers do not even begin in time: another try.
    let mut time = Duration::from_millis(100);
    let response = loop {
        let mut request = request(path, Body::new(Full::from(framed(message)?)))?;
        request.headers_mut().insert("grpc-timeout", format!("{}m", time.as_millis()).parse()?);
        match channel.clone().oneshot(request).await {
            Ok(response) => break response,
            Err(error) if time > STUCK => return Err(error).context(format!("{path} hangs")),
            Err(_) => time *= 2,
        }
    };
    if let Some(status) = Status::from_header_map(response.headers()) {
        return Ok((status.code(), 0));
    }
    // The server's clock has started before it began to answer.
    sleep_until(Instant::now() + time).await;
    let body = timeout(STUCK, response.into_body().collect()).await.context("no end")??;
    let status = body.trailers().and_then(Status::from_header_map);
    Ok((status.context("it says no status")?.code(), body.to_bytes().len()))
}
