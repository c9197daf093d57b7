//! Sixteen callers who go on calling while you stop servers and start them again: `cargo run -p
//! fleet --example load_client [ADDR,ADDR] [CALLS]`. It says how many of their calls have failed.

use fleet::fleet::Fleet;
use fleet::pb::TeamRequest;
use fleet::pb::teams_client::TeamsClient;
use fleet::retries::{Repeat, Retries};
use std::{env, process, sync::Arc};
use tokio::task::JoinSet;

/// How many calls are under way at any time.
const CALLERS: usize = 16;

#[tokio::main]
async fn main() {
    if let Err(error) = run().await {
        eprintln!("error: {error:#}");
        process::exit(1);
    }
}

async fn run() -> anyhow::Result<()> {
    let mut args = env::args().skip(1);
    let addrs = args.next().unwrap_or("127.0.0.1:50051".into());
    let calls = args.next().map_or(Ok(160), |calls| calls.parse())?;

    let client = Arc::new(Retries::new(Fleet::connect(&addrs).await?, Repeat::Always));
    let mut callers = JoinSet::new();
    for _ in 0..CALLERS {
        let client = Arc::clone(&client);
        callers.spawn(async move {
            let mut failed = 0;
            for _ in 0..calls / CALLERS {
                let get_team =
                    async |server, request| TeamsClient::new(server).get_team(request).await;
                let result = client.call(TeamRequest::default(), get_team).await;
                failed += usize::from(result.is_err());
            }
            failed
        });
    }
    let mut failed = 0;
    while let Some(of_caller) = callers.join_next().await {
        failed += of_caller?;
    }
    println!("{failed} of {calls} calls have failed");
    Ok(())
}
