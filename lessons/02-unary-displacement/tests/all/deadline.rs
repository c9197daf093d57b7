//! The exercise about a deadline: a servicer that never answers, and a client that does not wait.

use std::future::pending;
use std::time::Duration;

use tonic::transport::{Server, server::TcpIncoming};
use tonic::{Code, Request, Response, Status};
use unary_displacement::pb::displacement_service_client::DisplacementServiceClient;
use unary_displacement::pb::displacement_service_server::{
    DisplacementService, DisplacementServiceServer,
};
use unary_displacement::pb::{Displacement, DisplacementResponse};

/// Never answers.
struct Silent;

#[tonic::async_trait]
impl DisplacementService for Silent {
    async fn compute_displacement(
        &self,
        _request: Request<Displacement>,
    ) -> Result<Response<DisplacementResponse>, Status> {
        pending().await
    }
}

#[tokio::test]
async fn a_call_ends_when_its_time_is_over() -> anyhow::Result<()> {
    let incoming = TcpIncoming::bind("127.0.0.1:0".parse()?)?;
    let addr = incoming.local_addr()?;
    let service = DisplacementServiceServer::new(Silent);
    tokio::spawn(Server::builder().add_service(service).serve_with_incoming(incoming));
    let mut stub = DisplacementServiceClient::connect(format!("http://{addr}")).await?;

    let mut request = Request::new(Displacement::default());
    request.set_timeout(Duration::from_millis(10));
    let status = stub.compute_displacement(request).await.unwrap_err();
    assert!(matches!(status.code(), Code::Cancelled | Code::DeadlineExceeded), "{status}");
    Ok(())
}
