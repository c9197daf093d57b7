//! A client that takes turns: `cargo run -p streaming --example turns_client [ADDR]`. In one call
//! of `SayHello_v3`, it sends a name only after the reply to the one before has come.

use std::env;
use std::error::Error;
use std::io::{self, Write, stderr, stdout};
use std::process::ExitCode;

use anyhow::{Context, bail};
use streaming::pb::greeter_client::GreeterClient;
use streaming::pb::{HelloReply, HelloRequest};
use tokio::sync::mpsc::{self, Sender};
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::{Channel, Endpoint};
use tonic::{Status, Streaming};

// ANCHOR: turns
/// Sends four names, each after the reply to the one before.
async fn take_turns(mut stub: GreeterClient<Channel>) -> anyhow::Result<()> {
    let (sender, receiver) = mpsc::channel(1);
    // The first name waits in the channel before there is a call. `.await` behind the call waits
    // for the headers of the answer, and many servers send them together with the first reply.
    send(&sender, "Raf").await?;
    let mut replies = stub.say_hello_v3(ReceiverStream::new(receiver)).await?.into_inner();
    for name in ["Gigi", "Pippo", "Pippozzo"] {
        receive(&mut replies).await?;
        send(&sender, name).await?;
    }
    receive(&mut replies).await?;

    // Without a sender the requests end, and then the replies do.
    drop(sender);
    if replies.message().await?.is_some() {
        bail!("the server sent more replies than we sent names");
    }
    Ok(())
}
// ANCHOR_END: turns

// ANCHOR: send
/// Sends a name.
async fn send(sender: &Sender<HelloRequest>, name: &str) -> io::Result<()> {
    writeln!(stdout(), "[CLIENT] sends {name}")?;
    // An error says that the call is over. Why it is, the next reply says.
    _ = sender.send(HelloRequest { name: name.into() }).await;
    Ok(())
}
// ANCHOR_END: send

// ANCHOR: receive
/// Waits for a reply, and prints it.
async fn receive(replies: &mut Streaming<HelloReply>) -> anyhow::Result<()> {
    let reply = replies.message().await?.context("the server ended the call before its turn")?;
    writeln!(stdout(), "[CLIENT] received: {}", reply.message)?;
    Ok(())
}
// ANCHOR_END: receive

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
        format!("no server at {addr}: start one with `cargo run -p streaming server`")
    })?;
    take_turns(GreeterClient::new(channel)).await
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
