//! Sends calls to a server, one after the other, and prints a line for each answer: its code and
//! its message, or `none` and why there's no answer. `cargo xtask check` compiles it when a server
//! is there to be called, so that the runner itself can do without tonic.
//!
//! Its arguments are a path and a body for each call, the body as gRPC sends it and in hexadecimal
//! digits, and then the address.

use std::env;

use anyhow::Context;
use testing::call::{bytes, name, send};
use testing::net::connect;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut args: Vec<String> = env::args().skip(1).collect();
    let channel = connect(args.pop().context("no address")?.parse()?)?;
    for call in args.chunks_exact(2) {
        let answer = match send(&channel, &call[0], bytes(&call[1])?).await {
            Ok(status) => format!("{} {}", name(status.code()), status.message()),
            Err(error) => format!("none {error:#}"),
        };
        println!("{}", answer.replace(['\r', '\n'], " "));
    }
    Ok(())
}
