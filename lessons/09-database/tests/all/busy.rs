//! A database that is busy is waited for, as long as the client waits.

use std::time::Duration;

use anyhow::{Context, bail};
use database::pb::TeamResponse;
use sqlx::{Connection, SqliteConnection};
use tonic::{Code, Request, Response, Status};

use crate::scratch::{Scratch, add, nickname, trade};

/// `message`, whose client waits for the answer so long.
fn within<T>(time: Duration, message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.set_timeout(time);
    request
}

/// Somebody who has begun to write, and does not go on.
async fn writes(scratch: &Scratch) -> anyhow::Result<SqliteConnection> {
    let mut other = scratch.connection().await?;
    sqlx::raw_sql("BEGIN IMMEDIATE; UPDATE teams SET nickname = 'Ghosts'")
        .execute(&mut other)
        .await?;
    Ok(other)
}

/// What the server says, rather than our own side, which looks at the clock, too: with more time,
/// if the machine is so slow that it was not the first. Never so much that SQLite gives up by
/// itself.
async fn end<T>(
    mut call: impl AsyncFnMut(Duration) -> Result<Response<T>, Status>,
) -> anyhow::Result<Status> {
    for millis in [300, 600, 1_200, 2_400, 4_000, 4_000, 4_000, 4_000] {
        let status = call(Duration::from_millis(millis)).await.err().context("it was done")?;
        if !matches!(status.code(), Code::Cancelled | Code::DeadlineExceeded) {
            return Ok(status);
        }
    }
    bail!("it never says anything in time")
}

#[tokio::test]
async fn says_before_the_deadline_that_it_is_busy() -> anyhow::Result<()> {
    let scratch = Scratch::new()?;
    let mut stub = scratch.stub().await?;
    let other = writes(&scratch).await?;
    let adding = end(async |time| stub.add_team(within(time, add("Denver", "Miners", "1"))).await);
    let adding = adding.await?;
    let trading = trade("Chicago", "Boston", "1");
    let trading = end(async |time| stub.trade_teams(within(time, trading.clone())).await).await?;
    for status in [adding, trading] {
        assert_eq!(status.code(), Code::Unavailable);
        assert_eq!(status.message(), "the database is busy: send the request again");
    }
    // Who only reads need not wait.
    assert_eq!(nickname(&mut stub, "Chicago").await?, "Jackals");
    other.close().await?;

    // Nothing has been done, and nothing of it is left in the way.
    assert_eq!(nickname(&mut stub, "Denver").await?, "not a member");
    assert_eq!(nickname(&mut stub, "Chicago").await?, "Jackals");
    stub.add_team(add("Denver", "Miners", "1")).await?;
    assert_eq!(nickname(&mut stub, "Denver").await?, "Miners");
    Ok(())
}

#[tokio::test]
async fn waits_for_somebody_else_to_be_ready() -> anyhow::Result<()> {
    let scratch = Scratch::new()?;
    let mut stub = scratch.stub().await?;
    let other = writes(&scratch).await?;
    let mut waiting = stub.clone();
    let adding = tokio::spawn(async move {
        waiting.add_team(add("Denver", "Miners", "1")).await.map(Response::into_inner)
    });
    // As the clock: calls that need not wait.
    for _ in 0..200 {
        assert_eq!(nickname(&mut stub, "Denver").await?, "not a member");
    }
    assert!(!adding.is_finished(), "it has not waited");
    other.close().await?;
    let expected = TeamResponse { city: "Denver".into(), nickname: "Miners".into() };
    assert_eq!(adding.await??, expected);
    Ok(())
}

#[tokio::test]
#[ignore = "slow: cargo xtask ci runs it"]
async fn does_not_wait_forever_if_the_client_would() -> anyhow::Result<()> {
    let scratch = Scratch::new()?;
    let mut stub = scratch.stub().await?;
    let _other = writes(&scratch).await?;
    let busy = |answer: Result<Response<TeamResponse>, Status>| answer.err().map(|it| it.code());
    assert_eq!(busy(stub.add_team(add("Denver", "Miners", "")).await), Some(Code::Unavailable));
    let hours = within(Duration::from_secs(60 * 60), add("Denver", "Miners", ""));
    assert_eq!(busy(stub.add_team(hours).await), Some(Code::Unavailable));
    Ok(())
}
