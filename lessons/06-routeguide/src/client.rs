// ANCHOR: step4-client
// ANCHOR: step4-imports
//! The client: each kind of call once. It does the same thing every time.

use std::io::{self, Write, stdout};

use anyhow::Context;
use tonic::transport::{Channel, Endpoint};

use crate::pb::route_guide_client::RouteGuideClient;
use crate::pb::{Feature, Point};
// ANCHOR_END: step4-imports
// ANCHOR: step5-client-imports

use crate::pb::Rectangle;
// ANCHOR_END: step5-client-imports
// ANCHOR: step6-client-imports

use async_stream::stream;
// ANCHOR_END: step6-client-imports
// ANCHOR: step7-client-imports

use crate::pb::RouteNote;
// ANCHOR_END: step7-client-imports
// ANCHOR: step8-client-imports

use std::time::Duration;

use anyhow::ensure;
use tokio::time::timeout;
use tonic::{Code, Request};

/// How long the client waits for a server that goes on after the deadline.
const PATIENCE: Duration = Duration::from_secs(5);
// ANCHOR_END: step8-client-imports
// ANCHOR: step4-run

/// A place that the server knows by name.
const BERKSHIRE_VALLEY: Point = Point { latitude: 409146138, longitude: -746188906 };

/// A point in the Gulf of Guinea. There is no place.
const NULL_ISLAND: Point = Point { latitude: 0, longitude: 0 };

/// Calls each method of the server at `addr` (HOST:PORT) and prints what it answers.
///
/// # Errors
///
/// If `addr` is no address, if no server listens there, or if a call fails: then with the
/// `tonic::Status` of that call.
pub async fn run(addr: &str) -> anyhow::Result<()> {
    let endpoint = Endpoint::from_shared(format!("http://{addr}"))
        .ok()
        .filter(|endpoint| endpoint.uri().port_u16().is_some())
        .with_context(|| format!("{addr:?} is no address: give HOST:PORT"))?;
    let channel = endpoint.connect().await.with_context(|| {
        format!("no server at {addr}: start one with `cargo run -p routeguide server`")
    })?;
    let mut stub = RouteGuideClient::new(channel);

    writeln!(stdout(), "----- GetFeature -----")?;
    get_feature(&mut stub).await?;
    // ANCHOR: step5-run

    writeln!(stdout(), "----- ListFeatures -----")?;
    list_features(&mut stub).await?;
    // ANCHOR_END: step5-run
    // ANCHOR: step6-run

    writeln!(stdout(), "----- RecordRoute -----")?;
    record_route(&mut stub).await?;
    // ANCHOR_END: step6-run
    // ANCHOR: step7-run

    writeln!(stdout(), "----- RouteChat -----")?;
    route_chat(&mut stub).await?;
    // ANCHOR_END: step7-run
    // ANCHOR: step8-run

    writeln!(stdout(), "----- Deadline -----")?;
    deadline(&mut stub).await?;
    // ANCHOR_END: step8-run

    Ok(())
}
// ANCHOR_END: step4-run
// ANCHOR: step4-get-feature

/// One call that is awaited at once, and one that runs while something else is done.
async fn get_feature(stub: &mut RouteGuideClient<Channel>) -> anyhow::Result<()> {
    let feature = stub.get_feature(BERKSHIRE_VALLEY).await?.into_inner();
    print_feature(&feature)?;

    // A clone of a stub uses the same connection.
    let mut other_stub = stub.clone();
    let call = tokio::spawn(async move { other_stub.get_feature(NULL_ISLAND).await });
    writeln!(stdout(), "Looking elsewhere meanwhile")?;
    let feature = call.await??.into_inner();
    print_feature(&feature)?;
    Ok(())
}
// ANCHOR_END: step4-get-feature
// ANCHOR: step4-print

fn print_feature(feature: &Feature) -> io::Result<()> {
    let place = degrees(feature.location.unwrap_or_default());
    match feature.name.as_str() {
        "" => writeln!(stdout(), "Nothing with a name at {place}"),
        name => writeln!(stdout(), "Feature called {name} at {place}"),
    }
}

