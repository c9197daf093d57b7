//! The server: it knows ten teams, and prints what comes with a request besides the message.

use crate::pb::teams_server::{Teams, TeamsServer};
use crate::pb::{TeamRequest, TeamResponse};
use std::collections::BTreeMap;
use tonic::metadata::MetadataMap;
use tonic::transport::{Server, server::TcpIncoming};
use tonic::{Request, Response, Status};

/// Each city and the nickname of its team.
pub const TEAMS: [(&str, &str); 10] = [
    ("Chicago", "Jackals"),
    ("Detroit", "Wheels"),
    ("Minneapolis", "Nordics"),
    ("New York", "Metros"),
    ("Arizona", "Roadrunners"),
    ("San Francisco", "Stingers"),
    ("Seattle", "Orcas"),
    ("Los Angeles", "Pumas"),
    ("Philadelphia", "Foxes"),
    ("Boston", "Revolutionaries"),
];

/// Implements the service `Teams`.
pub struct TeamsServicer;

#[tonic::async_trait]
impl Teams for TeamsServicer {
    async fn get_team(
        &self,
        request: Request<TeamRequest>,
    ) -> Result<Response<TeamResponse>, Status> {
        print_metadata(request.metadata());

        let TeamRequest { city } = request.into_inner();
        let team = TEAMS.iter().find(|(its_city, _)| *its_city == city);
        let nickname = team.map_or("not a member", |(_, nickname)| nickname).into();
        Ok(Response::new(TeamResponse { city, nickname }))
    }
}

/// Prints `metadata` as a map, without the entries that every gRPC request has.
fn print_metadata(metadata: &MetadataMap) {
    let mut entries = BTreeMap::new();
    for (key, value) in metadata.as_ref() {
        let key = key.as_str();
        if !matches!(key, "te" | "content-type") && !key.starts_with("grpc-") {
            let value = String::from_utf8_lossy(value.as_bytes());
            entries.insert(key, format!("'{key}': '{value}'"));
        }
    }
    let entries: Vec<_> = entries.into_values().collect();
    println!("{{{}}}", entries.join(", "));
}

/// Serves on `addr` (HOST:PORT) until Ctrl-C. Fails if it can't listen there.
pub async fn serve(addr: &str) -> anyhow::Result<()> {
    let (incoming, ctrl_c) = crate::listen::on(addr).await?;
    run(incoming, ctrl_c).await
}

/// Serves on `incoming` until `shutdown` ends. Calls that are under way then may finish.
pub async fn run(incoming: TcpIncoming, shutdown: impl Future<Output = ()>) -> anyhow::Result<()> {
    Server::builder()
        .add_service(TeamsServer::new(TeamsServicer))
        .serve_with_incoming_shutdown(incoming, shutdown)
        .await?;
    Ok(())
}
