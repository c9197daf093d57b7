//! A client that ends three lists of names, each in another way, and hears what the server says.

use anyhow::Context;
use streaming::pb::greeter_client::GreeterClient;
use streaming::pb::{HelloReply, HelloRequest};
use tokio::runtime::{Builder, Handle};
use tokio::sync::mpsc::{self, Sender};
use tokio::task::JoinHandle;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::Channel;
use tonic::{Response, Status, Streaming};

/// Ends three lists at the server at `addr` (HOST:PORT). Fails without one, or if it says nothing.
pub async fn run(addr: &str) -> anyhow::Result<()> {
    let uri = format!("http://{addr}");
    let mut stub = GreeterClient::connect(uri.clone()).await.with_context(|| {
        format!(
            "no server at {addr} (start one with `cargo run -p streaming --example ends server`)"
        )
    })?;
    let mut news = stub.say_hello_v1(HelloRequest::default()).await?.into_inner();
    let here = Handle::current();

    println!("----- closed: that was all -----");
    let (names, call) = begin(&here, stub.clone(), &mut news).await?;
    names.send(hello("")).await?;
    drop(names);
    hear(&mut news).await?;
    println!("the reply: {}", call.await??.into_inner().message);

    println!("----- cancelled: the client gives up -----");
    let (_names, call) = begin(&here, stub.clone(), &mut news).await?;
    // The future of the call is dropped.
    call.abort();
    hear(&mut news).await?;

    println!("----- broken: the client is gone -----");
    // As if its program had been killed: a runtime with all that runs on it, a connection as well.
    let elsewhere = Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let other_stub = elsewhere.spawn(GreeterClient::connect(uri)).await??;
    let (_names, _call) = begin(elsewhere.handle(), other_stub, &mut news).await?;
    elsewhere.shutdown_background();
    hear(&mut news).await?;
    Ok(())
}

type Call = JoinHandle<Result<Response<HelloReply>, Status>>;

/// Begins a list, and waits until the server has two names of it. More can be sent, and the reply
/// awaited.
async fn begin(
    runtime: &Handle,
    mut stub: GreeterClient<Channel>,
    news: &mut Streaming<HelloReply>,
) -> anyhow::Result<(Sender<HelloRequest>, Call)> {
    let (sender, names) = mpsc::channel(1);
    let call = runtime.spawn(async move { stub.say_hello_v2(ReceiverStream::new(names)).await });
    for name in ["Raf", "Gigi"] {
        sender.send(hello(name)).await?;
        hear(news).await?;
    }
    Ok((sender, call))
}

fn hello(name: &str) -> HelloRequest {
    HelloRequest { name: name.into() }
}

/// Prints what the server says next.
async fn hear(news: &mut Streaming<HelloReply>) -> anyhow::Result<()> {
    let news = news.message().await?;
    println!("the server: {}", news.context("the server says no more")?.message);
    Ok(())
}
