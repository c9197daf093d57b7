//! The method, and every hostile input that can reach it, on a server in this process.

use std::future::pending;

use teams::pb::TeamRequest;
use teams::pb::teams_client::TeamsClient;
use teams::server;
use tonic::Code;

#[path = "../../testing.rs"]
mod testing;
use testing::{call_raw, listen};

#[tokio::test]
async fn knows_ten_teams_and_no_other() -> anyhow::Result<()> {
    let (incoming, channel) = listen().await?;
    tokio::spawn(server::run(incoming, pending()));
    let mut stub = TeamsClient::new(channel);
    for (city, nickname) in [
        ("Chicago", "Jackals"),
        ("Detroit", "Wheels"),
        ("Minneapolis", "Nordics"),
        ("New York", "Metros"),
        ("Arizona", "Roadrunners"),
        ("San Francisco", "Stingers"),
        ("Seattle", "Orcas"),
        ("Los Angeles", "Pumas"),
        ("Philadelphia", "Foxes"),
        ("Boston", "Revolutionaries"),
        ("Miami", "not a member"),
        ("chicago", "not a member"),
        ("", "not a member"),
    ] {
        let response = stub.get_team(TeamRequest { city: city.into() }).await?.into_inner();
        assert_eq!((response.city.as_str(), response.nickname.as_str()), (city, nickname));
    }
    Ok(())
}

#[tokio::test]
async fn answers_hostile_bytes_with_an_error_and_goes_on() -> anyhow::Result<()> {
    let (incoming, channel) = listen().await?;
    tokio::spawn(server::run(incoming, pending()));
    for (what, message, code) in [
        ("no protobuf", &b"\xff\xff\xff\xff"[..], Code::Internal),
        ("cut short", b"\x0a\x09Chicago", Code::Internal),
        ("no UTF-8", b"\x0a\x02\xc3\x28", Code::Internal),
        ("over 4 MiB", &[0; (4 << 20) + 1], Code::OutOfRange),
    ] {
        assert_eq!(call_raw(&channel, "/Teams/GetTeam", message).await?, code, "{what}");
        let next = call_raw(&channel, "/Teams/GetTeam", b"\x0a\x07Chicago").await?;
        assert_eq!(next, Code::Ok, "after {what}");
    }
    Ok(())
}
