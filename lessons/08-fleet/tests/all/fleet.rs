//! A fleet: who gets calls, who doesn't, and who gets them again.

use anyhow::ensure;
use fleet::fleet::Fleet;
use fleet::pb::TeamRequest;
use fleet::pb::teams_client::TeamsClient;
use tokio::time::Instant;
use tonic::{Code, Status};
use tonic_health::ServingStatus;

use crate::fake::{Answer, addrs, calls, three};

/// Makes a call.
async fn call(fleet: &Fleet) -> Result<(), Status> {
    let get_team = async |server, request| TeamsClient::new(server).get_team(request).await;
    fleet.call(TeamRequest::default(), get_team).await.map(drop)
}

#[tokio::test]
async fn each_server_gets_as_many_calls() -> anyhow::Result<()> {
    let servers = three(Answer::Well).await?;
    let fleet = Fleet::connect(&addrs(&servers)).await?;
    for _ in 0..300 {
        call(&fleet).await?;
    }
    assert_eq!(calls(&servers), [100, 100, 100]);
    Ok(())
}

#[tokio::test]
async fn one_that_is_not_serving_gets_none_until_it_is() -> anyhow::Result<()> {
    let servers = three(Answer::Well).await?;
    let fleet = Fleet::connect(&addrs(&servers)).await?;
    for (index, server) in servers.iter().enumerate() {
        server.says(ServingStatus::NotServing).await;
        // Once it gets none of three in a row, the fleet knows.
        let deadline = Instant::now() + testing::STUCK;
        while of_three(&fleet, index, || calls(&servers)).await? > 0 {
            ensure!(Instant::now() < deadline, "it gets calls nevertheless");
        }
        let before = calls(&servers);
        for _ in 0..100 {
            call(&fleet).await?;
        }
        for (other, (now, before)) in calls(&servers).iter().zip(before).enumerate() {
            assert_eq!(now - before, if other == index { 0 } else { 50 });
        }
        server.says(ServingStatus::Serving).await;
        while of_three(&fleet, index, || calls(&servers)).await? == 0 {
            ensure!(Instant::now() < deadline, "it gets no calls any more");
        }
    }
    Ok(())
}

/// How many of three calls in a row the server `index` gets.
async fn of_three(
    fleet: &Fleet,
    index: usize,
    calls: impl Fn() -> Vec<usize>,
) -> anyhow::Result<usize> {
    let before = calls()[index];
    for _ in 0..3 {
        call(fleet).await?;
    }
    Ok(calls()[index] - before)
}

#[tokio::test]
async fn without_a_server_that_is_serving_a_call_is_unavailable() -> anyhow::Result<()> {
    let servers = three(Answer::Well).await?;
    let fleet = Fleet::connect(&addrs(&servers)).await?;
    for server in &servers {
        server.says(ServingStatus::NotServing).await;
    }
    testing::until("nobody is serving", || fleet.server(0).is_err()).await?;
    let status = call(&fleet).await.err();
    let said = status.as_ref().map(|status| (status.code(), status.message()));
    assert_eq!(said, Some((Code::Unavailable, "no server is serving")));

    let error = Fleet::connect(&addrs(&servers)).await.err().map(|error| error.to_string());
    let begin = format!("no server is serving at {}", addrs(&servers));
    assert!(error.as_ref().is_some_and(|error| error.starts_with(&begin)), "{error:?}");
    Ok(())
}

#[tokio::test]
async fn what_is_no_address_is_named() {
    for addrs in ["", "127.0.0.1:1,", "127.0.0.1:1,a b"] {
        let error = Fleet::watch(addrs).err().map(|error| format!("{error:#}"));
        let bad = addrs.rsplit(',').next().unwrap_or_default();
        let begin = format!("{bad:?} is not HOST:PORT");
        assert!(error.as_ref().is_some_and(|error| error.starts_with(&begin)), "{error:?}");
    }
}
