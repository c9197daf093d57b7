//! The client of the exercise: it takes teams until there are no more.

use std::io::{Write, stdout};

use anyhow::Context;
use tonic::transport::Endpoint;

use super::pb::TeamRequest;
use super::pb::teams_client::TeamsClient;

/// Asks the server at `addr` (HOST:PORT) for the team of one city, of a city that has none, and
/// of all cities, and prints what comes.
///
/// # Errors
///
/// If `addr` is no address, if no server listens there, or if a call fails.
pub async fn run(addr: &str) -> anyhow::Result<()> {
    let endpoint = Endpoint::from_shared(format!("http://{addr}"))
        .ok()
        .filter(|endpoint| endpoint.uri().port_u16().is_some())
        .with_context(|| format!("{addr:?} is no address: give HOST:PORT"))?;
    let channel = endpoint.connect().await.with_context(|| {
        format!(
            "no server at {addr}: start one with \
                 `cargo run -p teams --example team_stream server`"
        )
    })?;
    let mut stub = TeamsClient::new(channel);

    // ANCHOR: calls
    for city in ["Chicago", "Miami", ""] {
        writeln!(stdout(), "Teams client asks for {city:?}")?;
        let mut teams = stub.get_teams(TeamRequest { city: city.into() }).await?.into_inner();
        while let Some(team) = teams.message().await? {
            writeln!(stdout(), "Teams client received: {} {}", team.city, team.nickname)?;
        }
    }
    Ok(())
    // ANCHOR_END: calls
}
