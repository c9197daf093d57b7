//! Two lists at once: `cargo run -p streaming --example lists_client [ADDR]`. It makes two calls of
//! `SayHello_v1` and takes each reply when it comes.

use anyhow::Context;
use std::{env, process};
use streaming::pb::HelloRequest;
use streaming::pb::greeter_client::GreeterClient;
use tokio_stream::StreamExt;

#[tokio::main]
async fn main() {
    if let Err(error) = run().await {
        eprintln!("error: {error:#}");
        process::exit(1);
    }
}

/// Prints the replies to two calls, as they come, and how many there were.
async fn run() -> anyhow::Result<()> {
    let addr = env::args().nth(1).unwrap_or("127.0.0.1:50051".into());
    let mut stub = GreeterClient::connect(format!("http://{addr}")).await.with_context(|| {
        format!("no server at {addr} (start one with `cargo run -p streaming server`)")
    })?;

    let to_anna = stub.say_hello_v1(HelloRequest { name: "Anna".into() }).await?.into_inner();
    let to_ben = stub.say_hello_v1(HelloRequest { name: "Ben".into() }).await?.into_inner();
    let mut replies = to_anna.merge(to_ben);
    let mut count = 0;
    while let Some(reply) = replies.next().await {
        println!("[CLIENT] received: {}", reply?.message);
        count += 1;
    }
    println!("[CLIENT] received {count} replies");
    Ok(())
}
