//! The exercise's server: its method, and what a client can get wrong.

use std::future::pending;

use testing::call::{Kind, Method};
use testing::faults;
use testing::net::listen;

use crate::exercise;
use crate::pb::TeamRequest;
use crate::pb::teams_client::TeamsClient;

#[tokio::test]
async fn streams_one_team_or_none_or_all() -> anyhow::Result<()> {
    let (incoming, channel) = listen().await?;
    tokio::spawn(exercise::run(incoming, pending()));
    let mut stub = TeamsClient::new(channel);
    for (city, count, last) in
        [("Boston", 1, "Revolutionaries"), ("Miami", 0, ""), ("", 10, "Revolutionaries")]
    {
        let mut stream = stub.get_teams(TeamRequest { city: city.into() }).await?.into_inner();
        let mut nicknames = Vec::new();
        while let Some(team) = stream.message().await? {
            nicknames.push(team.nickname);
        }
        assert_eq!(nicknames.len(), count, "{city:?}");
        assert_eq!(nicknames.last().map_or("", String::as_str), last, "{city:?}");
    }
    Ok(())
}

#[tokio::test]
async fn answers_hostile_bytes_with_an_error_and_goes_on() -> anyhow::Result<()> {
    let (incoming, channel) = listen().await?;
    tokio::spawn(exercise::run(incoming, pending()));
    let (path, message) = ("/Teams/GetTeams", b"\x0a\x06Boston");
    let method = Method { kind: Kind::ServerStream, path, message };
    faults::answers_hostile_bytes(&channel, &method).await
}
