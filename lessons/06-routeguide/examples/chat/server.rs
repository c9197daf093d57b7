//! A chat between people: whatever somebody says, everybody who is in the chat hears.

use async_stream::try_stream;
use routeguide::pb::route_guide_server::{RouteGuide, RouteGuideServer};
use routeguide::pb::{Feature, Point, Rectangle, RouteNote, RouteSummary};
use tokio::sync::broadcast::{self, error::RecvError};
use tonic::codegen::BoxStream;
use tonic::transport::{Server, server::TcpIncoming};
use tonic::{Request, Response, Status, Streaming};

/// How many notes wait for a listener who is slow. They are kept once, for all.
const MAX_WAITING: usize = 16;

/// Implements `routeguide.RouteGuide`, as far as it is a chat.
pub struct Chat {
    notes: broadcast::Sender<RouteNote>,
}

#[tonic::async_trait]
impl RouteGuide for Chat {
    type RouteChatStream = BoxStream<RouteNote>;

    async fn route_chat(
        &self,
        request: Request<Streaming<RouteNote>>,
    ) -> Result<Response<BoxStream<RouteNote>>, Status> {
        let mut incoming = request.into_inner();
        let notes = self.notes.clone();
        // Before the response is sent: so nobody who has it misses a note.
        let mut heard = self.notes.subscribe();
        // It ends when the client says nothing more, or is gone.
        tokio::spawn(async move {
            while let Ok(Some(note)) = incoming.message().await {
                // Nobody may be listening.
                _ = notes.send(note);
            }
        });
        let answers = try_stream! {
            loop {
                match heard.recv().await {
                    Ok(note) => yield note,
                    Err(RecvError::Lagged(missed)) => Err(too_slow(missed))?,
                    Err(RecvError::Closed) => break,
                }
            }
        };
        Ok(Response::new(Box::pin(answers)))
    }

    async fn get_feature(&self, _request: Request<Point>) -> Result<Response<Feature>, Status> {
        Err(only_chats())
    }

    type ListFeaturesStream = BoxStream<Feature>;

    async fn list_features(
        &self,
        _request: Request<Rectangle>,
    ) -> Result<Response<BoxStream<Feature>>, Status> {
        Err(only_chats())
    }

    async fn record_route(
        &self,
        _request: Request<Streaming<Point>>,
    ) -> Result<Response<RouteSummary>, Status> {
        Err(only_chats())
    }
}

fn too_slow(missed: u64) -> Status {
    Status::data_loss(format!("you were too slow, and have missed {missed} notes"))
}

fn only_chats() -> Status {
    Status::unimplemented("this server only chats")
}

/// Serves a chat on `incoming` until `shutdown` ends.
pub async fn run(incoming: TcpIncoming, shutdown: impl Future<Output = ()>) -> anyhow::Result<()> {
    let chat = Chat { notes: broadcast::Sender::new(MAX_WAITING) };
    Server::builder()
        .add_service(RouteGuideServer::new(chat))
        .serve_with_incoming_shutdown(incoming, shutdown)
        .await?;
    Ok(())
}
