//! The client: each kind of call once. It does the same thing every time.

use crate::pb::{self, route_guide_client::RouteGuideClient};
use anyhow::Context;
// ANCHOR: step8-import-duration
use std::time::Duration;
// ANCHOR_END: step8-import-duration
use tonic::transport::Channel;

/// A place that the server knows by name.
const BERKSHIRE_VALLEY: pb::Point = pb::Point { latitude: 409146138, longitude: -746188906 };

/// A point in the Gulf of Guinea. There is no place.
const NULL_ISLAND: pb::Point = pb::Point { latitude: 0, longitude: 0 };

/// Calls each method of the server at `addr` (HOST:PORT) and prints what it answers. Fails without
/// a server, or if a call fails.
pub async fn run(addr: &str) -> anyhow::Result<()> {
    let mut stub =
        RouteGuideClient::connect(format!("http://{addr}")).await.with_context(|| {
            format!("no server at {addr} (start one with `cargo run -p routeguide server`)")
        })?;

    println!("----- GetFeature -----");
    get_feature(&mut stub).await?;
    // ANCHOR: step5-run
    println!("----- ListFeatures -----");
    list_features(&mut stub).await?;
    // ANCHOR_END: step5-run
    // ANCHOR: step6-run
    println!("----- RecordRoute -----");
    record_route(&mut stub).await?;
    // ANCHOR_END: step6-run
    // ANCHOR: step7-run
    println!("----- RouteChat -----");
    route_chat(&mut stub).await?;
    // ANCHOR_END: step7-run
    // ANCHOR: step8-run
    println!("----- Deadline -----");
    deadline(&mut stub).await?;
    // ANCHOR_END: step8-run
    Ok(())
}

/// One call that is awaited at once, and one that runs while something else is done.
async fn get_feature(stub: &mut RouteGuideClient<Channel>) -> anyhow::Result<()> {
    let feature = stub.get_feature(BERKSHIRE_VALLEY).await?.into_inner();
    print_feature(&feature);

    // A clone of a stub uses the same connection.
    let mut other_stub = stub.clone();
    let call = tokio::spawn(async move { other_stub.get_feature(NULL_ISLAND).await });
    println!("Looking elsewhere meanwhile");
    let feature = call.await??.into_inner();
    print_feature(&feature);
    Ok(())
}

fn print_feature(feature: &pb::Feature) {
    let place = degrees(feature.location.unwrap_or_default());
    match feature.name.as_str() {
        "" => println!("Nothing with a name at {place}"),
        name => println!("Feature called {name} at {place}"),
    }
}

/// A point for people: latitude and longitude in degrees.
fn degrees(point: pb::Point) -> String {
    let pb::Point { latitude, longitude } = point;
    format!("{:.7}, {:.7}", f64::from(latitude) / 1e7, f64::from(longitude) / 1e7)
}
// ANCHOR: step5-call-list-features

/// One request, and as many answers as there are places.
async fn list_features(stub: &mut RouteGuideClient<Channel>) -> anyhow::Result<()> {
    let lo = pb::Point { latitude: 404000000, longitude: -750000000 };
    let hi = pb::Point { latitude: 406000000, longitude: -745000000 };
    println!("Looking between {} and {}", degrees(lo), degrees(hi));
    let rectangle = pb::Rectangle { lo: Some(lo), hi: Some(hi) };
    let mut features = stub.list_features(rectangle).await?.into_inner();
    while let Some(feature) = features.message().await? {
        print_feature(&feature);
    }
    Ok(())
}
// ANCHOR_END: step5-call-list-features
// ANCHOR: step6-call-record-route

/// Many requests, and one answer when the last one is there.
async fn record_route(stub: &mut RouteGuideClient<Channel>) -> anyhow::Result<()> {
    let route = async_stream::stream! {
        for (latitude, longitude) in [
            (407838351, -746143763),
            (408122808, -743999179),
            (409000000, -744000000),
            (413628156, -749015468),
            (407113723, -749746483),
        ] {
            yield pb::Point { latitude, longitude };
        }
    };
    let summary = stub.record_route(route).await?.into_inner();
    println!("Finished trip with {} points", summary.point_count);
    println!("Passed {} features", summary.feature_count);
    println!("Travelled {} metres", summary.distance);
    println!("It took {} seconds", summary.elapsed_time);
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
    .map(|(point, message)| pb::RouteNote { location: Some(point), message: message.into() });
    for note in &notes {
        print_note("Sending", note);
    }
    let mut answers = stub.route_chat(tokio_stream::iter(notes)).await?.into_inner();
    while let Some(note) = answers.message().await? {
        print_note("Received", &note);
    }
    Ok(())
}

fn print_note(what: &str, note: &pb::RouteNote) {
    let place = degrees(note.location.unwrap_or_default());
    println!("{what} {:?} at {place}", note.message);
}
// ANCHOR_END: step7-call-route-chat
// ANCHOR: step8-call-deadline

/// Two chats: one may last an hour, and one 100 milliseconds. Only the second one ends by itself.
async fn deadline(stub: &mut RouteGuideClient<Channel>) -> anyhow::Result<()> {
    let (sender, notes) = tokio::sync::mpsc::channel(2);
    let mut request = tonic::Request::new(tokio_stream::wrappers::ReceiverStream::new(notes));
    request.set_timeout(Duration::from_secs(60 * 60));
    let mut answers = stub.route_chat(request).await?.into_inner();

    println!("Saying nothing for 100 milliseconds");
    let mut request = tonic::Request::new(tokio_stream::pending());
    request.set_timeout(Duration::from_millis(100));
    let chat = async { stub.route_chat(request).await?.into_inner().message().await };
    // Of a stream, tonic's client only looks at the clock until it begins. So there is a second
    // clock, for a server that goes on.
    let end = tokio::time::timeout(Duration::from_secs(3), chat).await;
    let end = end.ok().context("the server goes on after the deadline of a call")?;
    let code = end.err().map(|status| status.code());
    // Cancelled: the clock of our own side was faster.
    let is_late = matches!(code, Some(tonic::Code::DeadlineExceeded | tonic::Code::Cancelled));
    anyhow::ensure!(is_late, "a chat in which nobody speaks ended with {code:?}");
    println!("The time is over, and so is the chat");

    let note = pb::RouteNote { location: Some(NULL_ISLAND), message: "This chat goes on".into() };
    _ = sender.send(note.clone()).await;
    _ = sender.send(note).await;
    let answer = answers.message().await.ok().flatten();
    print_note("Received", &answer.context("a chat that may last an hour has ended")?);
    Ok(())
}
// ANCHOR_END: step8-call-deadline
