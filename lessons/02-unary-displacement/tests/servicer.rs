//! What the servicer answers, as a learner tests it: without a network, and over one.

use std::future::pending;
use tonic::transport::server::TcpIncoming;
use tonic::{Code, Request};
use unary_displacement::pb::displacement_service_client::DisplacementServiceClient;
use unary_displacement::pb::displacement_service_server::DisplacementService;
use unary_displacement::pb::{Displacement, Point};
use unary_displacement::server::{self, DisplacementServicer};

#[tokio::test]
async fn measures() -> anyhow::Result<()> {
    for (start, end, distance) in [
        ((0, 12), (12, 14), 12.165525),
        ((3, 0), (0, 4), 5.0),
        ((7, 7), (7, 7), 0.0),
        ((i32::MIN, 0), (i32::MAX, 0), 4_294_967_295.0),
        ((i32::MIN, i32::MIN), (i32::MAX, i32::MAX), 6_074_001_000.0),
    ] {
        let start = Some(Point { x: start.0, y: start.1 });
        let end = Some(Point { x: end.0, y: end.1 });
        let request = Request::new(Displacement { start, end });
        let response = DisplacementServicer.compute_displacement(request).await?;
        assert_eq!(response.into_inner().distance, distance, "from {start:?} to {end:?}");
    }
    Ok(())
}

#[tokio::test]
async fn names_the_point_that_is_missing() -> anyhow::Result<()> {
    // Port 0 is any free one.
    let incoming = TcpIncoming::bind("127.0.0.1:0".parse()?)?;
    let addr = incoming.local_addr()?;
    tokio::spawn(server::run(incoming, pending()));
    let mut stub = DisplacementServiceClient::connect(format!("http://{addr}")).await?;

    let point = Some(Point { x: 1, y: 2 });
    for (start, end, message) in [
        (None, point, "start is missing"),
        (point, None, "end is missing"),
        (None, None, "start is missing"),
    ] {
        let status = stub.compute_displacement(Displacement { start, end }).await.unwrap_err();
        assert_eq!((status.code(), status.message()), (Code::InvalidArgument, message));
    }
    Ok(())
}
