//! What each method answers, and to whom it does not. What it refuses is in `requests.toml`.

use std::convert::Infallible;
use std::fs;
use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use async_stream::stream;
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody};
use prost::Message;
use prost::bytes::Bytes;
use routeguide::pb::route_guide_client::RouteGuideClient;
use routeguide::pb::{Feature, Point, Rectangle, RouteNote};
use routeguide::places::{Place, Places};
use routeguide::{DATA, deadline, server};
use testing::net::{connect, listen};
use testing::server::Server;
use testing::{STUCK, until};
use tokio::runtime::Runtime;
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;
use tokio_stream::iter;
use tonic::body::Body;
use tonic::codegen::http;
use tonic::metadata::MetadataMap;
use tonic::transport::Channel;
use tonic::{Code, Status, Streaming};
use tower::ServiceExt;

const NAMED: Point = Point { latitude: 409146138, longitude: -746188906 };
const NAME: &str = "Berkshire Valley Management Area Trail, Jefferson, NJ, USA";
const NAMELESS: Point = Point { latitude: 404062378, longitude: -746376177 };
const NOWHERE: Point = Point { latitude: 0, longitude: 0 };

/// A channel to a server of the lesson's places.
async fn serve() -> anyhow::Result<Channel> {
    let (incoming, channel) = listen().await?;
    tokio::spawn(server::run(incoming, Places::load(DATA)?, pending()));
    Ok(channel)
}

fn point(latitude: i32, longitude: i32) -> Point {
    Point { latitude, longitude }
}

fn rectangle(lo: Point, hi: Point) -> Rectangle {
    Rectangle { lo: Some(lo), hi: Some(hi) }
}

fn note(point: Point, message: impl Into<String>) -> RouteNote {
    RouteNote { location: Some(point), message: message.into() }
}

/// All messages of `answers`, to their end.
async fn all<T>(mut answers: Streaming<T>) -> Result<Vec<T>, Status> {
    let mut messages = Vec::new();
    while let Some(message) = answers.message().await? {
        messages.push(message);
    }
    Ok(messages)
}

#[tokio::test]
async fn tells_what_is_at_a_point() -> anyhow::Result<()> {
    let mut stub = RouteGuideClient::new(serve().await?);
    for (point, name) in [
        (NAMED, NAME),
        (NAMELESS, ""),
        (NOWHERE, ""),
        (point(NAMED.latitude, NAMED.longitude + 1), ""),
        (point(NAMED.latitude + 1, NAMED.longitude), ""),
        (point(900_000_000, 1_800_000_000), ""),
        (point(900_000_000, -1_800_000_000), ""),
        (point(-900_000_000, 1_800_000_000), ""),
        (point(-900_000_000, -1_800_000_000), ""),
    ] {
        let feature = stub.get_feature(point).await?.into_inner();
        assert_eq!(feature, Feature { name: name.into(), location: Some(point) });
    }
    Ok(())
}

#[tokio::test]
async fn lists_the_places_between_any_two_opposite_corners() -> anyhow::Result<()> {
    let mut stub = RouteGuideClient::new(serve().await?);
    // Each side goes through one of the places, and through another than the other sides.
    let (south, north, west, east) = (404062378, 405688272, -749836354, -745129803);
    let inside =
        [404062378, 404080723, 404615353, 405002031, 405047245, 405314270, 405688272].as_slice();
    for (lo, hi, latitudes) in [
        (point(south, west), point(north, east), inside),
        (point(north, east), point(south, west), inside),
        (point(south, east), point(north, west), inside),
        (point(north, west), point(south, east), inside),
        (point(south + 1, west), point(north - 1, east), &inside[1..6]),
        (point(south, west + 1), point(north, east), &[&inside[..5], &inside[6..]].concat()),
        (point(south, west), point(north, east - 1), &[&inside[..2], &inside[3..]].concat()),
        (NAMED, NAMED, &[NAMED.latitude]),
        (NOWHERE, NOWHERE, &[]),
        (point(0, 0), point(900_000_000, 1_800_000_000), &[]),
    ] {
        let features = all(stub.list_features(rectangle(lo, hi)).await?.into_inner()).await?;
        let locations = features.into_iter().filter_map(|feature| feature.location);
        let found = Vec::from_iter(locations.map(|location| location.latitude));
        assert_eq!(found, latitudes, "between {lo:?} and {hi:?}");
    }
    Ok(())
}

