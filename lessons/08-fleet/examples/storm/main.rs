//! A storm of retries, and what prevents it: `cargo run -p fleet --example storm server [ADDR]`,
//! and `client [ADDR]`. The server is sick, and each call that fails is made again. Is it?

mod client;
mod server;

use anyhow::bail;
use std::{env, process};

/// This machine only: port 50051 of the loopback address.
const ADDR: &str = "127.0.0.1:50051";

#[tokio::main]
async fn main() {
    if let Err(error) = run().await {
        eprintln!("error: {error:#}");
        process::exit(1);
    }
}

async fn run() -> anyhow::Result<()> {
    let mut args: Vec<String> = env::args().skip(1).collect();
    if args.len() == 1 {
        args.push(ADDR.into());
    }
    match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["server", addr] => server::serve(addr).await,
        ["client", addr] => client::run(addr).await,
        _ => bail!("say what to run: `server [ADDR]` or `client [ADDR]`"),
    }
}
