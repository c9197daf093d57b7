//! Streams: messages and bytes a second, in each direction, and calls one after the other beside them.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use prost::Message;
use routeguide::pb::route_guide_client::RouteGuideClient;
use serde::Serialize;
use streaming::pb::HelloRequest;
use streaming::pb::greeter_client::GreeterClient;
use tonic::Status;
use tonic::transport::Channel;
use xtask::workspace::lesson::{Lesson, Programs};

use crate::data::{Map, SIZES};
use crate::load::{median, rounds};
use crate::progress::Progress;
use crate::server::Server;

const ROUNDS: usize = rounds(7);
const TURN: Duration = Duration::from_millis(400);

/// No request stream has more messages: `SayHello_v2` takes 4 MiB of names.
const MOST: u64 = 500_000;

/// What is measured: the package, the method, and what goes through it.
const FLOWS: [(&str, &str, &str); 6] = [
    ("routeguide", "GetFeature", "unary, one after the other"),
    ("routeguide", "ListFeatures", "server streaming"),
    ("routeguide", "RecordRoute", "client streaming"),
    ("streaming", "SayHello_v1", "server streaming, 5 messages a call"),
    ("streaming", "SayHello_v2", "client streaming"),
    ("streaming", "SayHello_v3", "bidirectional streaming"),
];

/// What went through a method in a second: medians over the rounds.
#[derive(Serialize)]
pub struct Stream {
    pub server: &'static str,
    pub method: &'static str,
    pub kind: &'static str,
    pub messages_per_second: f64,
    /// Of messages, without what is around them.
    pub bytes_per_second: f64,
}

/// Messages that have gone through, and how long they are together.
#[derive(Default)]
struct Count {
    messages: u64,
    bytes: u64,
}

impl Count {
    fn add(&mut self, message: &impl Message) {
        self.messages += 1;
        self.bytes += message.encoded_len() as u64;
    }
}

/// Measures the streams of lessons 5 and 6, if they are among `lessons`. RouteGuide has the places of
/// the largest file in `folder`.
///
/// # Errors
///
/// If a server cannot be started, or a call fails.
pub async fn measure(
    lessons: &[&Lesson],
    programs: &Programs,
    folder: &Path,
    progress: &Progress,
) -> anyhow::Result<Vec<Stream>> {
    let places = SIZES[SIZES.len() - 1];
    let mut flows = Vec::new();
    let mut servers = Vec::new();
    for lesson in lessons {
        let data = folder.join(format!("routeguide-{places}.json"));
        let data = match lesson.package.as_str() {
            "routeguide" => Some(&*data),
            "streaming" => None,
            _ => continue,
        };
        let server = Server::start(&programs.side(&lesson.pairs[0].server)?, data).await?;
        let channel = server.channel().await?;
        for flow in FLOWS.iter().filter(|flow| flow.0 == lesson.package) {
            flows.push((flow, channel.clone(), Vec::new(), Vec::new()));
        }
        servers.push(server);
    }
    for round in 0..=ROUNDS {
        progress.says(format!("streams, round {round} of {ROUNDS}"));
        for ((_, method, _), channel, messages, bytes) in &mut flows {
            let started = Instant::now();
            let count = run(method, channel.clone(), started + TURN, places).await?;
            let seconds = started.elapsed().as_secs_f64();
            // The first time does not count.
            if round > 0 {
                messages.push(count.messages as f64 / seconds);
                bytes.push(count.bytes as f64 / seconds);
            }
        }
    }
    let row = |(flow, _, messages, bytes): (&'static (_, _, _), Channel, Vec<f64>, Vec<f64>)| {
        let (server, method, kind) = *flow;
        Stream {
            server,
            method,
            kind,
            messages_per_second: median(&messages),
            bytes_per_second: median(&bytes),
        }
    };
    Ok(flows.into_iter().map(row).collect())
}

/// Lets messages through `method` until `end`.
async fn run(method: &str, channel: Channel, end: Instant, places: u64) -> Result<Count, Status> {
    let mut count = Count::default();
    let map = Map::new(places);
    let mut guide = RouteGuideClient::new(channel.clone());
    let mut greeter = GreeterClient::new(channel);
    let you = || HelloRequest { name: "you".into() };
    match method {
        "GetFeature" => {
            for n in 0.. {
                count.add(&guide.get_feature(map.point(n)).await?.into_inner());
                if Instant::now() >= end {
                    break;
                }
            }
        }
        "ListFeatures" => {
            let mut features = guide.list_features(Map::all()).await?.into_inner();
            while let Some(feature) = features.message().await? {
                count.add(&feature);
                if Instant::now() >= end {
                    break;
                }
            }
        }
        "RecordRoute" => {
            let (points, sent) = until(end, move |n| map.point(n));
            guide.record_route(tokio_stream::iter(points)).await?;
            count.messages = sent.load(Ordering::Relaxed);
            let first = Map::new(places).point(0);
            count.bytes = count.messages * first.encoded_len() as u64;
        }
        "SayHello_v1" => {
            while Instant::now() < end {
                let mut replies = greeter.say_hello_v1(you()).await?.into_inner();
                while let Some(reply) = replies.message().await? {
                    count.add(&reply);
                }
            }
        }
        "SayHello_v2" => {
            let (names, sent) = until(end, move |_| you());
            greeter.say_hello_v2(tokio_stream::iter(names)).await?;
            count.messages = sent.load(Ordering::Relaxed);
            count.bytes = count.messages * you().encoded_len() as u64;
        }
        _ => {
            let (names, _) = until(end, move |_| you());
            let replies = greeter.say_hello_v3(tokio_stream::iter(names)).await?;
            let mut replies = replies.into_inner();
            while let Some(reply) = replies.message().await? {
                count.add(&reply);
            }
        }
    }
    Ok(count)
}

/// Messages until `end`, and how many there have been.
fn until<M>(end: Instant, message: impl Fn(u64) -> M) -> (impl Iterator<Item = M>, Arc<AtomicU64>) {
    let sent = Arc::new(AtomicU64::new(0));
    let counter = Arc::clone(&sent);
    let messages = (0..MOST).take_while(move |_| Instant::now() < end).map(move |n| {
        counter.fetch_add(1, Ordering::Relaxed);
        message(n)
    });
    (messages, sent)
}
