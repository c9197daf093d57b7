//! The catalogue on a Unix socket: a file that only its owner may open, instead of TLS.
//! `cargo run -p secure --example unix_socket server [ADDR]`, and `client [ADDR]`.

#[cfg(unix)]
mod client;
#[cfg(unix)]
mod server;
#[cfg(unix)]
mod socket;

#[cfg(unix)]
use anyhow::bail;
#[cfg(unix)]
use std::env;
use std::process;

/// This machine only: port 50051 of the loopback address.
#[cfg(unix)]
const ADDR: &str = "127.0.0.1:50051";

#[tokio::main]
async fn main() {
    if let Err(error) = run().await {
        eprintln!("error: {error:#}");
        process::exit(1);
    }
}

#[cfg(not(unix))]
async fn run() -> anyhow::Result<()> {
    println!("This is about Unix sockets, and this system has none that Rust knows of.");
    Ok(())
}

#[cfg(unix)]
async fn run() -> anyhow::Result<()> {
    let mut args: Vec<String> = env::args().skip(1).collect();
    if args.len() == 1 {
        args.push(ADDR.into());
    }
    match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["server", addr] => server::run(addr).await,
        ["client", addr] => client::run(addr).await,
        _ => bail!("say what to run: `server [ADDR]` or `client [ADDR]`"),
    }
}
