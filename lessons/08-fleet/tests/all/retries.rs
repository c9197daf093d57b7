//! Calls that fail: which of them are made again, how often, and for how long.

use std::collections::HashSet;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use anyhow::Context;
use fleet::fleet::Fleet;
use fleet::pb::TeamRequest;
use fleet::pb::teams_client::TeamsClient;
use fleet::retries::{CALL_TIME, MAX_ATTEMPTS, Repeat, Retries};
use testing::net::{Network, connect};
use testing::until;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tonic::metadata::MetadataMap;
use tonic::{Code, Status};

use crate::fake::{Answer, Fake, addrs, calls, three};

const MAX: usize = MAX_ATTEMPTS as usize;

/// Makes a call.
async fn call(retries: &Retries) -> Result<(), Status> {
    let get_team = async |server, request| TeamsClient::new(server).get_team(request).await;
    retries.call(TeamRequest::default(), get_team).await.map(drop)
}

fn code(result: Result<(), Status>) -> Code {
    result.map_or_else(|status| status.code(), |()| Code::Ok)
}

async fn retries(servers: &[Fake], repeat: Repeat) -> anyhow::Result<Retries> {
    Ok(Retries::new(Fleet::connect(&addrs(servers)).await?, repeat))
}

#[tokio::test]
async fn what_one_server_fails_another_one_answers() -> anyhow::Result<()> {
    let servers = three(Answer::Well).await?;
    let retries = retries(&servers, Repeat::Always).await?;
    for server in &servers {
        server.servicer.answers(Answer::Fails(Code::Unavailable));
        for _ in 0..6 {
            call(&retries).await?;
        }
        server.servicer.answers(Answer::Well);
    }
    // Each has failed two calls of six, and the next one has got those as well.
    assert_eq!(calls(&servers), [2 + 2 + 4, 4 + 2 + 2, 2 + 4 + 2]);
    Ok(())
}

