//! The exercise of the lesson, solved: a search.
//! `cargo run -p database --example search server [ADDR]`, and `client [ADDR]`.

mod client;
mod server;

/// What `build.rs` has generated from `search.proto`.
mod pb {
    tonic::include_proto!("search");
}

use anyhow::bail;
use database::listen;
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
        ["server", addr] => {
            let (incoming, ctrl_c) = listen::on(addr).await?;
            server::run(incoming, ctrl_c).await
        }
        ["client", addr] => client::run(addr).await,
        _ => bail!("say what to run: `server [ADDR]` or `client [ADDR]`"),
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
