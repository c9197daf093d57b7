use contract::greeter_server::{Greeter, GreeterServer};
use contract::{HelloReply, HelloRequest};
use tonic::transport::{Server, server::TcpIncoming};
use tonic::{Request, Response, Status};

struct GreeterServicer;

#[tonic::async_trait]
impl Greeter for GreeterServicer {
    async fn say_hello(
        &self,
        request: Request<HelloRequest>,
    ) -> Result<Response<HelloReply>, Status> {
        let name = request.into_inner().name;
        Ok(Response::new(HelloReply { message: format!("Hello, {name}!") }))
    }
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let addr = std::env::args().nth(1).unwrap_or("127.0.0.1:50051".into());
    let incoming = TcpIncoming::bind(addr.parse()?)?;
    println!("Server started, listening on {}", incoming.local_addr()?);
    let service = GreeterServer::new(GreeterServicer);
    Server::builder().add_service(service).serve_with_incoming(incoming).await?;
    Ok(())
}
