//! JSON on the wire: the films of the lesson without protocol buffers.
//! `cargo run -p movie-json --example json_codec server [ADDR [DATA]]`, and `client [ADDR]`.

// ANCHOR: modules
mod client;
mod codec;
mod server;

/// What `build.rs` has generated: the trait and the stub of the service `json.Movie`.
mod json {
    tonic::include_proto!("json.Movie");
}
// ANCHOR_END: modules

use std::env;
use std::error::Error;
use std::io::{Write, stderr, stdout};
use std::path::Path;
use std::process::ExitCode;

use anyhow::{anyhow, bail};
use movie_json::server::Movies;
use tokio::net::TcpListener;
use tokio::signal;
use tokio::sync::Notify;
use tonic::Status;

/// This machine only: port 3001 of the loopback address.
const ADDR: &str = "127.0.0.1:3001";

/// The seven films that come with the lesson.
const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../data/movies.json");

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
        ["server"] => serve(ADDR, DATA).await,
        ["server", addr] => serve(addr, DATA).await,
        ["server", addr, data] => serve(addr, data).await,
        ["client"] => client::run(ADDR).await,
        ["client", addr] => client::run(addr).await,
        _ => bail!("say what to run: `server [ADDR [DATA]]` or `client [ADDR]`"),
    }
}

/// Serves the films in the file `data` on `addr` (HOST:PORT; port 0 is any free one) until
/// Ctrl-C.
async fn serve(addr: &str, data: &str) -> anyhow::Result<()> {
    let movies = Movies::load(Path::new(data))?;
    let listener = TcpListener::bind(addr).await.map_err(|error| {
        anyhow!(
            "cannot listen on {addr:?}: {error}: give another HOST:PORT; port 0 is any free one"
        )
    })?;
    let addr = listener.local_addr()?;

    let stop = Notify::new();
    let ctrl_c = async {
        signal::ctrl_c().await?;
        stop.notify_one();
        signal::ctrl_c().await?;
        bail!("stopped by a second Ctrl-C: open connections were cut off")
    };
    let serve = async {
        writeln!(stdout(), "Server started, listening on {addr}")?;
        server::run(listener, movies, stop.notified()).await
    };
    // In this order: whoever has read the line can rely on Ctrl-C.
    tokio::select! {
        biased;
        result = ctrl_c => result,
        result = serve => result,
    }
}

/// What went wrong, in one line.
fn explain(error: &anyhow::Error) -> String {
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
    error.to_string()
}
