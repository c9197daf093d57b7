//! A client that sends metadata of its own: `cargo run -p teams --example metadata_client [ADDR]`.
//! The server of the lesson prints it.

// ANCHOR: imports
use std::env;
use std::error::Error;
use std::io::{Write, stderr, stdout};
use std::process::ExitCode;

use anyhow::{Context, bail};
use teams::pb::teams_client::TeamsClient;
use teams::pb::{TeamRequest, TeamResponse};
use tonic::metadata::MetadataValue;
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Status};
// ANCHOR_END: imports

// ANCHOR: call
/// Asks for one team, and sends two entries of metadata with the request.
async fn ask(mut stub: TeamsClient<Channel>) -> anyhow::Result<()> {
    let mut request = Request::new(TeamRequest { city: "Chicago".into() });
    let metadata = request.metadata_mut();
    metadata.insert("lesson", "03".parse()?);
    metadata.insert_bin("trace-bin", MetadataValue::from_bytes(&[0, 1, 254, 255]));

    let response = stub.get_team(request).await?;
    let TeamResponse { city, nickname } = response.into_inner();
    writeln!(stdout(), "Teams client received: {city} {nickname}")?;
    Ok(())
}
// ANCHOR_END: call

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

// ANCHOR: run
async fn run() -> anyhow::Result<()> {
    let args: Vec<_> = env::args_os().skip(1).collect();
    let addr = match &args[..] {
        [] => "127.0.0.1:50051".into(),
        [addr] => addr.to_string_lossy(),
        _ => bail!("give nothing, or the address of a server: `[ADDR]`"),
    };
    let endpoint = Endpoint::from_shared(format!("http://{addr}"))
        .ok()
        .filter(|endpoint| endpoint.uri().port_u16().is_some())
        .with_context(|| format!("{addr:?} is no address: give HOST:PORT"))?;
    let channel = endpoint.connect().await.with_context(|| {
        format!("no server at {addr}: start one with `cargo run -p teams server`")
    })?;
    ask(TeamsClient::new(channel)).await
}
// ANCHOR_END: run

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
