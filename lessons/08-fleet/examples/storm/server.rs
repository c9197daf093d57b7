//! A server that says it is serving, and fails every call.

use fleet::listen;
use fleet::pb::teams_server::{Teams, TeamsServer};
use fleet::pb::{TeamRequest, TeamResponse};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use tonic::transport::Server;
use tonic::{Request, Response, Status};
use tonic_health::server::health_reporter;

/// Implements the service `Teams`, badly, and counts the calls.
#[derive(Clone, Default)]
struct SickServicer {
    calls: Arc<AtomicU32>,
}

#[tonic::async_trait]
impl Teams for SickServicer {
    async fn get_team(&self, _: Request<TeamRequest>) -> Result<Response<TeamResponse>, Status> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        Err(Status::unavailable("too much to do"))
    }
}

/// Serves on `addr` (HOST:PORT) until Ctrl-C, and prints how many calls came in.
pub async fn serve(addr: &str) -> anyhow::Result<()> {
    let (incoming, stop) = listen::on(addr).await?;
    let servicer = SickServicer::default();
    let (health, health_service) = health_reporter();
    health.set_serving::<TeamsServer<SickServicer>>().await;
    Server::builder()
        .add_service(TeamsServer::new(servicer.clone()))
        .add_service(health_service)
        .serve_with_incoming_shutdown(incoming, stop)
        .await?;
    println!("{} calls came in", servicer.calls.load(Ordering::Relaxed));
    Ok(())
}
