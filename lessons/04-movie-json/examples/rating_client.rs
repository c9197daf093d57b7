//! A client that reads the stream and keeps none of it: `cargo run -p movie-json --example
//! rating_client [ADDR]`. It prints how many films there are, and their mean rating.

use anyhow::Context;
use movie_json::pb::Empty;
use movie_json::pb::movie_client::MovieClient;
use std::{env, process};

#[tokio::main]
async fn main() {
    if let Err(error) = run().await {
        eprintln!("error: {error:#}");
        process::exit(1);
    }
}

async fn run() -> anyhow::Result<()> {
    let addr = env::args().nth(1).unwrap_or("127.0.0.1:3001".into());
    let mut stub = MovieClient::connect(format!("http://{addr}")).await.with_context(|| {
        format!("no server at {addr} (start one with `cargo run -p movie-json server`)")
    })?;

    let mut movies = stub.get_list_movies(Empty {}).await?.into_inner();
    let (mut count, mut sum) = (0_u64, 0.0);
    while let Some(movie) = movies.message().await? {
        count += 1;
        sum += f64::from(movie.rating);
    }
    println!("Films: {count}");
    // No films have no mean.
    if count > 0 {
        println!("Mean rating: {:.1}", sum / count as f64);
    }
    Ok(())
}
