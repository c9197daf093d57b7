//! Which teams the server knows.

use teams::pb::TeamRequest;
use teams::pb::teams_server::Teams;
use teams::server::TeamsServicer;
use tonic::Request;

#[tokio::test]
async fn knows_ten_teams_and_no_other() -> anyhow::Result<()> {
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
        let request = Request::new(TeamRequest { city: city.into() });
        let response = TeamsServicer.get_team(request).await?.into_inner();
        assert_eq!((response.city.as_str(), response.nickname.as_str()), (city, nickname));
    }
    Ok(())
}
