//! A client that sends metadata of its own: `cargo run -p teams --example metadata_client [ADDR]`.
//! The server of the lesson prints it.

use anyhow::Context;
use std::{env, process};
use teams::pb::teams_client::TeamsClient;
use teams::pb::{TeamRequest, TeamResponse};
use tonic::Request;
use tonic::metadata::MetadataValue;

#[tokio::main]
async fn main() {
    if let Err(error) = run().await {
        eprintln!("error: {error:#}");
        process::exit(1);
    }
}

/// Asks for one team, and sends two entries of metadata with the request.
async fn run() -> anyhow::Result<()> {
    let addr = env::args().nth(1).unwrap_or("127.0.0.1:50051".into());
    let mut stub = TeamsClient::connect(format!("http://{addr}")).await.with_context(|| {
        format!("no server at {addr} (start one with `cargo run -p teams server`)")
    })?;

    let mut request = Request::new(TeamRequest { city: "Chicago".into() });
    let metadata = request.metadata_mut();
    metadata.insert("lesson", "03".parse()?);
    metadata.insert_bin("trace-bin", MetadataValue::from_bytes(&[0, 1, 254, 255]));
    let response = stub.get_team(request).await?;

    let TeamResponse { city, nickname } = response.into_inner();
    println!("Teams client received: {city} {nickname}");
    Ok(())
}
