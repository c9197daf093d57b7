// ANCHOR: step4-client
// ANCHOR: step4-connect
//! The client: three calls on one channel.

use std::io::{Write, stdout};

use anyhow::Context;
use tonic::transport::Endpoint;

use crate::pb::teams_client::TeamsClient;
use crate::pb::{TeamRequest, TeamResponse};

/// Asks the server at `addr` (HOST:PORT) for the teams of three cities and prints them.
///
/// # Errors
///
/// If `addr` is no address, if no server listens there, or if a call fails: then with the
/// `tonic::Status` of that call.
pub async fn run(addr: &str) -> anyhow::Result<()> {
    let endpoint = Endpoint::from_shared(format!("http://{addr}"))
        .ok()
        .filter(|endpoint| endpoint.uri().port_u16().is_some())
        .with_context(|| format!("{addr:?} is no address: give HOST:PORT"))?;
    let channel = endpoint.connect().await.with_context(|| {
        format!("no server at {addr}: start one with `cargo run -p teams server`")
    })?;
    let mut stub = TeamsClient::new(channel);
    // ANCHOR_END: step4-connect
    // ANCHOR: step4-calls

    for city in ["Chicago", "Philadelphia", "Miami"] {
        let response = stub.get_team(TeamRequest { city: city.into() }).await?;
        let TeamResponse { city, nickname } = response.into_inner();
        writeln!(stdout(), "Teams client received: {city} {nickname}")?;
    }
    Ok(())
}
// ANCHOR_END: step4-calls
// ANCHOR_END: step4-client
