//! The client: each kind of stream once.

use crate::pb::HelloRequest;
use crate::pb::greeter_client::GreeterClient;
// ANCHOR: step7-client-imports
use crate::state_pb::request_streaming_client::RequestStreamingClient;
use crate::state_pb::{Data, Status};
// ANCHOR_END: step7-client-imports
use anyhow::Context;
use tonic::transport::Endpoint;

/// Talks to the server at `addr` (HOST:PORT) in streams. Fails without one, or if a call fails.
pub async fn run(addr: &str) -> anyhow::Result<()> {
    println!("Will try to greet world ...");
    let endpoint = Endpoint::new(format!("http://{addr}")).context("give HOST:PORT")?;
    let channel = endpoint.connect().await.with_context(|| {
        format!("no server at {addr} (start one with `cargo run -p streaming server`)")
    })?;
    let mut stub = GreeterClient::new(channel.clone());

    let mut replies = stub.say_hello_v1(HelloRequest { name: "you".into() }).await?.into_inner();
    while let Some(reply) = replies.message().await? {
        println!("[CLIENT] SayHello invoked Greeter client received: {}", reply.message);
    }
    // ANCHOR: step5-call-say-hello-v2

    let names = ["Raf", "Gigi", "Pippo", "Pippozzo"];
    let requests = names.map(|name| HelloRequest { name: name.into() });
    let reply = stub.say_hello_v2(tokio_stream::iter(requests.clone())).await?.into_inner();
    println!("[CLIENT] SayHello invoked Greeter client received: {}", reply.message);
    // ANCHOR_END: step5-call-say-hello-v2
    // ANCHOR: step6-call-say-hello-v3

    // The first reply may be there before the last request has been sent.
    let mut replies = stub.say_hello_v3(tokio_stream::iter(requests)).await?.into_inner();
    while let Some(reply) = replies.message().await? {
        println!("[CLIENT] SayHello invoked Greeter client received: {}", reply.message);
    }
    // ANCHOR_END: step6-call-say-hello-v3
    // ANCHOR: step7-call-stream-state

    // Two stubs, one channel: both services are called over the same connection.
    let mut stub = RequestStreamingClient::new(channel);
    println!("calling server...");
    let messages = [
        (Status::Unknown, "no record...."),
        (Status::Starved, "Too long without food."),
        (Status::Thirsty, "Requires watering."),
        (Status::Tired, "Shutting down for the night."),
        (Status::Ok, "OK."),
    ];
    let payloads = messages.map(|(status, info)| Data { status: status.into(), info: info.into() });
    stub.stream_state(tokio_stream::iter(payloads)).await?;
    // ANCHOR_END: step7-call-stream-state
    Ok(())
}
