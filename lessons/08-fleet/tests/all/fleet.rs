//! A fleet: who gets calls, who doesn't, and who gets them again.

use anyhow::ensure;
use fleet::fleet::Fleet;
use fleet::pb::TeamRequest;
use fleet::pb::teams_client::TeamsClient;
use testing::net::listen;
use tokio::time::Instant;
use tokio_stream::{Pending, pending};
use tonic::transport::Server;
use tonic::{Code, Request, Response, Status};
use tonic_health::ServingStatus;
use tonic_health::pb::health_server::{Health, HealthServer};
use tonic_health::pb::{HealthCheckRequest, HealthCheckResponse};

use crate::fake::{Answer, Fake, addrs, calls, three};

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

/// A server that does not say how it is.
struct Silent;

#[tonic::async_trait]
impl Health for Silent {
    type WatchStream = Pending<Result<HealthCheckResponse, Status>>;

    async fn check(
        &self,
        _: Request<HealthCheckRequest>,
    ) -> Result<Response<HealthCheckResponse>, Status> {
        std::future::pending().await
    }

    async fn watch(
        &self,
        _: Request<HealthCheckRequest>,
    ) -> Result<Response<Self::WatchStream>, Status> {
        Ok(Response::new(pending()))
    }
}

#[tokio::test]
#[ignore = "slow: cargo xtask ci runs it"]
async fn one_that_does_not_say_how_it_is_gets_none() -> anyhow::Result<()> {
    let (incoming, _) = listen().await?;
    let silent = incoming.local_addr()?;
    let service = HealthServer::new(Silent);
    tokio::spawn(Server::builder().add_service(service).serve_with_incoming(incoming));
    let well = Fake::start(Answer::Well).await?;
    let fleet = Fleet::connect(&format!("{silent},{}", well.addr)).await?;
    for _ in 0..10 {
        call(&fleet).await?;
    }
    assert_eq!(well.servicer.calls(), 10);
    assert!(Fleet::connect(&silent.to_string()).await.is_err());
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
