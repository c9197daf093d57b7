//! Fifty calls, first by fifty clients, and then by one.

use anyhow::Context;
use fleet::fleet::Fleet;
use fleet::pb::TeamRequest;
use fleet::pb::teams_client::TeamsClient;
use fleet::retries::{Repeat, Retries};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use tokio::task::JoinSet;
use tonic::Status;

/// How many calls are made, of which each fails.
const CALLS: u32 = 50;

/// Makes the calls on the server at `addr` (HOST:PORT), and prints how many attempts that takes.
/// Fails without a server.
pub async fn run(addr: &str) -> anyhow::Result<()> {
    // A fleet doesn't say why nobody is there.
    TeamsClient::connect(format!("http://{addr}")).await.with_context(|| {
        let server = "cargo run -p fleet --example storm server";
        format!("no server at {addr} (start one with `{server}`)")
    })?;

    // No client knows how the calls of the others went.
    let attempts = Arc::default();
    let mut calls = JoinSet::new();
    for _ in 0..CALLS {
        let client = Retries::new(Fleet::connect(addr).await?, Repeat::Always);
        let attempts = Arc::clone(&attempts);
        calls.spawn(async move { call(&client, attempts).await });
    }
    while calls.join_next().await.is_some() {}
    println!("{CALLS} calls of {CALLS} clients: {} attempts", attempts.load(Ordering::Relaxed));

    let attempts = Arc::default();
    let client = Retries::new(Fleet::connect(addr).await?, Repeat::Always);
    for _ in 0..CALLS {
        _ = call(&client, Arc::clone(&attempts)).await;
    }
    println!("{CALLS} calls of one client: {} attempts", attempts.load(Ordering::Relaxed));
    Ok(())
}

/// Makes one call, and counts its attempts.
async fn call(client: &Retries, attempts: Arc<AtomicU32>) -> Result<(), Status> {
    let get_team = async move |server, request| {
        attempts.fetch_add(1, Ordering::Relaxed);
        TeamsClient::new(server).get_team(request).await
    };
    client.call(TeamRequest::default(), get_team).await.map(drop)
}
