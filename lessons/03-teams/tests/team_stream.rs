//! The exercise's server: its method, and what a client can get wrong.

use std::future::pending;

use tonic::Code;

#[allow(missing_docs)]
mod pb {
    tonic::include_proto!("team_stream");
}
#[path = "../examples/team_stream/server.rs"]
mod server;
#[path = "../../testing.rs"]
mod testing;
use pb::TeamRequest;
use pb::teams_client::TeamsClient;
use testing::{call_raw, listen};

#[tokio::test]
async fn streams_one_team_or_none_or_all() -> anyhow::Result<()> {
    let (incoming, channel) = listen().await?;
    tokio::spawn(server::run(incoming, pending()));
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
    tokio::spawn(server::run(incoming, pending()));
    for (what, message, code) in [
        ("no protobuf", &b"\xff\xff\xff\xff"[..], Code::Internal),
        ("no UTF-8", b"\x0a\x02\xc3\x28", Code::Internal),
        ("over 4 MiB", &[0; (4 << 20) + 1], Code::OutOfRange),
    ] {
        assert_eq!(call_raw(&channel, "/Teams/GetTeams", message).await?, code, "{what}");
        assert_eq!(call_raw(&channel, "/Teams/GetTeams", b"").await?, Code::Ok, "after {what}");
    }
    Ok(())
}
