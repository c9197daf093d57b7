//! The exercise of the lesson, solved: a client that waits until its servers are serving, instead of
//! failing at once. `cargo run -p fleet --example ready_client [ADDR,ADDR]`.

use anyhow::Context;
use fleet::{backoff, client};
use std::{env, process, time::Duration};
use tokio::time::{sleep, timeout};
use tonic::transport::Endpoint;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};

/// How long to wait for a server. gRPC calls it "wait for ready", and it needs a deadline: whoever
/// waits forever never says what is wrong.
const PATIENCE: Duration = Duration::from_secs(60);

#[tokio::main]
async fn main() {
    if let Err(error) = run().await {
        eprintln!("error: {error:#}");
        process::exit(1);
    }
}

async fn run() -> anyhow::Result<()> {
    let addrs = env::args().nth(1).unwrap_or("127.0.0.1:50051".into());
    for addr in addrs.split(',') {
        println!("Waiting for {addr}");
        let late = || format!("nobody is serving at {addr}, after {} seconds", PATIENCE.as_secs());
        timeout(PATIENCE, ready(addr)).await.with_context(late)??;
    }
    match addrs.contains(',') {
        true => client::run_with_many(&addrs).await,
        false => client::run(&addrs).await,
    }
}

/// Asks the server at `addr` how it is, until it's serving.
async fn ready(addr: &str) -> anyhow::Result<()> {
    // It connects with the first call, and again with each that finds no connection.
    let channel = Endpoint::from_shared(format!("http://{addr}"))?.connect_lazy();
    let mut health = HealthClient::new(channel);
    let mut failures = 0;
    loop {
        let request = HealthCheckRequest { service: "Teams".into() };
        // It may not be there, or not be serving yet, or have nobody to ask.
        if let Ok(answer) = health.check(request).await
            && answer.into_inner().status() == ServingStatus::Serving
        {
            return Ok(());
        }
        failures += 1;
        sleep(backoff::after(failures)).await;
    }
}
