//! JSON on the wire: the films of the lesson without protocol buffers.
//! `cargo run -p movie-json --example json_codec server [ADDR]`, and `client [ADDR]`.

mod client;
mod codec;
mod server;

/// What `build.rs` has generated: the trait and the stub of the service `json.Movie`.
mod json {
    tonic::include_proto!("json.Movie");
}

use anyhow::bail;
use movie_json::server::Movies;
use movie_json::{DATA, listen};
use std::{env, process};

/// This machine only: port 3001 of the loopback address.
const ADDR: &str = "127.0.0.1:3001";

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
        ["server", addr] => {
            let movies = Movies::load(DATA)?;
            let (incoming, ctrl_c) = listen::on(addr).await?;
            server::run(incoming, movies, ctrl_c).await
        }
        ["client", addr] => client::run(addr).await,
        _ => bail!("say what to run: `server [ADDR]` or `client [ADDR]`"),
    }
}
