//! The two programs of the lesson: `server [ADDR]` and `client [ADDR]`.

use std::env;
use std::io::{Write, stderr};
use std::process::ExitCode;

use anyhow::bail;
// ANCHOR: step3-main-imports

use std::io::stdout;

use anyhow::anyhow;
use helloworld::server;
use tokio::net::TcpListener;
use tokio::signal;
use tokio::sync::Notify;

/// This machine only: port 50051 of the loopback address.
const ADDR: &str = "127.0.0.1:50051";
// ANCHOR_END: step3-main-imports
// ANCHOR: step4-main-imports

use std::error::Error;

use helloworld::client;
use tonic::Status;
// ANCHOR_END: step4-main-imports

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // If not even this can be printed, there is still the exit code.
            _ = writeln!(stderr(), "error: {}", explain(&error));
            ExitCode::FAILURE
        }
    }
}

async fn run() -> anyhow::Result<()> {
    // Lossy, because `env::args` panics at an argument that is not UTF-8.
    let args = env::args_os().skip(1).map(|arg| arg.to_string_lossy().into_owned());
    let args: Vec<String> = args.collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args[..] {
        // ANCHOR: step3-main-command
        ["server"] => serve(ADDR).await,
        ["server", addr] => serve(addr).await,
        // ANCHOR_END: step3-main-command
        // ANCHOR: step4-main-command
        ["client"] => client::run(ADDR).await,
        ["client", addr] => client::run(addr).await,
        // ANCHOR_END: step4-main-command
        _ => bail!("say what to run: `server [ADDR]` or `client [ADDR]`"),
    }
}
// ANCHOR: step3-serve
// ANCHOR: step3-listen

/// Serves on `addr` (HOST:PORT; port 0 is any free one) until Ctrl-C.
async fn serve(addr: &str) -> anyhow::Result<()> {
    let listener = TcpListener::bind(addr).await.map_err(|error| {
        anyhow!(
            "cannot listen on {addr:?}: {error}: give another HOST:PORT; port 0 is any free one"
        )
    })?;
    let addr = listener.local_addr()?;
    // ANCHOR_END: step3-listen
    // ANCHOR: step3-until-ctrl-c

    let stop = Notify::new();
    let ctrl_c = async {
        signal::ctrl_c().await?;
        stop.notify_one();
        signal::ctrl_c().await?;
        bail!("stopped by a second Ctrl-C: open connections were cut off")
    };
    let serve = async {
        writeln!(stdout(), "Server started, listening on {addr}")?;
        server::run(listener, stop.notified()).await
    };
    // In this order: whoever has read the line can rely on Ctrl-C.
    tokio::select! {
        biased;
        result = ctrl_c => result,
        result = serve => result,
    }
}
// ANCHOR_END: step3-until-ctrl-c
// ANCHOR_END: step3-serve

/// What went wrong, in one line.
fn explain(error: &anyhow::Error) -> String {
    // ANCHOR: step4-explain
    if let Some(status) = error.downcast_ref::<Status>() {
        let why = match status.message() {
            "" => status.code().description(),
            message => message,
        };
        // A status that the server has sent has no source.
        return if status.source().is_none() {
            format!("the server answered {:?}: {why:?}", status.code())
        } else {
            format!("the connection broke: {why:?}: is the server of this lesson still running?")
        };
    }
    // ANCHOR_END: step4-explain
    error.to_string()
}
