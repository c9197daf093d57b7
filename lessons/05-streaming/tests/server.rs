//! What the server answers, and what it does with clients that don't read or end. What every
//! server has to survive is in `xtask/methods/tests`.

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::Context;
use async_stream::stream;
use streaming::pb::greeter_client::GreeterClient;
use streaming::pb::{HelloReply, HelloRequest};
use streaming::server;
use streaming::state_pb::Data;
use streaming::state_pb::request_streaming_client::RequestStreamingClient;
use testing::net::{Network, connect, listen};
use testing::server::Server;
use testing::{STUCK, until};
use tokio::io::{copy, sink};
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_stream::wrappers::ReceiverStream;
use tokio_stream::{empty, iter};
use tonic::{Code, Request, Status, Streaming};

#[path = "../examples/ends/server.rs"]
mod ends;

fn hello(name: &str) -> HelloRequest {
    HelloRequest { name: name.into() }
}

/// All messages of `replies`, to their end.
async fn all(mut replies: Streaming<HelloReply>) -> Result<Vec<String>, Status> {
    let mut messages = Vec::new();
    while let Some(reply) = replies.message().await? {
        messages.push(reply.message);
    }
    Ok(messages)
}

#[tokio::test]
async fn greets_five_times() -> anyhow::Result<()> {
    let (incoming, channel) = listen().await?;
    tokio::spawn(server::run(incoming, pending()));
    let mut stub = GreeterClient::new(channel);
    let replies = all(stub.say_hello_v1(hello("you")).await?.into_inner()).await?;
    assert_eq!(replies, [0, 1, 2, 3, 4].map(|i| format!("Hello, you! - {i}")));
    Ok(())
}

#[tokio::test]
async fn greets_all_together() -> anyhow::Result<()> {
    let (incoming, channel) = listen().await?;
    tokio::spawn(server::run(incoming, pending()));
    let mut stub = GreeterClient::new(channel);
    for (names, message) in [
        (vec!["Raf", "Gigi", "Pippo"], "Hello, Raf Gigi Pippo!"),
        (vec!["", "Gigi", ""], "Hello,  Gigi !"),
        (vec![], "Hello, !"),
    ] {
        let requests = names.into_iter().map(hello);
        let reply = stub.say_hello_v2(iter(requests.collect::<Vec<_>>())).await?.into_inner();
        assert_eq!(reply.message, message);
    }
    Ok(())
}

#[tokio::test]
async fn takes_names_up_to_the_size_of_a_message() -> anyhow::Result<()> {
    // A process of its own, because it prints all those names.
    let program = env!("CARGO_BIN_EXE_streaming");
    let (mut server, addr) = testing::program::start(program, None).await?;
    let mut output = server.stdout.take().context("no output")?;
    tokio::spawn(async move { copy(&mut output, &mut sink()).await });
    let mut stub = GreeterClient::new(connect(addr)?);

    let mebibyte = hello(&"x".repeat(1 << 20));
    let endless = stream! { loop { yield mebibyte.clone() } };
    let answer = stub.say_hello_v2(endless).await;
    assert_eq!(answer.map_err(|status| status.code()).unwrap_err(), Code::ResourceExhausted);
    assert_eq!(all(stub.say_hello_v1(hello("you")).await?.into_inner()).await?.len(), 5);
    Ok(())
}

#[tokio::test]
async fn greets_everybody_at_once() -> anyhow::Result<()> {
    let (incoming, channel) = listen().await?;
    tokio::spawn(server::run(incoming, pending()));
    let mut stub = GreeterClient::new(channel);
    // Each request waits for the reply to the one before it.
    let (sender, mut receiver) = mpsc::channel(1);
    sender.send(hello("Raf")).await?;
    let requests = stream! { while let Some(request) = receiver.recv().await { yield request } };
    let mut replies = stub.say_hello_v3(requests).await?.into_inner();
    for name in ["Raf", "Gigi", "Pippo"] {
        let reply = timeout(STUCK, replies.message()).await??;
        assert_eq!(reply.map(|reply| reply.message), Some(format!("Hello, {name}!")));
        sender.send(hello(if name == "Raf" { "Gigi" } else { "Pippo" })).await?;
    }
    drop(sender);
    assert_eq!(all(replies).await?, ["Hello, Pippo!"]);
    assert_eq!(all(stub.say_hello_v3(empty()).await?.into_inner()).await?.len(), 0);
    Ok(())
}

