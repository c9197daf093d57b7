// ANCHOR: step3-server
// ANCHOR: step3-imports
//! The server: it measures, and says what is missing.

use tokio::net::TcpListener;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status};

use crate::pb::displacement_service_server::{DisplacementService, DisplacementServiceServer};
use crate::pb::{Displacement, DisplacementResponse, Point};
// ANCHOR_END: step3-imports
// ANCHOR: step3-servicer

/// Implements the service `my_package.DisplacementService`.
pub struct DisplacementServicer;

#[tonic::async_trait]
impl DisplacementService for DisplacementServicer {
    async fn compute_displacement(
        &self,
        request: Request<Displacement>,
    ) -> Result<Response<DisplacementResponse>, Status> {
        let Displacement { start, end } = request.into_inner();
        // A message in a message is always optional in proto3, and so an Option here.
        let start = start.ok_or_else(|| Status::invalid_argument("start is missing"))?;
        let end = end.ok_or_else(|| Status::invalid_argument("end is missing"))?;
        Ok(Response::new(DisplacementResponse { distance: distance(start, end) }))
    }
}
// ANCHOR_END: step3-servicer
// ANCHOR: step3-distance

/// The length of the straight line from `start` to `end`, in the unit of their coordinates.
pub fn distance(start: Point, end: Point) -> f32 {
    // The difference of two int32 can need 33 bits, and an f64 holds it exactly.
    let dx = f64::from(end.x) - f64::from(start.x);
    let dy = f64::from(end.y) - f64::from(start.y);
    dx.hypot(dy) as f32
}
// ANCHOR_END: step3-distance
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
        .add_service(DisplacementServiceServer::new(DisplacementServicer))
        .serve_with_incoming_shutdown(incoming, shutdown)
        .await?;
    Ok(())
}
// ANCHOR_END: step3-run
// ANCHOR_END: step3-server
