//! A server that stores lists of names, and tells everybody how each of them ended.

use async_stream::try_stream;
use streaming::listen;
use streaming::pb::greeter_server::{Greeter, GreeterServer};
use streaming::pb::{HelloReply, HelloRequest};
use tokio::sync::broadcast::{self, Sender};
use tonic::codegen::BoxStream;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status, Streaming};

/// Implements the service `helloworld.Greeter` in a way of its own.
struct Lists {
    /// News of the lists, for everyone who listens.
    news: Sender<String>,
}

impl Lists {
    fn tell(&self, what: String) {
        // An error says that nobody listens.
        _ = self.news.send(what);
    }
}

#[tonic::async_trait]
impl Greeter for Lists {
    type SayHello_v1Stream = BoxStream<HelloReply>;

    /// Tells what happens from now on.
    async fn say_hello_v1(
        &self,
        _: Request<HelloRequest>,
    ) -> Result<Response<BoxStream<HelloReply>>, Status> {
        let mut news = self.news.subscribe();
        let replies = try_stream! {
            while let Ok(message) = news.recv().await {
                yield HelloReply { message };
            }
        };
        Ok(Response::new(Box::pin(replies)))
    }

    /// Stores a list of names, if it is whole: an empty name says so.
    async fn say_hello_v2(
        &self,
        request: Request<Streaming<HelloRequest>>,
    ) -> Result<Response<HelloReply>, Status> {
        let mut requests = request.into_inner();
        let (mut names, mut is_whole) = (Vec::new(), false);
        let end = loop {
            match requests.message().await {
                Ok(Some(HelloRequest { name })) if name.is_empty() => is_whole = true,
                Ok(Some(HelloRequest { name })) => {
                    self.tell(name.clone());
                    names.push(name);
                }
                Ok(None) => break "Ok(None)".to_owned(),
                Err(status) => break format!("Err({:?})", status.code()),
            }
        };
        let what = if is_whole { "stored" } else { "not stored: half a list" };
        self.tell(format!("{end}, {what}"));
        Ok(Response::new(HelloReply { message: format!("Hello, {}!", names.join(" ")) }))
    }

    type SayHello_v3Stream = BoxStream<HelloReply>;

    async fn say_hello_v3(
        &self,
        _: Request<Streaming<HelloRequest>>,
    ) -> Result<Response<BoxStream<HelloReply>>, Status> {
        Err(Status::unimplemented("this server keeps lists"))
    }
}

/// Serves on `incoming` until `shutdown` ends. Calls that are under way then may finish.
pub async fn run(incoming: TcpIncoming, shutdown: impl Future<Output = ()>) -> anyhow::Result<()> {
    let (news, _) = broadcast::channel(16);
    listen::builder()
        .add_service(GreeterServer::new(Lists { news }))
        .serve_with_incoming_shutdown(incoming, shutdown)
        .await?;
    Ok(())
}
