//! Calls that fail: which of them are made again, how often, and for how long. Most of them are
//! never sent, so that nothing depends on how fast a server is.

use std::collections::HashSet;
use std::future::pending;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use anyhow::Context;
use fleet::fleet::Fleet;
use fleet::pb::TeamRequest;
use fleet::pb::teams_client::TeamsClient;
use fleet::retries::{CALL_TIME, MAX_ATTEMPTS, Repeat, Retries, TOKENS};
use testing::net::{Network, connect};
use testing::until;
use tokio::net::TcpListener;
use tonic::metadata::MetadataMap;
use tonic::{Code, Status};

use crate::fake::{Answer, Fake, addrs, calls, lock, three};

/// A client of a server that is there.
async fn retries(repeat: Repeat) -> anyhow::Result<Retries> {
    let server = Fake::start(Answer::Well).await?;
    Ok(Retries::new(Fleet::connect(&server.addr.to_string()).await?, repeat))
}

/// Makes a call of which each attempt ends in this way. Returns how many there were, and how the
/// call ends.
async fn attempts(retries: &Retries, end: Result<(), Status>) -> (u32, Code) {
    let attempts = AtomicU32::new(0);
    let attempt = async |_, _| {
        attempts.fetch_add(1, Ordering::Relaxed);
        end.clone()
    };
    let result = retries.call(TeamRequest::default(), attempt).await;
    let code = result.map_or_else(|status| status.code(), |()| Code::Ok);
    (attempts.into_inner(), code)
}

#[tokio::test]
async fn what_one_server_fails_another_one_answers() -> anyhow::Result<()> {
    let servers = three(Answer::Well).await?;
    let retries = Retries::new(Fleet::connect(&addrs(&servers)).await?, Repeat::Always);
    for server in &servers {
        server.servicer.answers(Answer::Fails(Code::Unavailable));
        for _ in 0..6 {
            let get_team = async |server, request| TeamsClient::new(server).get_team(request).await;
            retries.call(TeamRequest::default(), get_team).await?;
        }
        server.servicer.answers(Answer::Well);
    }
    assert!(calls(&servers).iter().sum::<usize>() > 18, "none has failed");
    Ok(())
}

#[tokio::test]
async fn the_code_of_an_answer_decides_whether_a_call_is_repeated() -> anyhow::Result<()> {
    for code in (0..=16).map(Code::from_i32) {
        let passes = [Code::Unavailable, Code::DeadlineExceeded, Code::Cancelled].contains(&code);
        for (repeat, expected) in
            [(Repeat::Always, if passes { MAX_ATTEMPTS } else { 1 }), (Repeat::IfUnsent, 1)]
        {
            let end = if code == Code::Ok { Ok(()) } else { Err(Status::new(code, "sick")) };
            assert_eq!(attempts(&retries(repeat).await?, end).await, (expected, code));
        }
    }
    Ok(())
}

