// ANCHOR: step3-server
// ANCHOR: step3-imports
//! The server: it knows ten teams, and prints what comes with a request besides the message.

use std::collections::BTreeMap;
use std::io::{self, Write, stdout};

use tokio::net::TcpListener;
use tonic::metadata::MetadataMap;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status};

use crate::pb::teams_server::{Teams, TeamsServer};
use crate::pb::{TeamRequest, TeamResponse};
// ANCHOR_END: step3-imports
// ANCHOR: step3-teams

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
// ANCHOR_END: step3-teams
// ANCHOR: step3-servicer

/// Implements the service `Teams`.
pub struct TeamsServicer;

#[tonic::async_trait]
impl Teams for TeamsServicer {
    async fn get_team(
        &self,
        request: Request<TeamRequest>,
    ) -> Result<Response<TeamResponse>, Status> {
        print_metadata(request.metadata())?;

        let TeamRequest { city } = request.into_inner();
        let team = TEAMS.iter().find(|(its_city, _)| *its_city == city);
        let nickname = team.map_or("not a member", |(_, nickname)| nickname).into();
        Ok(Response::new(TeamResponse { city, nickname }))
    }
}
// ANCHOR_END: step3-servicer
// ANCHOR: step3-print-metadata

/// Prints `metadata` as a map, without the entries that every gRPC request has.
fn print_metadata(metadata: &MetadataMap) -> io::Result<()> {
    let mut map = BTreeMap::new();
    for (key, value) in metadata.as_ref() {
        let is_protocol = matches!(key.as_str(), "te" | "content-type");
        if !is_protocol && !key.as_str().starts_with("grpc-") {
            map.insert(key.as_str(), String::from_utf8_lossy(value.as_bytes()));
        }
    }
    let entries: Vec<_> = map.iter().map(|(key, value)| format!("'{key}': '{value}'")).collect();
    writeln!(stdout(), "{{{}}}", entries.join(", "))
}
// ANCHOR_END: step3-print-metadata
// ANCHOR: step3-run

/// Serves on `listener` until `shutdown` ends. Calls that are under way then may finish;
/// new ones are refused.
/// Nothing limits this wait, or the number of connections: lesson 6 does, in step 8.
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
// ANCHOR_END: step3-run
// ANCHOR_END: step3-server
