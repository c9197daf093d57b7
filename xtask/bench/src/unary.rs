//! Small calls: each lesson's server, the ceiling, and the twins in Python, in turns.

use std::env;
use std::time::Duration;

use helloworld::pb::HelloRequest;
use helloworld::pb::greeter_client::GreeterClient;
use movie_json::pb::MovieId;
use movie_json::pb::movie_client::MovieClient;
use routeguide::pb::Point;
use routeguide::pb::route_guide_client::RouteGuideClient;
use serde::Serialize;
use teams::pb::TeamRequest;
use teams::pb::teams_client::TeamsClient;
use tonic::Status;
use tonic::transport::Channel;
use unary_displacement::pb::Displacement;
use unary_displacement::pb::displacement_service_client::DisplacementServiceClient;
use xtask::run::python::Python;
use xtask::run::side::Side;
use xtask::workspace::lesson::{Lesson, Programs};

use crate::cores::Cores;
use crate::load::{Call, Figures, Rounds, call};
use crate::progress::Progress;
use crate::server::Server;

/// How many calls are under way at a time, all on one connection.
pub const IN_FLIGHT: [usize; 3] = [1, 16, 256];

/// How often each server has its turn at each number of calls in flight, and for how long. Many
/// short turns: what disturbs one server then disturbs the others as often.
const ROUNDS: usize = 21;
const TURN: Duration = Duration::from_millis(100);

/// Each call on a connection of its own. The system remembers each of them for a while, so they
/// are few.
const CONNECTING_TURN: Duration = Duration::from_millis(50);

/// What one server did with so many calls in flight.
#[derive(Serialize)]
pub struct Unary {
    /// The package of the lesson; `bare` for the ceiling.
    pub server: String,
    /// `rust` or `python`.
    pub language: &'static str,
    pub method: &'static str,
    /// Whether each call has a connection of its own; else all share one.
    pub connects: bool,
    /// Whether the server has one core, and the client another one; else both have all of them.
    pub core_each: bool,
    pub in_flight: usize,
    #[serde(flatten)]
    pub figures: Figures,
    /// The processor time that the server needs for a call, in microseconds, where the system says so.
    pub server_cpu_us: Option<f64>,
}

struct Subject {
    row: Unary,
    call: Call,
    rounds: Rounds,
    turn: Duration,
    /// Its place among the servers.
    server: usize,
    /// The processor time of the server in all rounds, where the system says so.
    cpu: Option<Duration>,
}

