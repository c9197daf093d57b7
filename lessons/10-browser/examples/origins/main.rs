//! A server that pages of two origins may call, and a client that asks it as a browser does.
//! `cargo run -p browser --example origins server [ADDR]`, and `client [ADDR]`.

mod client;
mod server;

use anyhow::bail;
use browser::listen;
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
        ["server", addr] => {
            let (incoming, ctrl_c) = listen::on(addr).await?;
            server::run(incoming, ctrl_c).await
        }
        ["client", addr] => client::run(addr).await,
        _ => bail!("say what to run: `server [ADDR]` or `client [ADDR]`"),
    }
}
