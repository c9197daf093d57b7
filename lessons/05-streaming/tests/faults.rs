//! What the server and the client survive when others do not.

use std::future::pending;

use async_stream::stream;
use streaming::pb::greeter_server::{Greeter, GreeterServer};
use streaming::pb::{HelloReply, HelloRequest};
use streaming::server;
use tonic::codegen::BoxStream;
use tonic::transport::Server as Builder;
use tonic::{Request, Response, Status, Streaming};

#[path = "../../testing.rs"]
mod testing;
use testing::{Kind, Method, Server, alone};

/// Every method; a name is `you`, a status is OK. First those whose one answer is kept to a
/// deadline.
const METHODS: [Method; 4] = [
    Method {
        kind: Kind::ClientStream,
        path: "/helloworld.Greeter/SayHello_v2",
        message: b"\x0a\x03you",
    },
    Method {
        kind: Kind::ClientStream,
        path: "/my_package.RequestStreaming/stream_state",
        message: b"\x08\x01",
    },
    Method {
        kind: Kind::ServerStream,
        path: "/helloworld.Greeter/SayHello_v1",
        message: b"\x0a\x03you",
    },
    Method {
        kind: Kind::ClientStream,
        path: "/helloworld.Greeter/SayHello_v3",
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
fn keeps_the_deadline_of_a_call_with_one_answer() -> anyhow::Result<()> {
    alone("keeps_the_deadline_of_a_call_with_one_answer", async || {
        // A stream of answers is not kept to one: its call is answered, as far as tonic is
        // concerned, once its messages may come.
        testing::keeps_deadlines(Server::start(server::run).await?, &METHODS[..2]).await
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
fn a_ctrl_c_finishes_calls_and_a_second_one_cuts_them() -> anyhow::Result<()> {
    alone("a_ctrl_c_finishes_calls_and_a_second_one_cuts_them", async || {
        let server = env!("CARGO_BIN_EXE_streaming");
        for method in &METHODS {
            testing::a_ctrl_c_finishes_calls(server, method).await?;
            testing::a_second_ctrl_c_cuts_calls(server, method).await?;
        }
        Ok(())
    })
}

/// Begins to answer the first call of the client.
struct Fake;

#[tonic::async_trait]
impl Greeter for Fake {
    type SayHello_v1Stream = BoxStream<HelloReply>;

    async fn say_hello_v1(
        &self,
        _: Request<HelloRequest>,
    ) -> Result<Response<BoxStream<HelloReply>>, Status> {
        let replies = stream! {
            for message in ["One", "Two"] {
                yield Ok(HelloReply { message: message.into() });
            }
            pending::<()>().await;
        };
        Ok(Response::new(Box::pin(replies)))
    }

    async fn say_hello_v2(
        &self,
        _: Request<Streaming<HelloRequest>>,
    ) -> Result<Response<HelloReply>, Status> {
        Err(Status::unimplemented("the client does not come so far"))
    }

    type SayHello_v3Stream = BoxStream<HelloReply>;

    async fn say_hello_v3(
        &self,
        _: Request<Streaming<HelloRequest>>,
    ) -> Result<Response<BoxStream<HelloReply>>, Status> {
        Err(Status::unimplemented("the client does not come so far"))
    }
}

#[test]
fn client_prints_what_it_has_and_says_that_the_call_failed() -> anyhow::Result<()> {
    alone("client_prints_what_it_has_and_says_that_the_call_failed", async || {
        let fake = Server::start(async |incoming, _| {
            let router = Builder::builder().add_service(GreeterServer::new(Fake));
            Ok(router.serve_with_incoming(incoming).await?)
        });
        let lines = [
            "Will try to greet world ...",
            "[CLIENT] SayHello invoked Greeter client received: One",
            "[CLIENT] SayHello invoked Greeter client received: Two",
        ];
        let client = env!("CARGO_BIN_EXE_streaming");
        testing::client_says_that_the_call_failed(client, fake.await?, &lines).await
    })
}
