//! A request that is sent twice is done once.

use database::pb::TeamResponse;
use tokio::task::JoinSet;
use tonic::Code;

use crate::scratch::{Scratch, add, nickname, trade};

#[tokio::test]
async fn adds_a_team_once() -> anyhow::Result<()> {
    let scratch = Scratch::new()?;
    let mut stub = scratch.stub().await?;
    let request = add("Denver", "Miners", "1");
    let expected = TeamResponse { city: "Denver".into(), nickname: "Miners".into() };
    assert_eq!(stub.add_team(request.clone()).await?.into_inner(), expected);
    // Whatever has happened since.
    stub.trade_teams(trade("Denver", "Boston", "")).await?;
    assert_eq!(stub.add_team(request.clone()).await?.into_inner(), expected);
    // Even by another server.
    let mut stub = scratch.stub().await?;
    assert_eq!(stub.add_team(request).await?.into_inner(), expected);
    assert_eq!(nickname(&mut stub, "Denver").await?, "Revolutionaries");
    assert_eq!(scratch.number("SELECT count(*) FROM teams").await?, 11);
    Ok(())
}

#[tokio::test]
async fn trades_once() -> anyhow::Result<()> {
    let scratch = Scratch::new()?;
    let mut stub = scratch.stub().await?;
    let request = trade("Chicago", "Boston", "1");
    let first = stub.trade_teams(request.clone()).await?.into_inner();
    stub.trade_teams(trade("Chicago", "Detroit", "2")).await?;
    assert_eq!(stub.trade_teams(request).await?.into_inner(), first);
    assert_eq!(nickname(&mut stub, "Chicago").await?, "Wheels");
    assert_eq!(nickname(&mut stub, "Detroit").await?, "Revolutionaries");
    assert_eq!(nickname(&mut stub, "Boston").await?, "Jackals");
    // Without an id, it is another one each time.
    for team in ["Jackals", "Wheels"] {
        stub.trade_teams(trade("Chicago", "Boston", "")).await?;
        assert_eq!(nickname(&mut stub, "Chicago").await?, team);
    }
    Ok(())
}

#[tokio::test]
async fn does_it_once_if_it_comes_eight_times_at_once() -> anyhow::Result<()> {
    let scratch = Scratch::new()?;
    let mut stub = scratch.stub().await?;
    let mut calls = JoinSet::new();
    for _ in 0..8 {
        let mut stub = stub.clone();
        calls.spawn(async move {
            let added = stub.add_team(add("Denver", "Miners", "1")).await?.into_inner();
            let traded = stub.trade_teams(trade("Chicago", "Boston", "1")).await?.into_inner();
            anyhow::Ok((added.nickname, traded.team.unwrap_or_default().nickname))
        });
    }
    while let Some(answers) = calls.join_next().await {
        assert_eq!(answers??, ("Miners".into(), "Revolutionaries".into()));
    }
    assert_eq!(nickname(&mut stub, "Chicago").await?, "Revolutionaries");
    assert_eq!(scratch.number("SELECT count(*) FROM requests").await?, 2);
    Ok(())
}

#[tokio::test]
async fn refuses_another_request_with_the_same_id() -> anyhow::Result<()> {
    let scratch = Scratch::new()?;
    let mut stub = scratch.stub().await?;
    stub.add_team(add("Denver", "Miners", "1")).await?;
    stub.trade_teams(trade("Chicago", "Boston", "1")).await?;
    for code in [
        stub.add_team(add("Denver", "Ghosts", "1")).await.map(|_| ()),
        stub.add_team(add("Miami", "Miners", "1")).await.map(|_| ()),
        stub.trade_teams(trade("Boston", "Chicago", "1")).await.map(|_| ()),
        stub.trade_teams(trade("Chicago", "Denver", "1")).await.map(|_| ()),
    ] {
        let refused = code.map_err(|status| (status.code(), status.message().to_owned()));
        let message = "request_id is the one of another request";
        assert_eq!(refused, Err((Code::InvalidArgument, message.into())));
    }
    assert_eq!(nickname(&mut stub, "Miami").await?, "not a member");
    assert_eq!(nickname(&mut stub, "Boston").await?, "Jackals");
    Ok(())
}

#[tokio::test]
async fn does_not_keep_what_it_has_refused() -> anyhow::Result<()> {
    let scratch = Scratch::new()?;
    let mut stub = scratch.stub().await?;
    for code in [
        stub.add_team(add("Boston", "Ghosts", "1")).await.map(|_| ()),
        stub.trade_teams(trade("Chicago", "Miami", "1")).await.map(|_| ()),
    ] {
        assert!(code.is_err());
    }
    // Corrected, it may be sent with the same id.
    stub.add_team(add("Denver", "Ghosts", "1")).await?;
    stub.trade_teams(trade("Chicago", "Denver", "1")).await?;
    assert_eq!(nickname(&mut stub, "Chicago").await?, "Ghosts");
    Ok(())
}

#[tokio::test]
async fn forgets_a_request_after_a_day() -> anyhow::Result<()> {
    let scratch = Scratch::new()?;
    let mut stub = scratch.stub().await?;
    for (city, id) in [("Denver", "old"), ("Miami", "young"), ("Dallas", "new")] {
        stub.add_team(add(city, "Ghosts", id)).await?;
    }
    scratch
        .run(
            "UPDATE requests SET at = datetime('now', '-25 hours') WHERE id = 'old';
             UPDATE requests SET at = datetime('now', '-23 hours') WHERE id = 'young'",
        )
        .await?;
    stub.add_team(add("Houston", "Ghosts", "newest")).await?;
    assert_eq!(scratch.number("SELECT count(*) FROM requests WHERE id = 'old'").await?, 0);
    assert_eq!(scratch.number("SELECT count(*) FROM requests").await?, 3);
    Ok(())
}
