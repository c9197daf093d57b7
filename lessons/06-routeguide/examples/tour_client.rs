//! A client that tours a region: `cargo run -p routeguide --example tour_client [ADDR]`. The
//! answers of one call, `ListFeatures`, are the requests of another, `RecordRoute`.

use anyhow::Context;
use async_stream::stream;
use routeguide::pb::route_guide_client::RouteGuideClient;
use routeguide::pb::{Feature, Point, Rectangle};
use std::{env, future, process};
use tokio::sync::oneshot;
use tonic::Streaming;
use tonic::transport::Channel;

/// Visits every place in a rectangle. It holds one of them at a time.
async fn tour(mut stub: RouteGuideClient<Channel>) -> anyhow::Result<()> {
    let rectangle = Rectangle {
        lo: Some(Point { latitude: 404000000, longitude: -750000000 }),
        hi: Some(Point { latitude: 406000000, longitude: -745000000 }),
    };
    let mut features = stub.list_features(rectangle).await?.into_inner();
    let (report, failure) = oneshot::channel();
    let route = stream! {
        loop {
            match next_point(&mut features).await {
                Ok(Some(point)) => yield point,
                Ok(None) => break,
                Err(error) => {
                    _ = report.send(error);
                    // At the end of the requests, the server would answer.
                    future::pending::<()>().await;
                    break;
                }
            }
        }
    };
    let summary = tokio::select! {
        biased;
        // This does not match if the route has ended without a failure.
        Ok(error) = failure => return Err(error),
        summary = stub.record_route(route) => summary?.into_inner(),
    };
    println!("Finished trip with {} points", summary.point_count);
    println!("Passed {} features", summary.feature_count);
    println!("Travelled {} metres", summary.distance);
    println!("It took {} seconds", summary.elapsed_time);
    Ok(())
}

/// Where the next place is, or `None` after the last.
async fn next_point(features: &mut Streaming<Feature>) -> anyhow::Result<Option<Point>> {
    let Some(feature) = features.message().await? else { return Ok(None) };
    let point = feature.location.context("the server named a place without its location")?;
    Ok(Some(point))
}

#[tokio::main]
async fn main() {
    if let Err(error) = run().await {
        eprintln!("error: {error:#}");
        process::exit(1);
    }
}

async fn run() -> anyhow::Result<()> {
    let addr = env::args().nth(1).unwrap_or("127.0.0.1:50051".into());
    let stub = RouteGuideClient::connect(format!("http://{addr}")).await.with_context(|| {
        format!("no server at {addr} (start one with `cargo run -p routeguide server`)")
    })?;
    tour(stub).await
}
