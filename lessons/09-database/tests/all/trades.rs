//! A trade is done as a whole, no matter who else trades.

use std::collections::BTreeSet;

use database::pb::TeamResponse;
use tokio::task::JoinSet;
use tonic::Code;

use crate::scratch::{Scratch, nickname, trade};

const CITIES: [&str; 4] = ["Chicago", "Boston", "Seattle", "Detroit"];

#[tokio::test]
async fn swaps_two_teams() -> anyhow::Result<()> {
    let scratch = Scratch::new()?;
    let mut stub = scratch.stub().await?;
    let answer = stub.trade_teams(trade("Chicago", "Boston", "")).await?.into_inner();
    let team =
        |city: &str, nickname: &str| TeamResponse { city: city.into(), nickname: nickname.into() };
    assert_eq!(answer.team, Some(team("Chicago", "Revolutionaries")));
    assert_eq!(answer.other_team, Some(team("Boston", "Jackals")));
    assert_eq!(nickname(&mut stub, "Chicago").await?, "Revolutionaries");
    assert_eq!(nickname(&mut stub, "Boston").await?, "Jackals");
    Ok(())
}

#[tokio::test]
async fn changes_nothing_if_a_city_has_no_team() -> anyhow::Result<()> {
    let scratch = Scratch::new()?;
    let mut stub = scratch.stub().await?;
    for (city, other_city) in [("Chicago", "Miami"), ("Miami", "Chicago")] {
        let refused = stub.trade_teams(trade(city, other_city, "")).await;
        let refused = refused.map_err(|status| (status.code(), status.message().to_owned()));
        assert_eq!(refused.err(), Some((Code::NotFound, "Miami has no team".into())));
    }
    assert_eq!(nickname(&mut stub, "Chicago").await?, "Jackals");
    assert_eq!(nickname(&mut stub, "Miami").await?, "not a member");
    Ok(())
}

#[tokio::test]
async fn changes_nothing_if_the_second_half_fails() -> anyhow::Result<()> {
    let scratch = Scratch::new()?;
    let mut stub = scratch.stub().await?;
    scratch
        .run(
            "CREATE TRIGGER fails BEFORE UPDATE ON teams WHEN old.city = 'Boston'
             BEGIN SELECT raise(ABORT, 'no'); END",
        )
        .await?;
    let failed = stub.trade_teams(trade("Chicago", "Boston", "1")).await;
    // What exactly has failed is nothing for a client.
    let failed = failed.map_err(|status| (status.code(), status.message().to_owned()));
    assert_eq!(failed.err(), Some((Code::Internal, "the database failed".into())));
    assert_eq!(nickname(&mut stub, "Chicago").await?, "Jackals");
    scratch.run("DROP TRIGGER fails").await?;
    stub.trade_teams(trade("Chicago", "Boston", "1")).await?;
    assert_eq!(nickname(&mut stub, "Chicago").await?, "Revolutionaries");
    Ok(())
}

#[tokio::test]
async fn loses_no_team_when_many_trade_at_once() -> anyhow::Result<()> {
    let scratch = Scratch::new()?;
    // Two servers: what one of them does in turn, the other one does not wait for.
    let stubs = [scratch.stub().await?, scratch.stub().await?];
    let mut trades = JoinSet::new();
    for i in 0..80 {
        let mut stub = stubs[i % 2].clone();
        let (city, other_city) = (CITIES[i % 4], CITIES[(i + 1 + i / 4 % 3) % 4]);
        let request = trade(city, other_city, &i.to_string());
        trades.spawn(async move {
            // The machine may be slow; and it is safe to send it again.
            loop {
                match stub.trade_teams(request.clone()).await {
                    Err(status) if status.code() == Code::Unavailable => {}
                    answer => return answer,
                }
            }
        });
    }
    while let Some(answer) = trades.join_next().await {
        answer??;
    }
    let mut stub = stubs[0].clone();
    let mut nicknames = BTreeSet::new();
    for city in CITIES {
        nicknames.insert(nickname(&mut stub, city).await?);
    }
    let expected = ["Jackals", "Orcas", "Revolutionaries", "Wheels"];
    assert!(nicknames.iter().eq(&expected), "{nicknames:?}");
    Ok(())
}

#[tokio::test]
async fn does_two_trades_at_once_one_after_the_other() -> anyhow::Result<()> {
    let scratch = Scratch::new()?;
    let stub = scratch.stub().await?;
    for _ in 0..20 {
        let (mut one, mut other) = (stub.clone(), stub.clone());
        let (one, other) = tokio::join!(
            one.trade_teams(trade("Chicago", "Boston", "")),
            other.trade_teams(trade("Chicago", "Boston", ""))
        );
        // The second one undoes the first one.
        assert_ne!(one?.into_inner(), other?.into_inner());
    }
    assert_eq!(nickname(&mut stub.clone(), "Chicago").await?, "Jackals");
    Ok(())
}