#[tokio::test]
async fn takes_reports_with_any_status() -> anyhow::Result<()> {
    let (incoming, channel) = listen().await?;
    tokio::spawn(server::run(incoming, pending()));
    let mut stub = RequestStreamingClient::new(channel);
    let statuses = [0, 4, 5, -1, i32::MIN, i32::MAX];
    let payloads = statuses.map(|status| Data { status, info: "It's\n".into() });
    stub.stream_state(iter(payloads)).await?;
    stub.stream_state(empty()).await?;
    Ok(())
}

#[tokio::test]
async fn waits_for_a_client_that_does_not_read() -> anyhow::Result<()> {
    const MANY: usize = 10_000;
    let (incoming, channel) = listen().await?;
    let other_channel = connect(incoming.local_addr()?)?;
    tokio::spawn(server::run(incoming, pending()));
    let sent = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&sent);
    let long = hello(&"x".repeat(64 * 1024));
    let requests = stream! {
        for _ in 0..MANY {
            counter.fetch_add(1, Ordering::Relaxed);
            yield long.clone();
        }
        pending::<()>().await;
    };
    let _unread = GreeterClient::new(channel).say_hello_v3(requests).await?;
    // Once the windows of HTTP/2 are full, the server takes no more requests: it has nowhere to
    // put the replies. Meanwhile it serves others, whose calls are the clock here.
    let mut others = GreeterClient::new(other_channel);
    let mut before = 0;
    loop {
        for _ in 0..10 {
            all(others.say_hello_v1(hello("you")).await?.into_inner()).await?;
        }
        let now = sent.load(Ordering::Relaxed);
        assert!(now < MANY, "the server has taken everything");
        if now == before {
            return Ok(());
        }
        before = now;
    }
}

#[tokio::test]
async fn tells_what_a_servicer_sees_of_each_end() -> anyhow::Result<()> {
    let server = Server::start(ends::run).await?;
    let mut listener = GreeterClient::new(connect(server.addr)?);
    let mut news = listener.say_hello_v1(hello("")).await?.into_inner();
    for (how, expected) in [
        ("closed, and said to be whole", "Ok(None), stored"),
        ("closed", "Ok(None), not stored: half a list"),
        ("the call is dropped", "Ok(None), not stored: half a list"),
        ("the call is cancelled", "Ok(None), not stored: half a list"),
        ("the connection breaks", "Err(Unknown), not stored: half a list"),
    ] {
        let network = Network::to(server.addr).await?;
        let (sender, requests) = mpsc::channel(1);
        let mut requests = Request::new(ReceiverStream::new(requests));
        let handle = requests.cancellation_handle();
        let mut stub = GreeterClient::new(connect(network.addr)?);
        let call = tokio::spawn(async move { stub.say_hello_v2(requests).await });
        sender.send(hello("Raf")).await?;
        let mut names = Some(sender);
        let mut heard = async || anyhow::Ok(timeout(STUCK, news.message()).await??);
        assert_eq!(heard().await?.context("no news")?.message, "Raf");
        match how {
            "the call is dropped" => call.abort(),
            "the call is cancelled" => handle.cancel(),
            "the connection breaks" => drop(network),
            "closed" => drop(names.take()),
            _ => names.take().context("closed")?.send(hello("")).await?,
        }
        assert_eq!(heard().await?.context("no news")?.message, expected, "{how}");
        drop(names);
    }
    Ok(())
}

#[tokio::test]
async fn goes_on_with_a_chat_whose_client_only_stops_reading() -> anyhow::Result<()> {
    let server = Server::start(server::run).await?;
    let mut stub = GreeterClient::new(connect(server.addr)?);
    let (names, requests) = mpsc::channel(1);
    let mut requests = Request::new(ReceiverStream::new(requests));
    let handle = requests.cancellation_handle();
    let replies = stub.say_hello_v3(requests).await?.into_inner();
    let with_chat = server.tasks();
    drop(replies);
    // Time enough to hear of it, if it were told.
    for _ in 0..100 {
        all(stub.say_hello_v1(hello("you")).await?.into_inner()).await?;
    }
    assert_eq!(server.tasks(), with_chat, "the chat is over");
    handle.cancel();
    until("the chat is over", || server.tasks() == with_chat - 1).await?;
    drop(names);
    Ok(())
}
