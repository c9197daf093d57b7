//! The client of the lesson in gRPC-Web, over HTTP/1.1: `cargo run -p browser --example web_client
//! [ADDR]`.

use anyhow::Context;
use browser::pb::HelloRequest;
use browser::pb::greeter_client::GreeterClient;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use std::{env, process};
use tokio::net::TcpStream;
use tonic_web::GrpcWebClientService;

#[tokio::main]
async fn main() {
    if let Err(error) = run().await {
        eprintln!("error: {error:#}");
        process::exit(1);
    }
}

/// Makes the calls of the lesson's client, and prints the same.
async fn run() -> anyhow::Result<()> {
    println!("Will try to greet world ...");
    let addr = env::args().nth(1).unwrap_or("127.0.0.1:50051".into());
    // A client of HTTP connects with its first call, which would not say so clearly.
    TcpStream::connect(&addr).await.with_context(|| {
        format!("no server at {addr} (start one with `cargo run -p browser server`)")
    })?;
    // In the place of a channel.
    let http = Client::builder(TokioExecutor::new()).build_http();
    let service = GrpcWebClientService::new(http);
    let mut stub = GreeterClient::with_origin(service, format!("http://{addr}").parse()?);

    let request = HelloRequest { name: "you".into(), pause_ms: 0 };
    let reply = stub.say_hello(request.clone()).await?.into_inner();
    println!("Greeter client received: {}", reply.message);

    let mut replies = stub.say_hello_v1(request).await?.into_inner();
    while let Some(reply) = replies.message().await? {
        println!("[CLIENT] SayHello invoked Greeter client received: {}", reply.message);
    }
    Ok(())
}
