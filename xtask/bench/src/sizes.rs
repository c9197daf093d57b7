//! The same servers with a hundred entries, and with a million.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use movie_json::pb::MovieId;
use movie_json::pb::movie_client::MovieClient;
use routeguide::pb::route_guide_client::RouteGuideClient;
use serde::Serialize;
use tonic::Status;
use tonic::transport::Channel;
use xtask::workspace::lesson::{Lesson, Programs};

use crate::data::{Map, SIZES, film_id, write_films};
use crate::load::{Call, Figures, Rounds, call, median, rounds};
use crate::progress::Progress;
use crate::server::Server;

/// How often each file is loaded.
const LOADS: usize = rounds(5);

/// How often each server has its turn with each call, and for how long. One call after the other: with
/// more in flight, most of the time of a call is that of those before it.
const ROUNDS: usize = rounds(11);
const TURN: Duration = Duration::from_millis(200);
const IN_FLIGHT: usize = 1;

/// A server with so many entries.
#[derive(Serialize)]
pub struct Size {
    pub server: String,
    pub entries: u64,
    pub json_bytes: u64,
    /// From the start of the process until it is ready.
    pub load_ms: f64,
    /// Of JSON, in millions of bytes.
    pub megabytes_per_second: f64,
    /// The memory of the process when it is ready, where the system says so.
    pub resident_bytes: Option<u64>,
    /// One entry for each: GetFeature, GetMovieByID; ListFeatures with a hundred hits.
    pub methods: Vec<Method>,
}

/// What a method did.
#[derive(Serialize)]
pub struct Method {
    pub method: &'static str,
    pub in_flight: usize,
    #[serde(flatten)]
    pub figures: Figures,
}

struct Subject {
    package: String,
    entries: u64,
    file: std::path::PathBuf,
    loads: Vec<f64>,
    server: Option<Server>,
    calls: Vec<(&'static str, Call, Rounds)>,
}

/// Measures RouteGuide and the films, if they are among `lessons`. The data files are written to
/// `folder`.
///
/// # Errors
///
/// If a file cannot be written, a server cannot be started, or a call fails.
pub async fn measure(
    lessons: &[&Lesson],
    programs: &Programs,
    folder: &Path,
    progress: &Progress,
) -> anyhow::Result<Vec<Size>> {
    let mut subjects = Vec::new();
    for lesson in lessons {
        for entries in SIZES {
            let file = folder.join(format!("{}-{entries}.json", lesson.package));
            match lesson.package.as_str() {
                "routeguide" => Map::new(entries).write(&file)?,
                "movie-json" => write_films(entries, &file)?,
                _ => continue,
            }
            let side = programs.side(&lesson.pairs[0].server)?;
            let package = lesson.package.clone();
            let (loads, calls) = (Vec::new(), Vec::new());
            subjects.push((side, Subject { package, entries, file, loads, server: None, calls }));
        }
    }
    for round in 1..=LOADS {
        progress.says(format!("loading, round {round} of {LOADS}"));
        for (side, subject) in &mut subjects {
            if let Some(server) = subject.server.take() {
                server.stop().await?;
            }
            let server = Server::start(side, Some(&subject.file)).await?;
            subject.loads.push(server.load_time.as_secs_f64());
            subject.server = Some(server);
        }
    }
    let mut sizes = Vec::new();
    for (_, subject) in &mut subjects {
        let Some(server) = &subject.server else { continue };
        let json_bytes = subject.file.metadata()?.len();
        let load = median(&subject.loads);
        sizes.push(Size {
            server: subject.package.clone(),
            entries: subject.entries,
            json_bytes,
            load_ms: load * 1e3,
            megabytes_per_second: json_bytes as f64 / 1e6 / load,
            resident_bytes: server.resident()?,
            methods: Vec::new(),
        });
        for (method, call) in calls(&subject.package, subject.entries, server.channel().await?) {
            // The first time does not count.
            Rounds::new()?.run(IN_FLIGHT, TURN, &call).await?;
            subject.calls.push((method, call, Rounds::new()?));
        }
    }
    for round in 1..=ROUNDS {
        progress.says(format!("calls at each size, round {round} of {ROUNDS}"));
        for which in 0..2 {
            for (_, subject) in &mut subjects {
                if let Some((_, call, rounds)) = subject.calls.get_mut(which) {
                    rounds.run(IN_FLIGHT, TURN, call).await?;
                }
            }
        }
    }
    for (size, (_, subject)) in sizes.iter_mut().zip(&subjects) {
        for (method, _, rounds) in &subject.calls {
            let figures = rounds.figures();
            size.methods.push(Method { method, in_flight: IN_FLIGHT, figures });
        }
    }
    Ok(sizes)
}

/// The calls that are measured, each time for another entry.
fn calls(package: &str, entries: u64, channel: Channel) -> Vec<(&'static str, Call)> {
    let next = AtomicU64::new(0);
    if package == "movie-json" {
        let stub = MovieClient::new(channel);
        let get_movie = move || {
            let mut stub = stub.clone();
            let id = film_id(next.fetch_add(1, Ordering::Relaxed), entries);
            async move {
                stub.get_movie_by_id(MovieId { id }).await?;
                Ok(1)
            }
        };
        return vec![("GetMovieByID", call(get_movie))];
    }
    let map = Arc::new(Map::new(entries));
    let hundred = map.hundred();
    let stub = RouteGuideClient::new(channel);
    let lists = stub.clone();
    let get_feature = move || {
        let mut stub = stub.clone();
        let point = map.point(next.fetch_add(1, Ordering::Relaxed));
        async move {
            stub.get_feature(point).await?;
            Ok(1)
        }
    };
    let list_features = move || {
        let mut stub = lists.clone();
        async move {
            let mut features = stub.list_features(hundred).await?.into_inner();
            let mut hits = 0;
            while features.message().await?.is_some() {
                hits += 1;
            }
            match hits {
                100 => Ok(hits),
                _ => Err(Status::internal(format!("{hits} places instead of 100"))),
            }
        }
    };
    vec![("GetFeature", call(get_feature)), ("ListFeatures", call(list_features))]
}