#[tokio::test]
async fn what_has_not_been_sent_is_repeated_in_any_case() -> anyhow::Result<()> {
    // Nobody listens there any more.
    let addr = TcpListener::bind("127.0.0.1:0").await?.local_addr()?;
    let mut stub = TeamsClient::new(connect(addr)?);
    let unsent = stub.get_team(TeamRequest::default()).await.err().context("who answers?")?;
    // Nobody is serving.
    let server = Fake::start(Answer::Well).await?;
    let fleet = Fleet::connect(&server.addr.to_string()).await?;
    server.says(tonic_health::ServingStatus::NotServing).await;
    until("it isn't serving", || fleet.server(0).is_err()).await?;
    let nobody = fleet.server(0).err().context("who is serving?")?;
    for status in [unsent, nobody] {
        for repeat in [Repeat::Always, Repeat::IfUnsent] {
            let found = attempts(&retries(repeat).await?, Err(status.clone())).await;
            assert_eq!(found, (MAX_ATTEMPTS, Code::Unavailable), "{status}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn what_may_have_arrived_is_repeated_only_if_it_may_be() -> anyhow::Result<()> {
    // It gets the call, and its connection breaks before it answers.
    let server = Fake::start(Answer::Never).await?;
    let network = Network::to(server.addr).await?;
    let mut stub = TeamsClient::new(connect(network.addr)?);
    let call = tokio::spawn(async move { stub.get_team(TeamRequest::default()).await });
    until("it arrives", || server.servicer.calls() == 1).await?;
    drop(network);
    let broken = call.await?.err().context("who has answered?")?;
    for (repeat, expected) in [(Repeat::Always, MAX_ATTEMPTS), (Repeat::IfUnsent, 1)] {
        let (attempts, _) = attempts(&retries(repeat).await?, Err(broken.clone())).await;
        assert_eq!(attempts, expected, "{broken}");
    }
    Ok(())
}

/// How long a call may take, as its metadata say it.
fn timeout(metadata: &MetadataMap) -> anyhow::Result<Duration> {
    let timeout = metadata.get("grpc-timeout").context("no deadline")?.to_str()?;
    let micros = timeout.strip_suffix('u').context("not in microseconds")?;
    Ok(Duration::from_micros(micros.parse()?))
}

#[tokio::test]
#[ignore = "slow: cargo xtask ci runs it"]
async fn all_attempts_have_one_deadline() -> anyhow::Result<()> {
    let metadata = Mutex::new(Vec::new());
    let never = async |_, request: tonic::Request<_>| {
        lock(&metadata).push(request.metadata().clone());
        pending::<Result<(), Status>>().await
    };
    let retries = retries(Repeat::Always).await?;
    let status = retries.call(TeamRequest::default(), never).await.err().context("it ends well")?;
    assert_eq!(status.code(), Code::DeadlineExceeded);
    let times = lock(&metadata).iter().map(timeout).collect::<Result<Vec<_>, _>>()?;
    assert!(times.len() > 1, "there is another attempt: {times:?}");
    // Each has had all of its time, and between them there were waits.
    assert!(times.iter().sum::<Duration>() < CALL_TIME, "{times:?}");
    Ok(())
}

#[tokio::test]
async fn all_attempts_have_one_id() -> anyhow::Result<()> {
    let retries = retries(Repeat::Always).await?;
    let ids = Mutex::new(HashSet::new());
    for calls in 1..=10 {
        let fails = async |_, request: tonic::Request<_>| {
            lock(&ids).insert(request.metadata().get("request-id").cloned());
            Err::<(), _>(Status::unavailable("sick"))
        };
        assert!(retries.call(TeamRequest::default(), fails).await.is_err());
        assert_eq!(lock(&ids).len(), calls);
    }
    assert!(!lock(&ids).contains(&None), "some have none");
    Ok(())
}

#[tokio::test]
async fn a_storm_of_retries_calms_down() -> anyhow::Result<()> {
    let sick = || Err(Status::unavailable("sick"));
    let retries = retries(Repeat::Always).await?;
    // Half of the tokens are for retries: the last one is for none.
    let (mut sum, mut calls) = (0, 0);
    while f64::from(sum) < TOKENS / 2.0 {
        sum += attempts(&retries, sick()).await.0;
        calls += 1;
    }
    assert_eq!((f64::from(sum), calls), (TOKENS / 2.0, 13));
    for _ in 0..100 {
        assert_eq!(attempts(&retries, sick()).await.0, 1);
    }
    // Ten answers are worth a failure. By now, no token is left.
    for _ in 0..500 {
        assert_eq!(attempts(&retries, Ok(())).await.0, 1);
    }
    assert_eq!(attempts(&retries, sick()).await.0, 1);
    for _ in 0..25 {
        assert_eq!(attempts(&retries, Ok(())).await.0, 1);
    }
    assert_eq!(attempts(&retries, sick()).await.0, 2);
    Ok(())
}
