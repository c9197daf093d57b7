//! The lesson's programs with a server that one could leave alone.
//! `cargo run -p routeguide --example hardened server [ADDR [DATA]]`, and `client [ADDR]`.

mod server;

use anyhow::bail;
use routeguide::{DATA, client, listen, places::Places};
use std::{env, io, process};
#[cfg(unix)]
use tokio::signal::unix::{SignalKind, signal};

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
        ["server", addr] => serve(addr, DATA).await,
        ["server", addr, data] => serve(addr, data).await,
        ["client", addr] => client::run(addr).await,
        _ => bail!("say what to run: `server [ADDR [DATA]]` or `client [ADDR]`"),
    }
}

async fn serve(addr: &str, data: &str) -> anyhow::Result<()> {
    let places = Places::load(data)?;
    let terminated = terminated()?;
    let (incoming, ctrl_c) = listen::on(addr).await?;
    let stop = async {
        tokio::select! {
            () = ctrl_c => {}
            () = terminated => {}
        }
    };
    server::run(incoming, places, server::STREAM_TIME, stop).await
}

/// Ends with SIGTERM, which asks a program to stop. If nobody waits for it, the system decides: it
/// ends the program at once or, if that is process 1 of a container, does nothing.
fn terminated() -> io::Result<impl Future<Output = ()>> {
    #[cfg(unix)]
    let mut signals = signal(SignalKind::terminate())?;
    Ok(async move {
        #[cfg(unix)]
        signals.recv().await;
        // Windows has no SIGTERM.
        #[cfg(not(unix))]
        std::future::pending::<()>().await;
    })
}