#[tokio::test]
async fn lists_the_whole_world_from_south_to_north() -> anyhow::Result<()> {
    let mut stub = RouteGuideClient::new(serve().await?);
    let places: Vec<Place> = serde_json::from_slice(&fs::read(DATA)?)?;
    assert_eq!(places.len(), 100);
    assert!(places.is_sorted_by_key(|place| place.location.latitude));
    let world = rectangle(point(-900_000_000, -1_800_000_000), point(900_000_000, 1_800_000_000));
    let features = all(stub.list_features(world).await?.into_inner()).await?;
    assert_eq!(features, Vec::from_iter(places.iter().map(Place::to_feature)));
    Ok(())
}

#[tokio::test]
async fn sums_up_a_route() -> anyhow::Result<()> {
    let mut stub = RouteGuideClient::new(serve().await?);
    let poles = [point(900_000_000, 0), point(-900_000_000, 0)];
    // A degree of the equator is 111194.93 m long: if each leg lost its fraction, there would be
    // 444776 m of them.
    let degrees = [0, 1, 2, 3, 4].map(|degree| point(0, degree * 10_000_000));
    for (what, route, expected) in [
        ("no point", vec![], (0, 0, 0)),
        ("one point", vec![NOWHERE], (1, 0, 0)),
        ("one place", vec![NAMED], (1, 1, 0)),
        ("a place without a name", vec![NAMELESS], (1, 1, 0)),
        ("a place twice", vec![NAMED, NAMED], (2, 2, 0)),
        ("four degrees", degrees.into(), (5, 0, 444_779)),
        ("back and forth", [degrees[0], degrees[1]].repeat(3), (6, 0, 555_974)),
        ("round the earth", [poles[0], poles[1], poles[0]].into(), (3, 0, 40_030_173)),
        ("a great deal farther", poles.repeat(2_000), (4_000, 0, i32::MAX)),
    ] {
        let begin = Instant::now();
        let summary = stub.record_route(iter(route)).await?.into_inner();
        let counts = (summary.point_count, summary.feature_count, summary.distance);
        assert_eq!(counts, expected, "{what}");
        let seconds = i32::try_from(begin.elapsed().as_secs())?;
        assert!((0..=seconds).contains(&summary.elapsed_time), "{what}: {summary:?}");
    }
    Ok(())
}

#[tokio::test]
async fn answers_a_note_with_the_earlier_ones_at_its_point() -> anyhow::Result<()> {
    let mut stub = RouteGuideClient::new(serve().await?);
    let beside = point(NAMED.latitude, NAMED.longitude + 1);
    let [a, b, c] = ["a", "b", "c"].map(|message| note(NAMED, message));
    let [x, y] = ["x", "y"].map(|message| note(beside, message));
    // From the second case on, none has the notes of those before it.
    for (sent, received) in [
        (vec![&a, &b, &c], vec![&a, &a, &b]),
        (vec![], vec![]),
        (vec![&a], vec![]),
        (vec![&a, &x], vec![]),
        (vec![&a, &a, &a], vec![&a, &a, &a]),
        (vec![&a, &x, &b, &y, &c], vec![&a, &x, &a, &b]),
    ] {
        let notes = Vec::from_iter(sent.into_iter().cloned());
        let answers = all(stub.route_chat(iter(notes.clone())).await?.into_inner()).await?;
        assert_eq!(Vec::from_iter(&answers), received, "to {notes:?}");
    }
    Ok(())
}

/// A stream of notes that stays open, and its answers.
async fn chat(
    stub: &mut RouteGuideClient<Channel>,
) -> Result<(mpsc::Sender<RouteNote>, Streaming<RouteNote>), Status> {
    let (sender, mut receiver) = mpsc::channel(1);
    let notes = stream! { while let Some(note) = receiver.recv().await { yield note } };
    Ok((sender, stub.route_chat(notes).await?.into_inner()))
}

#[tokio::test]
async fn answers_at_once_and_keeps_streams_apart() -> anyhow::Result<()> {
    let mut stub = RouteGuideClient::new(serve().await?);
    let (to_one, mut from_one) = chat(&mut stub).await?;
    let (to_other, mut from_other) = chat(&mut stub).await?;
    to_one.send(note(NAMED, "one")).await?;
    to_other.send(note(NAMED, "other")).await?;
    // Each note waits for the answers to the one before it.
    for count in 1..=3 {
        for (to, from, name) in
            [(&to_one, &mut from_one, "one"), (&to_other, &mut from_other, "other")]
        {
            to.send(note(NAMED, name)).await?;
            for _ in 0..count {
                let answer = timeout(STUCK, from.message()).await??;
                assert_eq!(answer, Some(note(NAMED, name)));
            }
        }
    }
    drop((to_one, to_other));
    assert_eq!(all(from_one).await?, []);
    assert_eq!(all(from_other).await?, []);
    Ok(())
}

