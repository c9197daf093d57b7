//! The client: one film as JSON, and how long it is in either encoding.

use super::json::movie_client::MovieClient;
use anyhow::Context;
use movie_json::pb::MovieId;
use prost::Message;

/// Asks the server at `addr` (HOST:PORT) for a film and prints it with its two sizes.
pub async fn run(addr: &str) -> anyhow::Result<()> {
    let mut stub = MovieClient::connect(format!("http://{addr}")).await.with_context(|| {
        let start = "cargo run -p movie-json --example json_codec server";
        format!("no server at {addr} (start one with `{start}`)")
    })?;

    let request = MovieId { id: "a8034f44-aee4-44cf-b32c-74cf452aaaae".into() };
    let movie = stub.get_movie_by_id(request).await?.into_inner();
    let json = serde_json::to_string(&movie)?;
    println!("{json}");
    println!("as JSON: {} bytes", json.len());
    println!("as protocol buffer: {} bytes", movie.encoded_len());
    Ok(())
}
