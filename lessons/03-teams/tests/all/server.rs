//! Which teams the server knows.

use std::future::pending;

use teams::pb::TeamRequest;
use teams::pb::teams_client::TeamsClient;
use teams::server;
use testing::net::listen;

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