#[tokio::test]
async fn answers_what_comes_before_a_note_without_a_place() -> anyhow::Result<()> {
    let mut stub = RouteGuideClient::new(serve().await?);
    let homeless = RouteNote { location: None, message: "hello".into() };
    let notes = iter([note(NAMED, "a"), note(NAMED, "b"), homeless]);
    let mut answers = stub.route_chat(notes).await?.into_inner();
    assert_eq!(answers.message().await?, Some(note(NAMED, "a")));
    let status = answers.message().await.unwrap_err();
    assert_eq!((status.code(), status.message()), (Code::InvalidArgument, "location is missing"));
    Ok(())
}

#[tokio::test]
async fn knows_how_long_a_client_waits() -> anyhow::Result<()> {
    let a_year = Duration::from_secs(365 * 24 * 60 * 60);
    for (header, expected) in [
        ("1H", Some(Duration::from_secs(3_600))),
        ("2M", Some(Duration::from_secs(120))),
        ("3S", Some(Duration::from_secs(3))),
        ("4000m", Some(Duration::from_secs(4))),
        ("5000000u", Some(Duration::from_secs(5))),
        ("60000000n", Some(Duration::from_millis(60))),
        ("0S", Some(Duration::ZERO)),
        // Longer than anybody lives, or no time at all.
        ("4294967295H", None),
        ("4294967296S", None),
        ("", None),
        ("S", None),
        ("5", None),
        ("5s", None),
        ("-5S", None),
        ("1.5S", None),
        ("5 S", None),
    ] {
        let mut metadata = MetadataMap::new();
        metadata.insert("grpc-timeout", header.parse()?);
        let begin = tokio::time::Instant::now();
        let deadline = deadline::of(&metadata).deadline();
        let end = begin.elapsed();
        match expected {
            Some(time) => {
                assert!((time..=time + end).contains(&(deadline - begin)), "{header:?}");
            }
            None => assert!(deadline - begin > a_year, "{header:?}"),
        }
    }
    assert!(deadline::of(&MetadataMap::new()).deadline() > tokio::time::Instant::now() + a_year);
    Ok(())
}

#[tokio::test]
async fn does_not_hang_up_on_a_client_whose_small_messages_wait() -> anyhow::Result<()> {
    let (incoming, channel) = listen().await?;
    let mut others = RouteGuideClient::new(connect(incoming.local_addr()?)?);
    tokio::spawn(server::run(incoming, Places::new(vec![]), pending()));

    // One long note, and very many short ones in frames of their own: tonic would pack them
    // together, but clients in other languages do not.
    let sent = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&sent);
    let frames = stream! {
        let long = note(NOWHERE, "x".repeat(16 * 1024)).encode_to_vec();
        let short = note(NOWHERE, "").encode_to_vec();
        for message in [long].into_iter().chain(std::iter::repeat_n(short, 5_000)) {
            let length = (message.len() as u32).to_be_bytes();
            let frame = [&[0], &length[..], &message].concat();
            counter.fetch_add(1, Ordering::Relaxed);
            yield Ok::<_, Infallible>(Frame::data(Bytes::from(frame)));
        }
    };
    let request = http::Request::post("/routeguide.RouteGuide/RouteChat")
        .header("content-type", "application/grpc")
        .body(Body::new(StreamBody::new(frames)))?;
    let response = channel.oneshot(request).await?;

    // Nobody reads the answers, so the server takes no more notes: they wait.
    let mut before = 0;
    loop {
        for _ in 0..100 {
            others.get_feature(NOWHERE).await?;
        }
        let now = sent.load(Ordering::Relaxed);
        if now == before {
            break;
        }
        before = now;
    }
    // Now somebody does, up to the limit of the chat.
    let body = response.into_body().collect().await?;
    let status = body.trailers().and_then(Status::from_header_map);
    assert_eq!(status.map(|status| status.code()), Some(Code::ResourceExhausted));
    Ok(())
}