/// The servers of one measurement: package, language, and how each is started.
type Sides = Vec<(String, &'static str, Side)>;

/// Measures the servers of `lessons`, as they are started. Before that, hello world beside the
/// ceiling, with a core for the server and another one for the client: where they share the cores,
/// it depends on who is put where, and that moves a figure by more than the servicer costs.
///
/// # Errors
///
/// If a server cannot be started, or a call fails.
pub async fn measure(
    lessons: &[&Lesson],
    programs: &Programs,
    python: Option<&Python>,
    progress: &Progress,
) -> anyhow::Result<Vec<Unary>> {
    let hello: Vec<&Lesson> =
        lessons.iter().copied().filter(|lesson| lesson.package == "helloworld").collect();
    let mut rows = Vec::new();
    let cores = Cores::of_this_process()?;
    if !hello.is_empty() {
        let mut with_ceiling = vec![(
            "bare".into(),
            "rust",
            Side::ours("bare", &env::current_exe()?, Some("bare-server")),
        )];
        with_ceiling.extend(sides(&hello, programs, python).await?);
        rows = in_turns(&with_ceiling, Some(&cores), progress).await?;
        cores.use_all()?;
    }
    rows.extend(in_turns(&sides(lessons, programs, python).await?, None, progress).await?);
    Ok(rows)
}

async fn sides(
    lessons: &[&Lesson],
    programs: &Programs,
    python: Option<&Python>,
) -> anyhow::Result<Sides> {
    let mut sides = Vec::new();
    for lesson in lessons {
        sides.push((lesson.package.clone(), "rust", programs.side(&lesson.pairs[0].server)?));
        if let Some(python) = python
            && let Some(server) = python.side(lesson, "server").await?
        {
            sides.push((lesson.package.clone(), "python", server));
        }
    }
    Ok(sides)
}

/// Measures the servers `sides`, in turns; with `cores`, each on the first of them, and their client
/// on the last.
async fn in_turns(
    sides: &Sides,
    cores: Option<&Cores>,
    progress: &Progress,
) -> anyhow::Result<Vec<Unary>> {
    let core_each = cores.is_some_and(Cores::can_be_split);
    let mut servers = Vec::new();
    let mut subjects = Vec::new();
    for (name, language, side) in sides {
        // What we start has the cores that we have.
        cores.map(Cores::use_first).transpose()?;
        let server = Server::start(side, None).await?;
        cores.map(Cores::use_last).transpose()?;
        let Some((method, call)) = smallest_call(name, server.channel().await?) else {
            eprintln!("{name}: nobody has told `bench` what to call there: see unary.rs");
            continue;
        };
        for in_flight in IN_FLIGHT {
            let row = row(name, language, method, in_flight, core_each)?;
            subjects.push(Subject::new(servers.len(), row, &call)?);
        }
        if name == "helloworld" && *language == "rust" && cores.is_none() {
            let mut row = row(name, language, method, 1, core_each)?;
            row.connects = true;
            let mut subject = Subject::new(servers.len(), row, &connecting_call(&server.addr))?;
            subject.turn = CONNECTING_TURN;
            subjects.push(subject);
        }
        servers.push(server);
    }
    // Those with the same number of calls in flight one after the other: they are compared.
    subjects.sort_by_key(|subject| (subject.row.connects, subject.row.in_flight));
    // The first time does not count: everything is new to everybody then.
    for subject in &subjects {
        Rounds::new()?.run(subject.row.in_flight, subject.turn, &subject.call).await?;
    }
    for round in 1..=ROUNDS {
        let how = if core_each { ", a core each" } else { "" };
        progress.says(format!("small calls{how}, round {round} of {ROUNDS}"));
        for compared in subjects.chunk_by_mut(|a, b| a.row.in_flight == b.row.in_flight) {
            // Somebody else begins in each round, so that nobody is always the first.
            let first = round % compared.len();
            let (before, from_first) = compared.split_at_mut(first);
            for subject in from_first.iter_mut().chain(before) {
                subject.takes_turn(&servers[subject.server]).await?;
            }
        }
    }
    let row = |subject: Subject| {
        let figures = subject.rounds.figures();
        let cpu = subject.cpu.map(|cpu| cpu.as_secs_f64() * 1e6 / figures.calls as f64);
        Unary { figures, server_cpu_us: cpu, ..subject.row }
    };
    Ok(subjects.into_iter().map(row).collect())
}

/// A row without figures.
fn row(
    server: &str,
    language: &'static str,
    method: &'static str,
    in_flight: usize,
    core_each: bool,
) -> anyhow::Result<Unary> {
    let (server, figures) = (server.to_owned(), Rounds::new()?.figures());
    let (connects, server_cpu_us) = (false, None);
    Ok(Unary { server, language, method, connects, core_each, in_flight, figures, server_cpu_us })
}

impl Subject {
    fn new(index: usize, row: Unary, call: &Call) -> anyhow::Result<Subject> {
        let (call, cpu) = (Call::clone(call), Some(Duration::ZERO));
        Ok(Subject { row, call, rounds: Rounds::new()?, turn: TURN, server: index, cpu })
    }

    async fn takes_turn(&mut self, server: &Server) -> anyhow::Result<()> {
        let before = server.cpu_time()?;
        self.rounds.run(self.row.in_flight, self.turn, &self.call).await?;
        self.cpu = match (self.cpu, before, server.cpu_time()?) {
            (Some(sum), Some(before), Some(after)) => Some(sum + after.saturating_sub(before)),
            _ => None,
        };
        Ok(())
    }
}

/// The smallest call of the server of `package`, and what its method is called.
fn smallest_call(package: &str, channel: Channel) -> Option<(&'static str, Call)> {
    Some(match package {
        "bare" | "helloworld" => {
            let stub = GreeterClient::new(channel);
            let once = move || {
                let mut stub = stub.clone();
                async move {
                    stub.say_hello(HelloRequest { name: "you".into() }).await?;
                    Ok(1)
                }
            };
            ("SayHello", call(once))
        }
        "unary-displacement" => {
            let stub = DisplacementServiceClient::new(channel);
            let point = |x, y| Some(unary_displacement::pb::Point { x, y });
            let once = move || {
                let mut stub = stub.clone();
                async move {
                    let way = Displacement { start: point(0, 12), end: point(12, 14) };
                    stub.compute_displacement(way).await?;
                    Ok(1)
                }
            };
            ("computeDisplacement", call(once))
        }
        "teams" => {
            let stub = TeamsClient::new(channel);
            let once = move || {
                let mut stub = stub.clone();
                async move {
                    stub.get_team(TeamRequest { city: "Chicago".into() }).await?;
                    Ok(1)
                }
            };
            ("GetTeam", call(once))
        }
        "movie-json" => {
            let stub = MovieClient::new(channel);
            let once = move || {
                let mut stub = stub.clone();
                async move {
                    let id = "a8034f44-aee4-44cf-b32c-74cf452aaaae".into();
                    stub.get_movie_by_id(MovieId { id }).await?;
                    Ok(1)
                }
            };
            ("GetMovieByID", call(once))
        }
        // It has no unary method; on the wire, a stream of one message is the same.
        "streaming" => {
            let stub = streaming::pb::greeter_client::GreeterClient::new(channel);
            let once = move || {
                let mut stub = stub.clone();
                async move {
                    let name = streaming::pb::HelloRequest { name: "you".into() };
                    stub.say_hello_v2(tokio_stream::once(name)).await?;
                    Ok(1)
                }
            };
            ("SayHello_v2", call(once))
        }
        "routeguide" => {
            let stub = RouteGuideClient::new(channel);
            let once = move || {
                let mut stub = stub.clone();
                async move {
                    let point = Point { latitude: 409_146_138, longitude: -746_188_906 };
                    stub.get_feature(point).await?;
                    Ok(1)
                }
            };
            ("GetFeature", call(once))
        }
        _ => return None,
    })
}

/// SayHello on a new connection.
fn connecting_call(addr: &str) -> Call {
    let url = format!("http://{addr}");
    call(move || {
        let url = url.clone();
        async move {
            let connected = GreeterClient::connect(url).await;
            let mut stub = connected.map_err(|error| Status::unavailable(error.to_string()))?;
            stub.say_hello(HelloRequest { name: "you".into() }).await?;
            Ok(1)
        }
    })
}
