// ANCHOR: step4-client
// ANCHOR: step4-client-imports
//! The client: a channel to the server, a stub on that channel, calls on that stub.

use std::io::{Write, stdout};

use anyhow::Context;
use tonic::transport::Endpoint;

use crate::pb::HelloRequest;
use crate::pb::greeter_client::GreeterClient;
// ANCHOR_END: step4-client-imports
// ANCHOR: step4-connect

/// Asks the server at `addr` (HOST:PORT) for greetings and prints them.
///
/// # Errors
///
/// If `addr` is no address, if no server listens there, or if a call fails: then with the
/// `tonic::Status` of that call.
pub async fn run(addr: &str) -> anyhow::Result<()> {
    // Not println!, which panics when nobody reads our output any more.
    writeln!(stdout(), "Will try to greet world ...")?;

    let endpoint = Endpoint::from_shared(format!("http://{addr}"))
        .ok()
        // Without a port, it would be that of the web: 80.
        .filter(|endpoint| endpoint.uri().port_u16().is_some())
        .with_context(|| format!("{addr:?} is no address: give HOST:PORT"))?;
    let channel = endpoint.connect().await.with_context(|| {
        format!("no server at {addr}: start one with `cargo run -p helloworld server`")
    })?;
    let mut stub = GreeterClient::new(channel);
    // ANCHOR_END: step4-connect
    // ANCHOR: step4-call

    let request = HelloRequest { name: "you".into() };
    let reply = stub.say_hello(request).await?.into_inner();
    writeln!(stdout(), "Greeter client received: {}", reply.message)?;
    // ANCHOR: step5-call-say-hello-again

    let request = HelloRequest { name: "you".into() };
    let reply = stub.say_hello_again(request).await?.into_inner();
    writeln!(stdout(), "Greeter client received: {}", reply.message)?;
    // ANCHOR_END: step5-call-say-hello-again

    Ok(())
}
// ANCHOR_END: step4-call
// ANCHOR_END: step4-client