/// A point for people: latitude and longitude in degrees.
fn degrees(point: Point) -> String {
    let Point { latitude, longitude } = point;
    format!("{:.7}, {:.7}", f64::from(latitude) / 1e7, f64::from(longitude) / 1e7)
}
// ANCHOR_END: step4-print
// ANCHOR: step5-call-list-features

/// One request, and as many answers as there are places.
async fn list_features(stub: &mut RouteGuideClient<Channel>) -> anyhow::Result<()> {
    let lo = Point { latitude: 404000000, longitude: -750000000 };
    let hi = Point { latitude: 406000000, longitude: -745000000 };
    writeln!(stdout(), "Looking between {} and {}", degrees(lo), degrees(hi))?;
    let rectangle = Rectangle { lo: Some(lo), hi: Some(hi) };
    let mut features = stub.list_features(rectangle).await?.into_inner();
    while let Some(feature) = features.message().await? {
        print_feature(&feature)?;
    }
    Ok(())
}
// ANCHOR_END: step5-call-list-features
// ANCHOR: step6-call-record-route

/// Many requests, and one answer when the last one is there.
async fn record_route(stub: &mut RouteGuideClient<Channel>) -> anyhow::Result<()> {
    let route = stream! {
        for (latitude, longitude) in [
            (407838351, -746143763),
            (408122808, -743999179),
            (409000000, -744000000),
            (413628156, -749015468),
            (407113723, -749746483),
        ] {
            yield Point { latitude, longitude };
        }
    };
    let summary = stub.record_route(route).await?.into_inner();
    writeln!(stdout(), "Finished trip with {} points", summary.point_count)?;
    writeln!(stdout(), "Passed {} features", summary.feature_count)?;
    writeln!(stdout(), "Travelled {} metres", summary.distance)?;
    writeln!(stdout(), "It took {} seconds", summary.elapsed_time)?;
    Ok(())
}
// ANCHOR_END: step6-call-record-route
// ANCHOR: step7-call-route-chat

/// Requests and answers, each in their own time.
async fn route_chat(stub: &mut RouteGuideClient<Channel>) -> anyhow::Result<()> {
    let notes = [
        (BERKSHIRE_VALLEY, "First message"),
        (NULL_ISLAND, "Second message"),
        (BERKSHIRE_VALLEY, "Third message"),
        (BERKSHIRE_VALLEY, "Fourth message"),
        (NULL_ISLAND, "Fifth message"),
    ]
    .map(|(point, message)| RouteNote { location: Some(point), message: message.into() });
    for note in &notes {
        print_note("Sending", note)?;
    }
    let mut answers = stub.route_chat(tokio_stream::iter(notes)).await?.into_inner();
    while let Some(note) = answers.message().await? {
        print_note("Received", &note)?;
    }
    Ok(())
}

fn print_note(what: &str, note: &RouteNote) -> io::Result<()> {
    let place = degrees(note.location.unwrap_or_default());
    writeln!(stdout(), "{what} {:?} at {place}", note.message)
}
// ANCHOR_END: step7-call-route-chat
// ANCHOR: step8-call-deadline

/// A chat in which nobody says anything. It ends because of its deadline.
async fn deadline(stub: &mut RouteGuideClient<Channel>) -> anyhow::Result<()> {
    writeln!(stdout(), "Saying nothing for 100 milliseconds")?;
    let mut request = Request::new(tokio_stream::pending());
    // It tells the server. Of a stream, tonic's client only looks at the clock until it begins.
    request.set_timeout(Duration::from_millis(100));
    let chat = async { stub.route_chat(request).await?.into_inner().message().await };
    let end = timeout(PATIENCE, chat).await;
    let end = end.context("unimplemented: the server goes on after the deadline of a call")?;
    let code = end.err().map(|status| status.code());
    // Cancelled: the clock of our own side was faster.
    let is_late = matches!(code, Some(Code::DeadlineExceeded | Code::Cancelled));
    ensure!(is_late, "a chat in which nobody speaks ended with {code:?}");
    writeln!(stdout(), "The time is over, and so is the chat")?;
    Ok(())
}
// ANCHOR_END: step8-call-deadline
// ANCHOR_END: step4-client
