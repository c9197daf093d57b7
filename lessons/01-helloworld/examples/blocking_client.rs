//! The client of the lesson without `async`: `cargo run -p helloworld --example blocking_client
//! [ADDR]`. Every call waits for its answer, as those of a blocking (synchronous) stub do.

use std::env;
use std::error::Error;
use std::io::{Write, stderr, stdout};
use std::process::ExitCode;

use anyhow::{Context, bail};
use helloworld::pb::greeter_client::GreeterClient;
use helloworld::pb::{HelloReply, HelloRequest};
use tokio::runtime::{Builder, Runtime};
use tonic::Status;
use tonic::transport::{Channel, Endpoint};

// ANCHOR: stub
/// A stub whose methods return when the answer is there. tonic has none, because one is so
/// quickly made: the stub of the lesson and a runtime to wait on.
struct BlockingGreeter {
    stub: GreeterClient<Channel>,
    runtime: Runtime,
}

impl BlockingGreeter {
    fn connect(addr: &str) -> anyhow::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let endpoint = Endpoint::from_shared(format!("http://{addr}"))
            .ok()
            .filter(|endpoint| endpoint.uri().port_u16().is_some())
            .with_context(|| format!("{addr:?} is no address: give HOST:PORT"))?;
        let channel = runtime.block_on(endpoint.connect()).with_context(|| {
            format!("no server at {addr}: start one with `cargo run -p helloworld server`")
        })?;
        let stub = GreeterClient::new(channel);
        Ok(BlockingGreeter { stub, runtime })
    }

    // ANCHOR: blocking-stub
    fn say_hello(&mut self, request: HelloRequest) -> Result<HelloReply, Status> {
        let reply = self.runtime.block_on(self.stub.say_hello(request))?;
        Ok(reply.into_inner())
    }
    // ANCHOR_END: blocking-stub

    fn say_hello_again(&mut self, request: HelloRequest) -> Result<HelloReply, Status> {
        let reply = self.runtime.block_on(self.stub.say_hello_again(request))?;
        Ok(reply.into_inner())
    }
}
// ANCHOR_END: stub

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // If not even this can be printed, there is still the exit code.
            _ = writeln!(stderr(), "error: {}", explain(&error));
            ExitCode::FAILURE
        }
    }
}

fn run() -> anyhow::Result<()> {
    let args: Vec<_> = env::args_os().skip(1).collect();
    let addr = match &args[..] {
        [] => "127.0.0.1:50051".into(),
        [addr] => addr.to_string_lossy(),
        _ => bail!("give nothing, or the address of a server: `[ADDR]`"),
    };
    writeln!(stdout(), "Will try to greet world ...")?;
    let mut stub = BlockingGreeter::connect(&addr)?;

    let reply = stub.say_hello(HelloRequest { name: "you".into() })?;
    writeln!(stdout(), "Greeter client received: {}", reply.message)?;

    let reply = stub.say_hello_again(HelloRequest { name: "you".into() })?;
    writeln!(stdout(), "Greeter client received: {}", reply.message)?;
    Ok(())
}

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
