//! The client of the lesson without `async`: `cargo run -p helloworld --example blocking_client
//! [ADDR]`. Every call waits for its answer, as those of a blocking (synchronous) stub do.

use anyhow::Context;
use helloworld::pb::greeter_client::GreeterClient;
use helloworld::pb::{HelloReply, HelloRequest};
use std::{env, process};
use tokio::runtime::{Builder, Runtime};
use tonic::Status;
use tonic::transport::Channel;

/// A stub whose methods return when the answer is there. tonic has none, because one is so
/// quickly made: the stub of the lesson and a runtime to wait on.
struct BlockingGreeter {
    stub: GreeterClient<Channel>,
    runtime: Runtime,
}

impl BlockingGreeter {
    fn connect(addr: &str) -> anyhow::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let connecting = GreeterClient::connect(format!("http://{addr}"));
        let stub = runtime.block_on(connecting).with_context(|| {
            format!("no server at {addr} (start one with `cargo run -p helloworld server`)")
        })?;
        Ok(BlockingGreeter { stub, runtime })
    }

    fn say_hello(&mut self, request: HelloRequest) -> Result<HelloReply, Status> {
        let reply = self.runtime.block_on(self.stub.say_hello(request))?;
        Ok(reply.into_inner())
    }

    fn say_hello_again(&mut self, request: HelloRequest) -> Result<HelloReply, Status> {
        let reply = self.runtime.block_on(self.stub.say_hello_again(request))?;
        Ok(reply.into_inner())
    }
}

fn main() {
    if let Err(error) = run() {
        eprintln!("error: {error:#}");
        process::exit(1);
    }
}

fn run() -> anyhow::Result<()> {
    let addr = env::args().nth(1).unwrap_or("127.0.0.1:50051".into());
    println!("Will try to greet world ...");
    let mut stub = BlockingGreeter::connect(&addr)?;
    let reply = stub.say_hello(HelloRequest { name: "you".into() })?;
    println!("Greeter client received: {}", reply.message);
    let reply = stub.say_hello_again(HelloRequest { name: "you".into() })?;
    println!("Greeter client received: {}", reply.message);
    Ok(())
}
