//! The client: one film as JSON, and how long it is in either encoding.

use std::io::{Write, stdout};

use anyhow::Context;
use movie_json::pb::MovieId;
use prost::Message;
use tonic::transport::Endpoint;

use super::json::movie_client::MovieClient;

/// Asks the server at `addr` (HOST:PORT) for a film and prints it with its two sizes.
///
/// # Errors
///
/// If `addr` is no address, if no server listens there, or if the call fails.
pub async fn run(addr: &str) -> anyhow::Result<()> {
    let endpoint = Endpoint::from_shared(format!("http://{addr}"))
        .ok()
        .filter(|endpoint| endpoint.uri().port_u16().is_some())
        .with_context(|| format!("{addr:?} is no address: give HOST:PORT"))?;
    let channel = endpoint.connect().await.with_context(|| {
        format!(
            "no server at {addr}: start one with \
                 `cargo run -p movie-json --example json_codec server`"
        )
    })?;
    let mut stub = MovieClient::new(channel);

    // ANCHOR: sizes
    let request = MovieId { id: "a8034f44-aee4-44cf-b32c-74cf452aaaae".into() };
    let movie = stub.get_movie_by_id(request).await?.into_inner();
    let json = serde_json::to_string(&movie)?;
    writeln!(stdout(), "{json}")?;
    writeln!(stdout(), "as JSON: {} bytes", json.len())?;
    writeln!(stdout(), "as protocol buffer: {} bytes", movie.encoded_len())?;
    // ANCHOR_END: sizes
    Ok(())
}
