//! The server: a servicer, and what serves it.

use crate::pb::greeter_server::{Greeter, GreeterServer};
use crate::pb::{HelloReply, HelloRequest};
use tonic::transport::{Server, server::TcpIncoming};
use tonic::{Request, Response, Status};

/// Implements the service `helloworld.Greeter`.
pub struct GreeterServicer;

#[tonic::async_trait]
impl Greeter for GreeterServicer {
    async fn say_hello(
        &self,
        request: Request<HelloRequest>,
    ) -> Result<Response<HelloReply>, Status> {
        let name = request.into_inner().name;
        Ok(Response::new(HelloReply { message: format!("Hello, {name}!") }))
    }
    // ANCHOR: step5-say-hello-again

    async fn say_hello_again(
        &self,
        request: Request<HelloRequest>,
    ) -> Result<Response<HelloReply>, Status> {
        let name = request.into_inner().name;
        Ok(Response::new(HelloReply { message: format!("Hello again, {name}!") }))
    }
    // ANCHOR_END: step5-say-hello-again
}

/// Serves on `addr` (HOST:PORT) until Ctrl-C. Fails if it can't listen there.
pub async fn serve(addr: &str) -> anyhow::Result<()> {
    let (incoming, ctrl_c) = crate::listen::on(addr).await?;
    run(incoming, ctrl_c).await
}

/// Serves on `incoming` until `shutdown` ends. Calls that are under way then may finish.
pub async fn run(incoming: TcpIncoming, shutdown: impl Future<Output = ()>) -> anyhow::Result<()> {
    Server::builder()
        .add_service(GreeterServer::new(GreeterServicer))
        .serve_with_incoming_shutdown(incoming, shutdown)
        .await?;
    Ok(())
}
