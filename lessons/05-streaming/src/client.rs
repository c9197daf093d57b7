// ANCHOR: step4-client
// ANCHOR: step4-imports
//! The client: each kind of stream once.

use std::io::{Write, stdout};

use anyhow::Context;
use tonic::transport::Endpoint;

use crate::pb::HelloRequest;
use crate::pb::greeter_client::GreeterClient;
// ANCHOR: step5-client-imports

use async_stream::stream;
use tokio_stream::Stream;
// ANCHOR_END: step5-client-imports
// ANCHOR: step7-client-imports

use crate::state_pb::request_streaming_client::RequestStreamingClient;
use crate::state_pb::{Data, Status};
// ANCHOR_END: step7-client-imports
// ANCHOR_END: step4-imports
// ANCHOR: step4-connect

/// Talks to the server at `addr` (HOST:PORT) in streams and prints what it answers.
///
/// # Errors
///
/// If `addr` is no address, if no server listens there, or if a call fails: then with the
/// `tonic::Status` of that call.
pub async fn run(addr: &str) -> anyhow::Result<()> {
    writeln!(stdout(), "Will try to greet world ...")?;

    let endpoint = Endpoint::from_shared(format!("http://{addr}"))
        .ok()
        .filter(|endpoint| endpoint.uri().port_u16().is_some())
        .with_context(|| format!("{addr:?} is no address: give HOST:PORT"))?;
    let channel = endpoint.connect().await.with_context(|| {
        format!("no server at {addr}: start one with `cargo run -p streaming server`")
    })?;
    let mut stub = GreeterClient::new(channel.clone());
    // ANCHOR_END: step4-connect
    // ANCHOR: step4-call-say-hello-v1

    let mut replies = stub.say_hello_v1(HelloRequest { name: "you".into() }).await?.into_inner();
    while let Some(reply) = replies.message().await? {
        print_reply(&reply.message)?;
    }
    // ANCHOR: step5-call-say-hello-v2

    let reply = stub.say_hello_v2(generate_requests()).await?.into_inner();
    print_reply(&reply.message)?;
    // ANCHOR_END: step5-call-say-hello-v2
    // ANCHOR: step6-call-say-hello-v3

    // The first reply may be there before the last request has been sent.
    let mut replies = stub.say_hello_v3(generate_requests()).await?.into_inner();
    while let Some(reply) = replies.message().await? {
        print_reply(&reply.message)?;
    }
    // ANCHOR_END: step6-call-say-hello-v3
    // ANCHOR: step7-call-stream-state

    // Two stubs, one channel: both services are called over the same connection.
    let mut stub = RequestStreamingClient::new(channel);
    writeln!(stdout(), "calling server...")?;
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

fn print_reply(message: &str) -> std::io::Result<()> {
    writeln!(stdout(), "[CLIENT] SayHello invoked Greeter client received: {message}")
}
// ANCHOR_END: step4-call-say-hello-v1
// ANCHOR: step5-generate-requests

/// Names four people, one whenever the connection has room for the next.
fn generate_requests() -> impl Stream<Item = HelloRequest> {
    stream! {
        for name in ["Raf", "Gigi", "Pippo", "Pippozzo"] {
            yield HelloRequest { name: name.into() };
        }
    }
}
// ANCHOR_END: step5-generate-requests
// ANCHOR_END: step4-client
