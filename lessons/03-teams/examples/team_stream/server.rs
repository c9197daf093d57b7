//! The server of the exercise: it answers one request with any number of teams.

use std::pin::Pin;

use async_stream::try_stream;
use teams::server::TEAMS;
use tokio::net::TcpListener;
use tokio_stream::Stream;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status};

use super::pb::teams_server::{Teams, TeamsServer};
use super::pb::{TeamRequest, TeamResponse};

// ANCHOR: servicer
/// Implements the service `Teams`, with a stream of teams.
pub struct TeamsServicer;

#[tonic::async_trait]
impl Teams for TeamsServicer {
    type GetTeamsStream = Pin<Box<dyn Stream<Item = Result<TeamResponse, Status>> + Send>>;

    async fn get_teams(
        &self,
        request: Request<TeamRequest>,
    ) -> Result<Response<Self::GetTeamsStream>, Status> {
        let TeamRequest { city: wanted } = request.into_inner();
        let teams = try_stream! {
            for (city, nickname) in TEAMS {
                if wanted.is_empty() || wanted == city {
                    yield TeamResponse { city: city.into(), nickname: nickname.into() };
                }
            }
        };
        Ok(Response::new(Box::pin(teams)))
    }
}
// ANCHOR_END: servicer

/// Serves on `listener` until `shutdown` ends.
///
/// # Errors
///
/// If the connections of `listener` cannot be served.
pub async fn run(listener: TcpListener, shutdown: impl Future<Output = ()>) -> anyhow::Result<()> {
    let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
    Server::builder()
        .add_service(TeamsServer::new(TeamsServicer))
        .serve_with_incoming_shutdown(incoming, shutdown)
        .await?;
    Ok(())
}
