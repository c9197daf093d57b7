//! The client: ordinary gRPC, which goes on working beside the page.

use crate::pb::HelloRequest;
use crate::pb::greeter_client::GreeterClient;
use anyhow::Context;

/// Asks the server at `addr` (HOST:PORT) for greetings. Fails without a server, or if a call fails.
pub async fn run(addr: &str) -> anyhow::Result<()> {
    println!("Will try to greet world ...");
    let mut stub = GreeterClient::connect(format!("http://{addr}")).await.with_context(|| {
        format!("no server at {addr} (start one with `cargo run -p browser server`)")
    })?;

    // Whatever fields there will be: those that we don't know keep their default values.
    let request = HelloRequest { name: "you".into(), ..Default::default() };
    let reply = stub.say_hello(request.clone()).await?.into_inner();
    println!("Greeter client received: {}", reply.message);

    let mut replies = stub.say_hello_v1(request).await?.into_inner();
    while let Some(reply) = replies.message().await? {
        println!("[CLIENT] SayHello invoked Greeter client received: {}", reply.message);
    }
    Ok(())
}
