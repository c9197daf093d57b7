//! A client that reads the stream and keeps none of it: `cargo run -p movie-json --example
//! rating_client [ADDR]`. It prints how many films there are, and their mean rating.

use std::env;
use std::error::Error;
use std::io::{Write, stderr, stdout};
use std::process::ExitCode;

use anyhow::{Context, bail};
use movie_json::pb::movie_client::MovieClient;
use movie_json::pb::{Empty, MovieData};
use tonic::transport::Endpoint;
use tonic::{Status, Streaming};

// ANCHOR: tally
/// Takes the films as they come, and returns their number and the sum of their ratings.
async fn tally(mut movies: Streaming<MovieData>) -> Result<(u64, f64), Status> {
    let (mut count, mut sum) = (0, 0.0);
    while let Some(movie) = movies.message().await? {
        count += 1;
        sum += f64::from(movie.rating);
    }
    Ok((count, sum))
}
// ANCHOR_END: tally

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
        [] => "127.0.0.1:3001".into(),
        [addr] => addr.to_string_lossy(),
        _ => bail!("give nothing, or the address of a server: `[ADDR]`"),
    };
    let endpoint = Endpoint::from_shared(format!("http://{addr}"))
        .ok()
        .filter(|endpoint| endpoint.uri().port_u16().is_some())
        .with_context(|| format!("{addr:?} is no address: give HOST:PORT"))?;
    let channel = endpoint.connect().await.with_context(|| {
        format!("no server at {addr}: start one with `cargo run -p movie-json server`")
    })?;
    let mut stub = MovieClient::new(channel);

    let movies = stub.get_list_movies(Empty {}).await?.into_inner();
    let (count, sum) = tally(movies).await?;
    writeln!(stdout(), "Films: {count}")?;
    // No films have no mean.
    if count > 0 {
        writeln!(stdout(), "Mean rating: {:.1}", sum / count as f64)?;
    }
    Ok(())
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
