//! The server: it knows ten teams, and says of every answer that it is its own.

use crate::listen;
use crate::pb::teams_server::{Teams, TeamsServer};
use crate::pb::{TeamRequest, TeamResponse};
// ANCHOR: step8-import
use crate::{drain, trace};
// ANCHOR_END: step8-import
use tonic::metadata::{Ascii, MetadataValue};
use tonic::transport::{Server, server::TcpIncoming};
use tonic::{Request, Response, Status};
// ANCHOR: step5-imports
use tonic_health::server::health_reporter;
use tonic_reflection::server::Builder as Reflection;
// ANCHOR_END: step5-imports

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
pub struct TeamsServicer {
    /// What each answer says of the server that gave it: its address.
    pub served_by: MetadataValue<Ascii>,
}

#[tonic::async_trait]
impl Teams for TeamsServicer {
    async fn get_team(
        &self,
        request: Request<TeamRequest>,
    ) -> Result<Response<TeamResponse>, Status> {
        // ANCHOR: step7-fail-at
        // Who wants to see what a failure does can ask for one, of their own call.
        if request.metadata().get("fail-at") == Some(&self.served_by) {
            return Err(Status::unavailable("you asked for it"));
        }
        // ANCHOR_END: step7-fail-at
        let TeamRequest { city } = request.into_inner();
        let team = TEAMS.iter().find(|(its_city, _)| *its_city == city);
        let nickname = team.map_or("not a member", |(_, nickname)| nickname).into();

        let mut response = Response::new(TeamResponse { city, nickname });
        response.metadata_mut().insert("served-by", self.served_by.clone());
        Ok(response)
    }
}

/// Serves on `addr` (HOST:PORT) until Ctrl-C or SIGTERM. Fails if it can't listen there.
pub async fn serve(addr: &str) -> anyhow::Result<()> {
    // ANCHOR: step8-init
    trace::init()?;
    // ANCHOR_END: step8-init
    let (incoming, stop) = listen::on(addr).await?;
    run(incoming, stop).await
}

/// Serves on `incoming` until `stop` ends. Calls that are under way then may finish.
pub async fn run(incoming: TcpIncoming, stop: impl Future<Output = ()>) -> anyhow::Result<()> {
    let addr = incoming.local_addr()?;
    let servicer = TeamsServicer { served_by: addr.to_string().parse()? };
    // ANCHOR: step5-services
    let (health, health_service) = health_reporter();
    health.set_serving::<TeamsServer<TeamsServicer>>().await;
    // It tells all that the proto does. A caller from elsewhere is a stranger, and isn't told.
    let reflection = Reflection::configure()
        .register_encoded_file_descriptor_set(crate::pb::DESCRIPTORS)
        .build_v1()?;
    let reflection = addr.ip().is_loopback().then_some(reflection);
    // ANCHOR_END: step5-services
    // ANCHOR: step8-in-order
    let (stop, over) = drain::in_order(stop, health);
    // ANCHOR_END: step8-in-order

    let served = Server::builder()
        // ANCHOR: step8-with-trace
        .trace_fn(trace::span)
        .layer(tower::util::MapResponseLayer::new(trace::answered))
        // ANCHOR_END: step8-with-trace
        .add_service(TeamsServer::new(servicer))
        // ANCHOR: step5-add-services
        .add_service(health_service)
        .add_optional_service(reflection)
        // ANCHOR_END: step5-add-services
        .serve_with_incoming_shutdown(incoming, stop);
    // ANCHOR: step8-over
    let served = async {
        tokio::select! {
            served = served => served,
            // What is still under way then is cut off as the program ends.
            () = over => Ok(()),
        }
    };
    // ANCHOR_END: step8-over
    served.await?;
    Ok(())
}
