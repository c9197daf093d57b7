//! A client that takes turns: `cargo run -p streaming --example turns_client [ADDR]`. In one call
//! of `SayHello_v3`, it sends a name only after the reply to the one before has come.

use anyhow::{Context, bail};
use std::{env, process};
use streaming::pb::greeter_client::GreeterClient;
use streaming::pb::{HelloReply, HelloRequest};
use tokio::sync::mpsc::{self, Sender};
use tokio_stream::wrappers::ReceiverStream;
use tonic::Streaming;

#[tokio::main]
async fn main() {
    if let Err(error) = run().await {
        eprintln!("error: {error:#}");
        process::exit(1);
    }
}

/// Sends four names, each after the reply to the one before.
async fn run() -> anyhow::Result<()> {
    let addr = env::args().nth(1).unwrap_or("127.0.0.1:50051".into());
    let mut stub = GreeterClient::connect(format!("http://{addr}")).await.with_context(|| {
        format!("no server at {addr} (start one with `cargo run -p streaming server`)")
    })?;

    let (sender, receiver) = mpsc::channel(1);
    // The first name waits in the channel before there is a call. `.await` behind the call waits
    // for the headers of the answer, and many servers send them together with the first reply.
    send(&sender, "Raf").await;
    let mut replies = stub.say_hello_v3(ReceiverStream::new(receiver)).await?.into_inner();
    for name in ["Gigi", "Pippo", "Pippozzo"] {
        receive(&mut replies).await?;
        send(&sender, name).await;
    }
    receive(&mut replies).await?;

    // Without a sender the requests end, and then the replies do.
    drop(sender);
    if replies.message().await?.is_some() {
        bail!("the server sent more replies than we sent names");
    }
    Ok(())
}

/// Sends a name.
async fn send(sender: &Sender<HelloRequest>, name: &str) {
    println!("[CLIENT] sends {name}");
    // An error says that the call is over. Why it is, the next reply says.
    _ = sender.send(HelloRequest { name: name.into() }).await;
}

/// Waits for a reply, and prints it.
async fn receive(replies: &mut Streaming<HelloReply>) -> anyhow::Result<()> {
    let reply = replies.message().await?.context("the server ended the call before its turn")?;
    println!("[CLIENT] received: {}", reply.message);
    Ok(())
}