#[tokio::test]
async fn ends_a_chat_with_too_many_notes_at_a_point() -> anyhow::Result<()> {
    const MANY: i32 = 3_000;
    let mut stub = RouteGuideClient::new(serve().await?);
    let elsewhere = iter((1..=MANY).map(|n| note(point(0, n), "")));
    assert_eq!(all(stub.route_chat(elsewhere).await?.into_inner()).await?, []);

    let here = iter((1..=MANY).map(|n| note(NAMED, n.to_string())));
    let mut answers = stub.route_chat(here).await?.into_inner();
    let (mut count, mut kept) = (0, 0);
    let status = loop {
        match answers.message().await {
            Ok(Some(answer)) => (count, kept) = (count + 1, answer.message.parse::<i32>()?),
            Ok(None) => panic!("{MANY} notes are not too many"),
            Err(status) => break status,
        }
    };
    assert_eq!(status.code(), Code::ResourceExhausted);
    let expected = format!("a stream keeps {kept} notes at a point ");
    assert!(status.message().starts_with(&expected), "{kept}: {status:?}");
    // No answer to the first note, one to the second, and so on. The last, which is one too many,
    // has all that are kept.
    assert_eq!(count, kept * (kept + 1) / 2);
    assert_eq!(stub.get_feature(NAMED).await?.into_inner().name, NAME);
    Ok(())
}

#[tokio::test]
async fn ends_a_chat_with_too_many_bytes_of_notes() -> anyhow::Result<()> {
    let mut stub = RouteGuideClient::new(serve().await?);
    let mebibyte = "x".repeat(1 << 20);
    for (mebibytes, code) in [(8, Code::Ok), (64, Code::ResourceExhausted), (8, Code::Ok)] {
        let mebibyte = mebibyte.clone();
        let notes = iter((0..mebibytes).map(move |n| note(point(0, n), mebibyte.clone())));
        let answer = all(stub.route_chat(notes).await?.into_inner()).await;
        let found = answer.map_or_else(|status| status.code(), |_| Code::Ok);
        assert_eq!(found, code, "{mebibytes} MiB");
    }
    Ok(())
}

/// A client begins `call`, which returns what keeps it open, and vanishes. Then nothing of the
/// call is left on the server.
async fn assert_ends<F, T>(call: impl FnOnce(RouteGuideClient<Channel>) -> F) -> anyhow::Result<()>
where
    F: Future<Output = anyhow::Result<T>> + Send + 'static,
    T: Send + 'static,
{
    // More places than fit into the windows of HTTP/2: the server is never through with them.
    let name = "x".repeat(1_000);
    let places = (0..10_000).map(|n| Place { location: point(n, 0), name: name.clone() });
    let places = Places::new(places.collect());
    let mut server = Server::start(|incoming, stop| server::run(incoming, places, stop)).await?;
    let addr = server.addr;

    // A runtime of its own: when it is shut down, the client is gone, connection and all.
    let client = Runtime::new()?;
    let channel = client.spawn(async move { connect(addr) }).await??;
    let call = call(RouteGuideClient::new(channel.clone()));
    let open = timeout(STUCK, client.spawn(call)).await;
    client.shutdown_background();
    let open = open???;
    server.stop()?;
    // It waits for its connections, but not for what calls may have spawned.
    server.stopped().await?;
    until("nothing is left", || server.tasks() == 0).await?;
    drop((open, channel));
    Ok(())
}

#[tokio::test]
async fn ends_a_list_for_a_client_that_vanishes() -> anyhow::Result<()> {
    assert_ends(|mut stub| async move {
        let all_of_them = rectangle(NOWHERE, point(900_000_000, 0));
        let mut features = stub.list_features(all_of_them).await?.into_inner();
        assert!(features.message().await?.is_some(), "the call is under way");
        Ok(features)
    })
    .await
}

#[tokio::test]
async fn ends_a_route_for_a_client_that_vanishes() -> anyhow::Result<()> {
    assert_ends(|mut stub| async move {
        let (begin, begun) = oneshot::channel();
        let route = stream! {
            // Those that do not fit into the windows of HTTP/2, the server has taken.
            for _ in 0..20_000 {
                yield NAMED;
            }
            begin.send(()).unwrap_or(());
            pending::<()>().await;
        };
        let call = tokio::spawn(async move { stub.record_route(route).await });
        begun.await?;
        Ok(call)
    })
    .await
}

#[tokio::test]
async fn ends_a_chat_for_a_client_that_vanishes() -> anyhow::Result<()> {
    assert_ends(|mut stub| async move {
        let (sender, mut answers) = chat(&mut stub).await?;
        sender.send(note(NAMED, "a")).await?;
        sender.send(note(NAMED, "b")).await?;
        assert_eq!(answers.message().await?, Some(note(NAMED, "a")), "the call is under way");
        Ok((sender, answers))
    })
    .await
}
