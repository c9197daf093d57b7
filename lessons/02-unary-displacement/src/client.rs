// ANCHOR: step4-client
// ANCHOR: step4-connect
//! The client: one call that succeeds, and one that does not.

use std::io::{Write, stdout};

use anyhow::{Context, bail};
use tonic::Code;
use tonic::transport::Endpoint;

use crate::pb::displacement_service_client::DisplacementServiceClient;
use crate::pb::{Displacement, Point};

/// Asks the server at `addr` (HOST:PORT) for two displacements, the second one without an end,
/// and prints its answers.
///
/// # Errors
///
/// If `addr` is no address, if no server listens there, or if a call fails that should not:
/// then with the `tonic::Status` of that call.
pub async fn run(addr: &str) -> anyhow::Result<()> {
    let endpoint = Endpoint::from_shared(format!("http://{addr}"))
        .ok()
        .filter(|endpoint| endpoint.uri().port_u16().is_some())
        .with_context(|| format!("{addr:?} is no address: give HOST:PORT"))?;
    let channel = endpoint.connect().await.with_context(|| {
        format!("no server at {addr}: start one with `cargo run -p unary-displacement server`")
    })?;
    let mut stub = DisplacementServiceClient::new(channel);
    // ANCHOR_END: step4-connect
    // ANCHOR: step4-call

    writeln!(stdout(), "calling server...")?;
    let request =
        Displacement { start: Some(Point { x: 0, y: 12 }), end: Some(Point { x: 12, y: 14 }) };
    let response = stub.compute_displacement(request).await?.into_inner();
    writeln!(stdout(), "displacement from (0, 12) to (12, 14): {}", response.distance)?;
    // ANCHOR_END: step4-call
    // ANCHOR: step4-failure

    writeln!(stdout(), "calling server without an end...")?;
    let request = Displacement { start: Some(Point { x: 0, y: 12 }), end: None };
    match stub.compute_displacement(request).await {
        Ok(_) => bail!("the server measured a displacement that has no end"),
        Err(status) if status.code() == Code::InvalidArgument => {
            writeln!(stdout(), "INVALID_ARGUMENT: {}", status.message())?;
        }
        Err(status) => return Err(status.into()),
    }
    Ok(())
}
// ANCHOR_END: step4-failure
// ANCHOR_END: step4-client
