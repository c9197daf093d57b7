//! The ceiling: a servicer that does nothing, served as the lessons serve theirs.

use std::io::{Write, stdout};

use helloworld::pb::greeter_server::{Greeter, GreeterServer};
use helloworld::pb::{HelloReply, HelloRequest};
use tokio::net::TcpListener;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status};

struct Constant;

#[tonic::async_trait]
impl Greeter for Constant {
    async fn say_hello(&self, _: Request<HelloRequest>) -> Result<Response<HelloReply>, Status> {
        Ok(Response::new(HelloReply { message: "Hello, you!".into() }))
    }

    async fn say_hello_again(
        &self,
        _: Request<HelloRequest>,
    ) -> Result<Response<HelloReply>, Status> {
        Ok(Response::new(HelloReply { message: "Hello again, you!".into() }))
    }
}

/// Serves on `addr` until it is killed.
///
/// # Errors
///
/// If nobody can listen there.
pub async fn serve(addr: &str) -> anyhow::Result<()> {
    let listener = TcpListener::bind(addr).await?;
    writeln!(stdout(), "Server started, listening on {}", listener.local_addr()?)?;
    let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
    Server::builder()
        .add_service(GreeterServer::new(Constant))
        .serve_with_incoming(incoming)
        .await?;
    Ok(())
}
