//! The two programs of the lesson: `server [ADDR [ORIGIN]]` and `client [ADDR]`.

use anyhow::bail;
// ANCHOR: step4-main-import
use browser::client;
// ANCHOR_END: step4-main-import
// ANCHOR: step7-main-import
use browser::origin;
// ANCHOR_END: step7-main-import
// ANCHOR: step3-main-import
use browser::server;
// ANCHOR_END: step3-main-import
use std::{env, process};
use tonic::{Code, Status};

/// This machine only: port 50051 of the loopback address.
const ADDR: &str = "127.0.0.1:50051";

#[tokio::main]
async fn main() {
    if let Err(error) = run().await {
        eprintln!("error: {}", explain(&error));
        process::exit(1);
    }
}

async fn run() -> anyhow::Result<()> {
    let mut args: Vec<String> = env::args().skip(1).collect();
    if args.len() == 1 {
        args.push(ADDR.into());
    }
    match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        // ANCHOR: step3-main-command
        ["server", addr] => server::serve(addr, server::routes()).await,
        // ANCHOR_END: step3-main-command
        // ANCHOR: step7-main-command
        ["server", addr, from] => server::serve(addr, origin::allow(from, server::routes())?).await,
        // ANCHOR_END: step7-main-command
        // ANCHOR: step4-main-command
        ["client", addr] => client::run(addr).await,
        // ANCHOR_END: step4-main-command
        _ => bail!("say what to run: `server [ADDR [ORIGIN]]` or `client [ADDR]`"),
    }
}

/// What went wrong, in one line.
fn explain(error: &anyhow::Error) -> String {
    match error.downcast_ref::<Status>() {
        Some(status) if status.code() == Code::Unimplemented => {
            format!("the call failed: {status}: is this the server of another lesson?")
        }
        Some(status) => format!("the call failed: {:?}: {:?}", status.code(), status.message()),
        _ => format!("{error:#}"),
    }
}
