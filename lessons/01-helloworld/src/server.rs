// ANCHOR: step3-server
// ANCHOR: step3-server-imports
//! The server: a servicer, and what puts it on a port.

use tokio::net::TcpListener;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status};

use crate::pb::greeter_server::{Greeter, GreeterServer};
use crate::pb::{HelloReply, HelloRequest};
// ANCHOR_END: step3-server-imports
// ANCHOR: step3-servicer

/// Implements the service `helloworld.Greeter`.
pub struct GreeterServicer;

#[tonic::async_trait]
impl Greeter for GreeterServicer {
    async fn say_hello(
        &self,
        request: Request<HelloRequest>,
    ) -> Result<Response<HelloReply>, Status> {
        let HelloRequest { name } = request.into_inner();
        let message = format!("Hello, {name}!");
        Ok(Response::new(HelloReply { message }))
    }
    // ANCHOR: step5-say-hello-again

    async fn say_hello_again(
        &self,
        request: Request<HelloRequest>,
    ) -> Result<Response<HelloReply>, Status> {
        let HelloRequest { name } = request.into_inner();
        let message = format!("Hello again, {name}!");
        Ok(Response::new(HelloReply { message }))
    }
    // ANCHOR_END: step5-say-hello-again
}
// ANCHOR_END: step3-servicer
// ANCHOR: step3-run

/// Serves on `listener` until `shutdown` ends. Calls that are under way then may finish;
/// new ones are refused.
/// Nothing limits this wait, or the number of connections: lesson 6 does, in step 8.
///
/// # Errors
///
/// If the connections of `listener` cannot be served.
pub async fn run(listener: TcpListener, shutdown: impl Future<Output = ()>) -> anyhow::Result<()> {
    // With `nodelay` a small message leaves at once, instead of waiting for company.
    let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
    Server::builder()
        .add_service(GreeterServer::new(GreeterServicer))
        .serve_with_incoming_shutdown(incoming, shutdown)
        .await?;
    Ok(())
}
// ANCHOR_END: step3-run
// ANCHOR_END: step3-server
