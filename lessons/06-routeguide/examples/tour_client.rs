//! A client that tours a region: `cargo run -p routeguide --example tour_client [ADDR]`. The answers
//! of one call, `ListFeatures`, are the requests of another, `RecordRoute`.

// ANCHOR: imports
use std::env;
use std::error::Error;
use std::future::pending;
use std::io::{Write, stderr, stdout};
use std::process::ExitCode;

use anyhow::{Context, bail};
use async_stream::stream;
use routeguide::pb::route_guide_client::RouteGuideClient;
use routeguide::pb::{Feature, Point, Rectangle};
use tokio::sync::oneshot;
use tonic::transport::{Channel, Endpoint};
use tonic::{Status, Streaming};
// ANCHOR_END: imports

// ANCHOR: tour
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
                    // The end of the requests would say that the route is complete.
                    pending::<()>().await;
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
    writeln!(stdout(), "Finished trip with {} points", summary.point_count)?;
    writeln!(stdout(), "Passed {} features", summary.feature_count)?;
    writeln!(stdout(), "Travelled {} metres", summary.distance)?;
    writeln!(stdout(), "It took {} seconds", summary.elapsed_time)?;
    Ok(())
}
// ANCHOR_END: tour

// ANCHOR: next
/// Where the next place is; none if there are no more.
async fn next_point(features: &mut Streaming<Feature>) -> anyhow::Result<Option<Point>> {
    let Some(feature) = features.message().await? else { return Ok(None) };
    let point = feature.location.context("the server named a place without its location")?;
    Ok(Some(point))
}
// ANCHOR_END: next

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // If not even this can be printed, there is still the exit code.
            _ = writeln!(stderr(), "error: {}", explain(&error));
            ExitCode::FAILURE
        }
    }
}

// ANCHOR: run
async fn run() -> anyhow::Result<()> {
    let args: Vec<_> = env::args_os().skip(1).collect();
    let addr = match &args[..] {
        [] => "127.0.0.1:50051".into(),
        [addr] => addr.to_string_lossy(),
        _ => bail!("give nothing, or the address of a server: `[ADDR]`"),
    };
    let endpoint = Endpoint::from_shared(format!("http://{addr}"))
        .ok()
        .filter(|endpoint| endpoint.uri().port_u16().is_some())
        .with_context(|| format!("{addr:?} is no address: give HOST:PORT"))?;
    let channel = endpoint.connect().await.with_context(|| {
        format!("no server at {addr}: start one with `cargo run -p routeguide server`")
    })?;
    tour(RouteGuideClient::new(channel)).await
}
// ANCHOR_END: run

/// What went wrong, in one line.
fn explain(error: &anyhow::Error) -> String {
    if let Some(status) = error.downcast_ref::<Status>() {
        let why = match status.message() {
            "" => status.code().description(),
            message => message,
        };
        // A status that the server has sent has no source.
        return if status.source().is_none() {
            format!("the server answered {:?}: {why:?}", status.code())
        } else {
            format!("the connection broke: {why:?}: is the server of this lesson still running?")
        };
    }
    error.to_string()
}
