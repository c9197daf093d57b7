//! The server: it holds one message of a stream at a time, and of the names only their text.

use crate::listen;
use crate::pb::greeter_server::{Greeter, GreeterServer};
use crate::pb::{HelloReply, HelloRequest};
// ANCHOR: step7-server-imports
use crate::state_pb::request_streaming_server::{RequestStreaming, RequestStreamingServer};
use crate::state_pb::{self, Data, Empty};
// ANCHOR_END: step7-server-imports
use async_stream::try_stream;
use tonic::codegen::BoxStream;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status};

/// Implements the service `helloworld.Greeter`.
pub struct GreeterServicer;

#[tonic::async_trait]
impl Greeter for GreeterServicer {
    type SayHello_v1Stream = BoxStream<HelloReply>;

    async fn say_hello_v1(
        &self,
        request: Request<HelloRequest>,
    ) -> Result<Response<BoxStream<HelloReply>>, Status> {
        let name = request.into_inner().name;
        // At each `yield` the block stands still until the client has room for the reply.
        let replies = try_stream! {
            for i in 0..5 {
                println!("[server] SayHello method invoked, returning response...");
                yield HelloReply { message: format!("Hello, {name}! - {i}") };
            }
        };
        Ok(Response::new(Box::pin(replies)))
    }
    // ANCHOR: step5-say-hello-v2

    async fn say_hello_v2(
        &self,
        request: Request<tonic::Streaming<HelloRequest>>,
    ) -> Result<Response<HelloReply>, Status> {
        // All names go into one reply, and a client takes 4 MiB at most, unless told otherwise.
        const MAX_NAMES: usize = 4 * 1024 * 1024 - 1024;
        let mut requests = request.into_inner();
        let mut names = String::new();
        while let Some(HelloRequest { name }) = requests.message().await? {
            println!("[server] SayHello method invoked, with name {name}");
            names += &(name + " ");
            if names.len() > MAX_NAMES {
                let limit = format!("more than {MAX_NAMES} bytes of names");
                return Err(Status::resource_exhausted(limit));
            }
        }
        names.pop();
        Ok(Response::new(HelloReply { message: format!("Hello, {names}!") }))
    }
    // ANCHOR_END: step5-say-hello-v2
    // ANCHOR: step6-say-hello-v3

    type SayHello_v3Stream = BoxStream<HelloReply>;

    async fn say_hello_v3(
        &self,
        request: Request<tonic::Streaming<HelloRequest>>,
    ) -> Result<Response<BoxStream<HelloReply>>, Status> {
        let mut requests = request.into_inner();
        let replies = try_stream! {
            while let Some(HelloRequest { name }) = requests.message().await? {
                println!("[server] SayHello method invoked, returning response...");
                yield HelloReply { message: format!("Hello, {name}!") };
            }
        };
        Ok(Response::new(Box::pin(replies)))
    }
    // ANCHOR_END: step6-say-hello-v3
}
// ANCHOR: step7-servicer

/// Implements the service `my_package.RequestStreaming`.
pub struct RequestStreamingServicer;

#[tonic::async_trait]
impl RequestStreaming for RequestStreamingServicer {
    async fn stream_state(
        &self,
        request: Request<tonic::Streaming<Data>>,
    ) -> Result<Response<Empty>, Status> {
        let mut payloads = request.into_inner();
        while let Some(Data { status, info }) = payloads.message().await? {
            // On the wire an enum is a number, and a newer client may know more of them than we.
            let status = state_pb::Status::try_from(status)
                .map_or(status.to_string(), |status| status.as_str_name().into());
            println!("payload Recv: status: {status} | info: '{}'", info.escape_debug());
        }
        Ok(Response::new(Empty {}))
    }
}
// ANCHOR_END: step7-servicer

/// Serves on `addr` (HOST:PORT) until Ctrl-C. Fails if it can't listen there.
pub async fn serve(addr: &str) -> anyhow::Result<()> {
    let (incoming, ctrl_c) = listen::on(addr).await?;
    run(incoming, ctrl_c).await
}

/// Serves on `incoming` until `shutdown` ends. Calls that are under way then may finish.
pub async fn run(incoming: TcpIncoming, shutdown: impl Future<Output = ()>) -> anyhow::Result<()> {
    listen::builder()
        .add_service(GreeterServer::new(GreeterServicer))
        // ANCHOR: step7-add-service
        .add_service(RequestStreamingServer::new(RequestStreamingServicer))
        // ANCHOR_END: step7-add-service
        .serve_with_incoming_shutdown(incoming, shutdown)
        .await?;
    Ok(())
}
