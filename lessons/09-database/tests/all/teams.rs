//! Which teams the server knows, and which it takes. What it refuses is in `requests.toml`, too.

use database::pb::TeamResponse;
use tonic::{Code, Status};

use crate::scratch::{Scratch, add, nickname};

/// A city for those who put what they are told into their SQL.
const DROP: &str = "'; DROP TABLE teams; --";

#[tokio::test]
async fn knows_ten_teams_and_no_other() -> anyhow::Result<()> {
    let scratch = Scratch::new()?;
    let mut stub = scratch.stub().await?;
    for (city, expected) in [
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
        ("Chicago ", "not a member"),
        ("", "not a member"),
        (DROP, "not a member"),
        ("' OR '1' = '1", "not a member"),
        ("%", "not a member"),
        ("?", "not a member"),
        ("Chicago\0", "not a member"),
    ] {
        assert_eq!(nickname(&mut stub, city).await?, expected, "{city:?}");
    }
    assert_eq!(nickname(&mut stub, &"x".repeat(1_000_000)).await?, "not a member");
    assert_eq!(scratch.number("SELECT count(*) FROM teams").await?, 10);
    Ok(())
}

#[tokio::test]
async fn keeps_what_it_takes_to_the_letter() -> anyhow::Result<()> {
    let scratch = Scratch::new()?;
    let mut stub = scratch.stub().await?;
    let longest = "x".repeat(100);
    let names = ["Denver", DROP, "' OR '1' = '1", "東京", "🏈", "O'Fallon", "%", "NULL", &longest];
    for (city, team) in names.iter().zip(names.iter().rev()) {
        let answer = stub.add_team(add(city, team, "")).await?.into_inner();
        let expected = TeamResponse { city: (*city).into(), nickname: (*team).into() };
        assert_eq!(answer, expected);
    }
    for (city, team) in names.iter().zip(names.iter().rev()) {
        assert_eq!(nickname(&mut stub, city).await?, **team);
    }
    Ok(())
}

#[tokio::test]
async fn says_what_it_does_not_take() -> anyhow::Result<()> {
    let scratch = Scratch::new()?;
    let mut stub = scratch.stub().await?;
    let long = "x".repeat(101);
    for (city, team, id, code, message) in [
        ("", "Ghosts", "", Code::InvalidArgument, "city is missing"),
        ("Denver", "", "", Code::InvalidArgument, "nickname is missing"),
        (&long, "Ghosts", "", Code::InvalidArgument, "city is longer than 100 bytes"),
        ("Denver", &long, "", Code::InvalidArgument, "nickname is longer than 100 bytes"),
        ("Denver", "Ghosts", &long, Code::InvalidArgument, "request_id is longer than 100 bytes"),
        ("Denver ", "Ghosts", "", Code::InvalidArgument, "city begins or ends with a space"),
        ("Denver", "Gho\0sts", "", Code::InvalidArgument, "nickname begins or ends with a space"),
        ("Denver", "not a member", "", Code::InvalidArgument, "nickname means that"),
        ("Boston", "Ghosts", "", Code::AlreadyExists, "Boston has a team already"),
        ("Boston", "Revolutionaries", "", Code::AlreadyExists, "Boston has a team already"),
    ] {
        let status = stub.add_team(add(city, team, id)).await.err().unwrap_or(Status::ok(""));
        assert_eq!(status.code(), code, "{city:?} {team:?} {id:?}");
        assert!(status.message().starts_with(message), "{}", status.message());
    }
    assert_eq!(scratch.number("SELECT count(*) FROM teams").await?, 10);
    assert_eq!(scratch.number("SELECT count(*) FROM requests").await?, 0);
    Ok(())
}

#[tokio::test]
async fn knows_next_time_what_it_was_told() -> anyhow::Result<()> {
    let scratch = Scratch::new()?;
    scratch.stub().await?.add_team(add("Denver", "Miners", "")).await?;
    // A server of its own, beside the first one.
    assert_eq!(nickname(&mut scratch.stub().await?, "Denver").await?, "Miners");
    Ok(())
}
