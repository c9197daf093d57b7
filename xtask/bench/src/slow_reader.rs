//! What a client that reads slowly costs the server.

use std::path::Path;
use std::time::{Duration, Instant};

use prost::Message;
use routeguide::pb::route_guide_client::RouteGuideClient;
use serde::Serialize;
use tokio::time::interval;
use tonic::{Response, Status, Streaming};
use xtask::workspace::lesson::{Lesson, Programs};

use crate::data::{Map, SIZES};
use crate::progress::Progress;
use crate::server::Server;

/// The client takes one message in this time, for so long.
const BETWEEN: Duration = Duration::from_millis(10);
const TIME: Duration = Duration::from_secs(6);

/// After how many messages the memory is looked at again.
const SAMPLE: usize = 20;

/// How many calls a server has answered before, so that what it needs for any call is there.
pub const WARM_UP: u64 = 1_000;

/// The memory of the server while somebody reads slowly.
#[derive(Serialize)]
pub struct SlowReader {
    /// The package of the lesson.
    pub server: &'static str,
    /// How many entries the stream has, and how many the client took of them.
    pub entries: u64,
    pub taken: u64,
    /// What all of them are as messages, roughly: what a server that does not wait would keep.
    pub stream_bytes: u64,
    /// The memory of the server before the stream.
    pub before_bytes: u64,
    /// The most that it had more than that while the stream lasted.
    pub growth_bytes: u64,
    /// How much more it had, and when.
    pub samples: Vec<Sample>,
}

/// How much more memory there was at a time.
#[derive(Serialize)]
pub struct Sample {
    pub seconds: f64,
    pub growth_bytes: i64,
}

/// Measures it, if RouteGuide is among `lessons`, and the system says how much memory a process has.
///
/// # Errors
///
/// If the server cannot be started, or a call fails.
pub async fn measure(
    lessons: &[&Lesson],
    programs: &Programs,
    folder: &Path,
    progress: &Progress,
) -> anyhow::Result<Option<SlowReader>> {
    let Some(lesson) = lessons.iter().find(|lesson| lesson.package == "routeguide") else {
        return Ok(None);
    };
    progress.says("a slow reader".into());
    let places = SIZES[SIZES.len() - 1];
    let data = folder.join(format!("routeguide-{places}.json"));
    let server = Server::start(&programs.side(&lesson.pairs[0].server)?, Some(&data)).await?;
    let mut stub = RouteGuideClient::new(server.channel().await?);
    let map = Map::new(places);
    for n in 0..WARM_UP {
        stub.get_feature(map.point(n)).await?;
    }
    let features = stub.list_features(Map::all());
    watch("routeguide", &server, places, features, |_| 1).await
}

/// Takes the `entries` entries of the stream that `calling` returns slowly, `count` of them with
/// each message, and looks at the memory of `server` meanwhile.
///
/// # Errors
///
/// If the call fails.
pub async fn watch<M: Message>(
    name: &'static str,
    server: &Server,
    entries: u64,
    calling: impl Future<Output = Result<Response<Streaming<M>>, Status>>,
    count: impl Fn(&M) -> usize,
) -> anyhow::Result<Option<SlowReader>> {
    let Some(before) = server.resident()? else { return Ok(None) };
    let started = Instant::now();
    let mut messages = calling.await?.into_inner();
    let mut ticks = interval(BETWEEN);
    let (mut taken, mut bytes, mut samples) = (0, 0, Vec::new());
    for n in 0.. {
        if started.elapsed() >= TIME {
            break;
        }
        let Some(message) = messages.message().await? else { break };
        taken += count(&message) as u64;
        bytes += message.encoded_len() as u64;
        if n % SAMPLE == 0
            && let Some(now) = server.resident()?
        {
            let growth_bytes = now as i64 - before as i64;
            samples.push(Sample { seconds: started.elapsed().as_secs_f64(), growth_bytes });
        }
        ticks.tick().await;
    }
    let growth = samples.iter().map(|sample| sample.growth_bytes).max().unwrap_or_default();
    Ok(Some(SlowReader {
        server: name,
        entries,
        taken,
        stream_bytes: bytes * entries / taken.max(1),
        before_bytes: before,
        growth_bytes: growth.max(0) as u64,
        samples,
    }))
}
