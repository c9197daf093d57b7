//! The server: for programs, which speak gRPC, and for a page, which speaks gRPC-Web.

use crate::listen;
use crate::pb::greeter_server::{Greeter, GreeterServer};
use crate::pb::{HelloReply, HelloRequest};
use async_stream::try_stream;
// ANCHOR: step6-import-time
use std::time::Duration;
use tokio::time::sleep;
// ANCHOR_END: step6-import-time
use tonic::codegen::BoxStream;
use tonic::service::Routes;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status};
// ANCHOR: step6-max-pause

/// The longest pause between two greetings, in milliseconds: each such call keeps a stream open.
const MAX_PAUSE_MS: u32 = 1000;
// ANCHOR_END: step6-max-pause

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

    type SayHello_v1Stream = BoxStream<HelloReply>;

    async fn say_hello_v1(
        &self,
        request: Request<HelloRequest>,
    ) -> Result<Response<BoxStream<HelloReply>>, Status> {
        let request = request.into_inner();
        // ANCHOR: step6-pause
        if request.pause_ms > MAX_PAUSE_MS {
            let why = format!("pause_ms {} is more than {MAX_PAUSE_MS}", request.pause_ms);
            return Err(Status::invalid_argument(why));
        }
        let pause = Duration::from_millis(request.pause_ms.into());
        // ANCHOR_END: step6-pause
        let replies = try_stream! {
            for i in 0..5 {
                // ANCHOR: step6-sleep
                if i > 0 && !pause.is_zero() {
                    // Here a cancelled call ends: the block is dropped, and goes on no more.
                    sleep(pause).await;
                }
                // ANCHOR_END: step6-sleep
                println!("[server] SayHello method invoked, returning response...");
                yield HelloReply { message: format!("Hello, {}! - {i}", request.name) };
            }
        };
        Ok(Response::new(Box::pin(replies)))
    }
}

/// What the server answers: calls, by their paths.
pub fn routes() -> Routes {
    Routes::new(GreeterServer::new(GreeterServicer))
        // ANCHOR: step5-routes
        .into_axum_router()
        // Turns a call in gRPC-Web into one in gRPC, and its answer back. Lets gRPC pass.
        .layer(tonic_web::GrpcWebLayer::new())
        // Behind the layer, which would refuse to have the page fetched.
        .merge(crate::page::files())
        .into()
    // ANCHOR_END: step5-routes
}

/// Serves `routes` on `addr` (HOST:PORT) until Ctrl-C. Fails if it can't listen there.
pub async fn serve(addr: &str, routes: Routes) -> anyhow::Result<()> {
    let (incoming, ctrl_c) = listen::on(addr).await?;
    run(incoming, routes, ctrl_c).await
}

/// Serves `routes` on `incoming` until `shutdown` ends. Calls that are under way then may finish.
pub async fn run(
    incoming: TcpIncoming,
    routes: Routes,
    shutdown: impl Future<Output = ()>,
) -> anyhow::Result<()> {
    listen::builder()
        // ANCHOR: step5-http1
        // Without TLS, a browser speaks HTTP/1.1 only.
        .accept_http1(true)
        // ANCHOR_END: step5-http1
        // A call whose path is not in there is answered UNIMPLEMENTED.
        .add_routes(routes)
        .serve_with_incoming_shutdown(incoming, shutdown)
        .await?;
    Ok(())
}
