//! The client: one call that succeeds, and one that fails on purpose.

use crate::pb::displacement_service_client::DisplacementServiceClient;
use crate::pb::{Displacement, Point};
use anyhow::{Context, bail};
use std::time::Duration;
use tonic::{Code, Request};

/// Asks the server at `addr` (HOST:PORT) for two displacements, the second one without an end.
/// Fails without a server, or if a call fails in another way than it should.
pub async fn run(addr: &str) -> anyhow::Result<()> {
    let mut stub =
        DisplacementServiceClient::connect(format!("http://{addr}")).await.with_context(|| {
            format!("no server at {addr} (start one with `cargo run -p unary-displacement server`)")
        })?;

    println!("calling server...");
    let start = Some(Point { x: 0, y: 12 });
    let end = Some(Point { x: 12, y: 14 });
    let request = with_deadline(Displacement { start, end });
    let response = stub.compute_displacement(request).await?.into_inner();
    println!("displacement from (0, 12) to (12, 14): {}", response.distance);

    println!("calling server without an end...");
    match stub.compute_displacement(with_deadline(Displacement { start, end: None })).await {
        Ok(_) => bail!("the server measured a displacement that has no end"),
        Err(status) if status.code() == Code::InvalidArgument => {
            println!("INVALID_ARGUMENT: {}", status.message());
        }
        Err(status) => return Err(status.into()),
    }
    Ok(())
}

/// A request that says how long we are going to wait for the response.
fn with_deadline<T>(message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.set_timeout(Duration::from_secs(10));
    request
}
