//! The client of the exercise: it takes teams until there are no more.

use crate::pb::TeamRequest;
use crate::pb::teams_client::TeamsClient;
use anyhow::Context;

/// Asks the server at `addr` (HOST:PORT) for the team of one city, of a city that has none, and
/// of all cities, and prints what comes. Fails without a server, or if a call fails.
pub async fn run(addr: &str) -> anyhow::Result<()> {
    let mut stub = TeamsClient::connect(format!("http://{addr}")).await.with_context(|| {
        let server = "cargo run -p teams --example team_stream server";
        format!("no server at {addr} (start one with `{server}`)")
    })?;

    for city in ["Chicago", "Miami", ""] {
        println!("Teams client asks for {city:?}");
        let mut teams = stub.get_teams(TeamRequest { city: city.into() }).await?.into_inner();
        while let Some(team) = teams.message().await? {
            println!("Teams client received: {} {}", team.city, team.nickname);
        }
    }
    Ok(())
}
