//! The client: a stub on a channel to the server, and calls on that stub.

use crate::pb::HelloRequest;
use crate::pb::greeter_client::GreeterClient;
use anyhow::Context;

/// Asks the server at `addr` (HOST:PORT) for greetings. Fails without a server, or if a call fails.
pub async fn run(addr: &str) -> anyhow::Result<()> {
    println!("Will try to greet world ...");
    let mut stub = GreeterClient::connect(format!("http://{addr}")).await.with_context(|| {
        format!("no server at {addr} (start one with `cargo run -p helloworld server`)")
    })?;

    let reply = stub.say_hello(HelloRequest { name: "you".into() }).await?.into_inner();
    println!("Greeter client received: {}", reply.message);
    // ANCHOR: step5-call-say-hello-again

    let reply = stub.say_hello_again(HelloRequest { name: "you".into() }).await?.into_inner();
    println!("Greeter client received: {}", reply.message);
    // ANCHOR_END: step5-call-say-hello-again
    Ok(())
}
