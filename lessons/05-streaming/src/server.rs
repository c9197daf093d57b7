// ANCHOR: step3-server
// ANCHOR: step3-imports
//! The server: it produces messages while the client takes them, and takes messages while the
//! client produces them. It holds one of them at a time, and of the names only their text.

use std::io::{Write, stdout};
use std::pin::Pin;

use async_stream::try_stream;
use tokio::net::TcpListener;
use tokio_stream::Stream;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status};

use crate::pb::greeter_server::{Greeter, GreeterServer};
use crate::pb::{HelloReply, HelloRequest};
// ANCHOR: step5-server-imports

use tonic::Streaming;

/// How many bytes of a stream a client may send ahead of us. Many small messages that wait count
/// for more than their size. With these windows their sender waits before they are too many; with
/// the usual ones its connection would be cut.
const STREAM_WINDOW: u32 = 64 * 1024;

/// How many bytes of all streams of a connection a client may send ahead of us: see above.
const CONNECTION_WINDOW: u32 = 8 * 1024 * 1024;

/// How many bytes of names `SayHello_v2` takes. All of them go into one reply, and a client takes
/// a message of 4 MiB at most, unless told otherwise; the rest of the reply needs less than 1 KiB.
const MAX_NAMES: usize = 4 * 1024 * 1024 - 1024;
// ANCHOR_END: step5-server-imports
// ANCHOR: step7-server-imports

use crate::state_pb::request_streaming_server::{RequestStreaming, RequestStreamingServer};
use crate::state_pb::{self, Data, Empty};
// ANCHOR_END: step7-server-imports
// ANCHOR_END: step3-imports
// ANCHOR: step3-replies

/// Implements the service `helloworld.Greeter`.
pub struct GreeterServicer;

/// Replies, as they are produced: an error ends them.
type Replies = Pin<Box<dyn Stream<Item = Result<HelloReply, Status>> + Send>>;
// ANCHOR_END: step3-replies
// ANCHOR: step3-servicer

#[tonic::async_trait]
impl Greeter for GreeterServicer {
    type SayHello_v1Stream = Replies;

    async fn say_hello_v1(
        &self,
        request: Request<HelloRequest>,
    ) -> Result<Response<Replies>, Status> {
        let HelloRequest { name } = request.into_inner();
        // At each `yield` the block stands still until the client has room for the reply.
        let replies = try_stream! {
            for i in 0..5 {
                writeln!(stdout(), "[server] SayHello method invoked, returning response...")?;
                yield HelloReply { message: format!("Hello, {name}! - {i}") };
            }
        };
        Ok(Response::new(Box::pin(replies)))
    }
    // ANCHOR: step5-say-hello-v2

    async fn say_hello_v2(
        &self,
        request: Request<Streaming<HelloRequest>>,
    ) -> Result<Response<HelloReply>, Status> {
        let mut requests = request.into_inner();
        let mut names = String::new();
        let mut separator = "";
        while let Some(HelloRequest { name }) = requests.message().await? {
            writeln!(stdout(), "[server] SayHello method invoked, with name {name}")?;
            names += separator;
            names += &name;
            separator = " ";
            if names.len() > MAX_NAMES {
                let limit = format!("more than {MAX_NAMES} bytes of names");
                return Err(Status::resource_exhausted(limit));
            }
        }
        Ok(Response::new(HelloReply { message: format!("Hello, {names}!") }))
    }
    // ANCHOR_END: step5-say-hello-v2
    // ANCHOR: step6-say-hello-v3

    type SayHello_v3Stream = Replies;

    async fn say_hello_v3(
        &self,
        request: Request<Streaming<HelloRequest>>,
    ) -> Result<Response<Replies>, Status> {
        let mut requests = request.into_inner();
        let replies = try_stream! {
            while let Some(HelloRequest { name }) = requests.message().await? {
                writeln!(stdout(), "[server] SayHello method invoked, returning response...")?;
                yield HelloReply { message: format!("Hello, {name}!") };
            }
        };
        Ok(Response::new(Box::pin(replies)))
    }
    // ANCHOR_END: step6-say-hello-v3
}
// ANCHOR_END: step3-servicer
// ANCHOR: step7-servicer

/// Implements the service `my_package.RequestStreaming`.
pub struct RequestStreamingServicer;

#[tonic::async_trait]
impl RequestStreaming for RequestStreamingServicer {
    async fn stream_state(
        &self,
        request: Request<Streaming<Data>>,
    ) -> Result<Response<Empty>, Status> {
        let mut payloads = request.into_inner();
        while let Some(Data { status, info }) = payloads.message().await? {
            // On the wire an enum is a number, and a newer client may know more of them than we.
            let status = match state_pb::Status::try_from(status) {
                Ok(status) => status.as_str_name().to_owned(),
                Err(_) => status.to_string(),
            };
            let info = info.escape_debug();
            writeln!(stdout(), "payload Recv: status: {status} | info: '{info}'")?;
        }
        Ok(Response::new(Empty {}))
    }
}
// ANCHOR_END: step7-servicer
// ANCHOR: step3-run

/// Serves on `listener` until `shutdown` ends. Calls that are under way then may finish;
/// new ones are refused.
/// Nothing limits this wait, a stream, or the number of connections: lesson 6 does, in step 8.
///
/// # Errors
///
/// If the connections of `listener` cannot be served.
pub async fn run(listener: TcpListener, shutdown: impl Future<Output = ()>) -> anyhow::Result<()> {
    let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
    let mut builder = Server::builder();
    // ANCHOR: step5-windows
    builder = builder
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW);
    // ANCHOR_END: step5-windows
    let router = builder.add_service(GreeterServer::new(GreeterServicer));
    // ANCHOR: step7-add-service
    let router = router.add_service(RequestStreamingServer::new(RequestStreamingServicer));
    // ANCHOR_END: step7-add-service
    router.serve_with_incoming_shutdown(incoming, shutdown).await?;
    Ok(())
}
// ANCHOR_END: step3-run
// ANCHOR_END: step3-server
