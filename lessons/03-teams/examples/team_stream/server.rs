//! The server of the exercise: it answers one request with any number of teams.

use crate::pb::teams_server::{Teams, TeamsServer};
use crate::pb::{TeamRequest, TeamResponse};
use async_stream::try_stream;
use std::pin::Pin;
use teams::server::TEAMS;
use tokio_stream::Stream;
use tonic::transport::{Server, server::TcpIncoming};
use tonic::{Request, Response, Status};

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

/// Serves on `incoming` until `shutdown` ends. Calls that are under way then may finish.
pub async fn run(incoming: TcpIncoming, shutdown: impl Future<Output = ()>) -> anyhow::Result<()> {
    Server::builder()
        .add_service(TeamsServer::new(TeamsServicer))
        .serve_with_incoming_shutdown(incoming, shutdown)
        .await?;
    Ok(())
}
