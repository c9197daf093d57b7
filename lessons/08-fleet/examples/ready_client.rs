//! The exercise of the lesson, solved: a client that waits for its servers instead of failing at
//! once. `cargo run -p fleet --example ready_client [ADDR,ADDR [SECONDS]]`.

use anyhow::{Context, ensure};
use fleet::{backoff, client};
use std::{env, process, time::Duration};
use tokio::time::{Instant, sleep_until};
use tonic::{Request, transport::Endpoint};
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};

#[tokio::main]
async fn main() {
    if let Err(error) = run().await {
        eprintln!("error: {error:#}");
        process::exit(1);
    }
}

async fn run() -> anyhow::Result<()> {
    let addrs = env::args().nth(1).unwrap_or("127.0.0.1:50051".into());
    // A client that waits forever never says what is wrong.
    let patience = env::args().nth(2).unwrap_or("2".into()).parse();
    let patience = Duration::from_secs(patience.context("SECONDS is a number")?);
    for addr in addrs.split(',') {
        println!("Waiting for {addr}");
        wait_for(addr, patience).await?;
    }
    match addrs.contains(',') {
        true => client::run_with_many(&addrs).await,
        false => client::run(&addrs).await,
    }
}

/// Asks the server at `addr` how it is, until it's serving. Fails as the last attempt does.
async fn wait_for(addr: &str, patience: Duration) -> anyhow::Result<()> {
    let endpoint = Endpoint::from_shared(format!("http://{addr}"))?;
    let deadline = Instant::now() + patience;
    let mut failures = 0;
    while let Err(error) = is_serving(&endpoint, patience).await {
        failures += 1;
        let next = Instant::now() + backoff::after(failures);
        if next > deadline {
            return Err(error).with_context(|| {
                format!("no server at {addr} (start one with `cargo run -p fleet server`)")
            });
        }
        sleep_until(next).await;
    }
    Ok(())
}

/// Whether it's there, and serving. Says why not.
async fn is_serving(endpoint: &Endpoint, patience: Duration) -> anyhow::Result<()> {
    let channel = endpoint.connect().await?;
    let mut request = Request::new(HealthCheckRequest { service: "Teams".into() });
    request.set_timeout(patience);
    let status = HealthClient::new(channel).check(request).await?.into_inner().status();
    ensure!(status == ServingStatus::Serving, "it is {}", status.as_str_name());
    Ok(())
}