#[tokio::test]
async fn the_code_decides_what_is_repeated() -> anyhow::Result<()> {
    let servers = three(Answer::Well).await?;
    let addrs = addrs(&servers);
    for code in (1..=16).map(Code::from_i32) {
        for server in &servers {
            server.servicer.answers(Answer::Fails(code));
        }
        let passes = [Code::Unavailable, Code::DeadlineExceeded, Code::Cancelled].contains(&code);
        for (repeat, attempts) in
            [(Repeat::Always, if passes { MAX } else { 1 }), (Repeat::IfUnsent, 1)]
        {
            let before: usize = calls(&servers).iter().sum();
            let retries = Retries::new(Fleet::connect(&addrs).await?, repeat);
            assert_eq!(super::retries::code(call(&retries).await), code);
            let after: usize = calls(&servers).iter().sum();
            assert_eq!(after - before, attempts, "{code:?}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn what_has_not_been_sent_is_repeated_in_any_case() -> anyhow::Result<()> {
    let servers = three(Answer::Well).await?;
    // Nobody listens there any more.
    let nobody = connect(TcpListener::bind("127.0.0.1:0").await?.local_addr()?)?;
    for repeat in [Repeat::Always, Repeat::IfUnsent] {
        let retries = retries(&servers, repeat).await?;
        let attempts = AtomicU32::new(0);
        let get_team = async |_, request| {
            attempts.fetch_add(1, Ordering::Relaxed);
            TeamsClient::new(nobody.clone()).get_team(request).await
        };
        let result = retries.call(TeamRequest::default(), get_team).await;
        assert_eq!(code(result.map(drop)), Code::Unavailable);
        assert_eq!(attempts.into_inner(), MAX_ATTEMPTS);
    }
    Ok(())
}

#[tokio::test]
async fn what_may_have_arrived_is_repeated_only_if_it_may_be() -> anyhow::Result<()> {
    for (repeat, attempts) in [(Repeat::Always, 2), (Repeat::IfUnsent, 1)] {
        let servers = three(Answer::Well).await?;
        let retries = retries(&servers, repeat).await?;
        // It gets the call, and its connection breaks before it answers.
        let sick = Fake::start(Answer::Never).await?;
        let network = Network::to(sick.addr).await?;
        let channel = connect(network.addr)?;
        let mut network = Some(network);
        let first = AtomicU32::new(0);
        let get_team = async |server, request| {
            let server = match first.fetch_add(1, Ordering::Relaxed) {
                0 => channel.clone(),
                _ => server,
            };
            TeamsClient::new(server).get_team(request).await
        };
        let call = retries.call(TeamRequest::default(), get_team);
        let breaks = async {
            until("it arrives", || sick.servicer.calls() == 1).await?;
            network.take();
            anyhow::Ok(())
        };
        let (result, breaks) = tokio::join!(call, breaks);
        breaks?;
        assert_eq!(result.is_ok(), attempts == 2);
        assert_eq!(first.into_inner(), attempts);
        assert_eq!(calls(&servers).iter().sum::<usize>(), attempts as usize - 1);
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
    let servers = three(Answer::Never).await?;
    let retries = retries(&servers, Repeat::Always).await?;
    let code = code(call(&retries).await);
    // Which of the clocks is the fastest, that of tonic's client or ours, is left open.
    assert!([Code::Cancelled, Code::DeadlineExceeded].contains(&code), "{code:?}");
    let mut sum = Duration::ZERO;
    let mut count = 0;
    for metadata in servers.iter().flat_map(|server| server.servicer.metadata()) {
        sum += timeout(&metadata)?;
        count += 1;
    }
    assert!((2..=MAX).contains(&count), "{count} attempts");
    // Each has had all of its time, and between them there were waits.
    assert!(sum < CALL_TIME, "{count} attempts for {sum:?}");
    Ok(())
}

#[tokio::test]
async fn all_attempts_have_one_id() -> anyhow::Result<()> {
    let servers = three(Answer::Fails(Code::Unavailable)).await?;
    let retries = retries(&servers, Repeat::Always).await?;
    let mut ids = HashSet::new();
    for calls in 1..=10 {
        assert_eq!(code(call(&retries).await), Code::Unavailable);
        let all = servers.iter().flat_map(|server| server.servicer.metadata());
        for metadata in all {
            ids.insert(metadata.get("request-id").context("it has no id")?.to_owned());
        }
        assert_eq!(ids.len(), calls);
    }
    Ok(())
}

#[tokio::test]
#[ignore = "slow: cargo xtask ci runs it"]
async fn a_storm_of_retries_calms_down() -> anyhow::Result<()> {
    const CALLS: usize = 100;
    let servers = three(Answer::Fails(Code::Unavailable)).await?;
    let sum = || calls(&servers).iter().sum::<usize>();

    // What nobody remembers nobody can prevent: each call is the first one of its client.
    for _ in 0..CALLS / 10 {
        let mut storm = JoinSet::new();
        for _ in 0..10 {
            let retries = retries(&servers, Repeat::Always).await?;
            storm.spawn(async move { call(&retries).await });
        }
        while let Some(result) = storm.join_next().await {
            assert_eq!(code(result?), Code::Unavailable);
        }
    }
    assert_eq!(sum(), CALLS * MAX);

    // Twelve calls take 48 of the tokens, and one more takes two. The others are made once.
    let retries = retries(&servers, Repeat::Always).await?;
    let before = sum();
    for _ in 0..CALLS {
        assert_eq!(code(call(&retries).await), Code::Unavailable);
    }
    assert_eq!(sum() - before, 50 + CALLS - 13);

    // When the servers are well again, so are the retries, in time.
    let [first, ..] = &servers;
    let get_better = async |answers: usize| {
        for server in &servers {
            server.servicer.answers(Answer::Well);
        }
        for _ in 0..answers {
            call(&retries).await?;
        }
        first.servicer.answers(Answer::Fails(Code::Unavailable));
        let mut failed = 0;
        for _ in 0..3 {
            failed += usize::from(call(&retries).await.is_err());
        }
        anyhow::Ok(failed)
    };
    assert_eq!(get_better(400).await?, 1);
    assert_eq!(get_better(200).await?, 0);
    Ok(())
}
