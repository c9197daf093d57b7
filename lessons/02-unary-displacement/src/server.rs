//! The server: it measures, and says what is missing.

use crate::pb::displacement_service_server::{DisplacementService, DisplacementServiceServer};
use crate::pb::{Displacement, DisplacementResponse, Point};
use tonic::transport::{Server, server::TcpIncoming};
use tonic::{Request, Response, Status};

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

/// The length of the straight line from `start` to `end`, in the unit of their coordinates.
pub fn distance(start: Point, end: Point) -> f32 {
    // The difference of two int32 can need 33 bits, and an f64 holds it exactly.
    let dx = f64::from(end.x) - f64::from(start.x);
    let dy = f64::from(end.y) - f64::from(start.y);
    dx.hypot(dy) as f32
}

/// Serves on `addr` (HOST:PORT) until Ctrl-C. Fails if it can't listen there.
pub async fn serve(addr: &str) -> anyhow::Result<()> {
    let (incoming, ctrl_c) = crate::listen::on(addr).await?;
    run(incoming, ctrl_c).await
}

/// Serves on `incoming` until `shutdown` ends. Calls that are under way then may finish.
pub async fn run(incoming: TcpIncoming, shutdown: impl Future<Output = ()>) -> anyhow::Result<()> {
    Server::builder()
        .add_service(DisplacementServiceServer::new(DisplacementServicer))
        .serve_with_incoming_shutdown(incoming, shutdown)
        .await?;
    Ok(())
}
