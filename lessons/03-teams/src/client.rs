//! The client: three calls on one channel.

use crate::pb::teams_client::TeamsClient;
use crate::pb::{TeamRequest, TeamResponse};
use anyhow::Context;

/// Asks the server at `addr` (HOST:PORT) for the teams of three cities. Fails without a server, or
/// if a call fails.
pub async fn run(addr: &str) -> anyhow::Result<()> {
    let mut stub = TeamsClient::connect(format!("http://{addr}")).await.with_context(|| {
        format!("no server at {addr} (start one with `cargo run -p teams server`)")
    })?;

    for city in ["Chicago", "Philadelphia", "Miami"] {
        let response = stub.get_team(TeamRequest { city: city.into() }).await?;
        let TeamResponse { city, nickname } = response.into_inner();
        println!("Teams client received: {city} {nickname}");
    }
    Ok(())
}
