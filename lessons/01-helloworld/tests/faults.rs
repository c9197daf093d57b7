//! What the server and the client survive when others do not.

use std::future::pending;

use helloworld::pb::greeter_server::{Greeter, GreeterServer};
use helloworld::pb::{HelloReply, HelloRequest};
use helloworld::server;
use tonic::transport::Server as Builder;
use tonic::{Request, Response, Status};

#[path = "../../testing.rs"]
mod testing;
use testing::{Kind, Method, Server, alone};

/// Every method, with `name: "you"`.
const METHODS: [Method; 2] = [
    Method { kind: Kind::Unary, path: "/helloworld.Greeter/SayHello", message: b"\x0a\x03you" },
    Method {
        kind: Kind::Unary,
        path: "/helloworld.Greeter/SayHelloAgain",
        message: b"\x0a\x03you",
    },
];

#[test]
fn forgets_killed_clients() -> anyhow::Result<()> {
    alone("forgets_killed_clients", async || {
        testing::forgets_killed_clients(Server::start(server::run).await?, &METHODS).await
    })
}

#[test]
fn serves_ten_thousand_calls_on_a_thousand_connections() -> anyhow::Result<()> {
    alone("serves_ten_thousand_calls_on_a_thousand_connections", async || {
        testing::serves_ten_thousand_calls(Server::start(server::run).await?, &METHODS).await
    })
}

#[test]
fn cuts_garbage_off_and_lets_a_silent_connection_stay() -> anyhow::Result<()> {
    alone("cuts_garbage_off_and_lets_a_silent_connection_stay", async || {
        testing::serves_beside_bad_connections(Server::start(server::run).await?, &METHODS[0]).await
    })
}

#[test]
fn keeps_deadlines() -> anyhow::Result<()> {
    alone("keeps_deadlines", async || {
        testing::keeps_deadlines(Server::start(server::run).await?, &METHODS).await
    })
}

#[test]
fn finishes_calls_and_waits_for_silent_connections() -> anyhow::Result<()> {
    alone("finishes_calls_and_waits_for_silent_connections", async || {
        testing::finishes_calls(Server::start(server::run).await?, &METHODS).await
    })
}

#[cfg(unix)]
#[test]
fn a_ctrl_c_finishes_calls() -> anyhow::Result<()> {
    alone("a_ctrl_c_finishes_calls", async || {
        for method in &METHODS {
            testing::a_ctrl_c_finishes_calls(env!("CARGO_BIN_EXE_helloworld"), method).await?;
        }
        Ok(())
    })
}

/// Answers the first call of the client, and leaves the second one unanswered.
struct Fake;

#[tonic::async_trait]
impl Greeter for Fake {
    async fn say_hello(&self, _: Request<HelloRequest>) -> Result<Response<HelloReply>, Status> {
        Ok(Response::new(HelloReply { message: "Hello, you!".into() }))
    }

    async fn say_hello_again(
        &self,
        _: Request<HelloRequest>,
    ) -> Result<Response<HelloReply>, Status> {
        pending().await
    }
}

#[test]
fn client_says_that_the_call_failed() -> anyhow::Result<()> {
    alone("client_says_that_the_call_failed", async || {
        let fake = Server::start(async |incoming, _| {
            let router = Builder::builder().add_service(GreeterServer::new(Fake));
            Ok(router.serve_with_incoming(incoming).await?)
        });
        let lines = ["Will try to greet world ...", "Greeter client received: Hello, you!"];
        let client = env!("CARGO_BIN_EXE_helloworld");
        testing::client_says_that_the_call_failed(client, fake.await?, &lines).await
    })
}
