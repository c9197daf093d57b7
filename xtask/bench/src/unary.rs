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
use xtask::lessons::{Lesson, Programs};
use xtask::python::Python;
use xtask::side::Side;

use crate::load::{Call, Figures, Rounds, call};
use crate::progress::Progress;
use crate::server::Server;

/// How many calls are under way at a time, all on one connection.
pub const IN_FLIGHT: [usize; 3] = [1, 16, 256];

/// How often each server has its turn at each number of calls in flight, and for how long.
const ROUNDS: usize = 11;
const TURN: Duration = Duration::from_millis(200);

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

/// Measures the servers of `lessons`.
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
    let bare = Side::ours("bare", &env::current_exe()?, Some("bare-server"));
    let mut sides = vec![("bare", "rust", bare)];
    for lesson in lessons {
        sides.push((&lesson.package, "rust", programs.side(&lesson.pairs[0].server)?));
        if let Some(python) = python {
            sides.push((&lesson.package, "python", python.sides(lesson).await?.0));
        }
    }
    let mut servers = Vec::new();
    let mut subjects = Vec::new();
    for (name, language, side) in &sides {
        let server = Server::start(side, None).await?;
        let Some((method, call)) = smallest_call(name, server.channel().await?) else {
            eprintln!("{name}: nobody has told `bench` what to call there: see unary.rs");
            continue;
        };
        for in_flight in IN_FLIGHT {
            subjects.push(Subject::new(servers.len(), name, language, method, in_flight, &call)?);
        }
        if *name == "helloworld" && *language == "rust" {
            let call = connecting_call(&server.addr);
            let mut subject = Subject::new(servers.len(), name, language, method, 1, &call)?;
            subject.row.connects = true;
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
    let mut order: Vec<usize> = (0..subjects.len()).collect();
    for round in 1..=ROUNDS {
        progress.says(format!("small calls, round {round} of {ROUNDS}"));
        for &index in &order {
            let subject = &mut subjects[index];
            let server = &servers[subject.server];
            let before = server.cpu_time()?;
            subject.rounds.run(subject.row.in_flight, subject.turn, &subject.call).await?;
            if let (Some(sum), Some(before), Some(after)) =
                (&mut subject.cpu, before, server.cpu_time()?)
            {
                *sum += after.saturating_sub(before);
            } else {
                subject.cpu = None;
            }
        }
        // There and back: so nobody always comes after the one that leaves most work behind.
        order.reverse();
    }
    let row = |subject: Subject| {
        let figures = subject.rounds.figures();
        let cpu = subject.cpu.map(|cpu| cpu.as_secs_f64() * 1e6 / figures.calls as f64);
        Unary { figures, server_cpu_us: cpu, ..subject.row }
    };
    Ok(subjects.into_iter().map(row).collect())
}

impl Subject {
    fn new(
        index: usize,
        server: &str,
        language: &'static str,
        method: &'static str,
        in_flight: usize,
        call: &Call,
    ) -> anyhow::Result<Subject> {
        let rounds = Rounds::new()?;
        let figures = rounds.figures();
        let server = server.to_owned();
        let (connects, server_cpu_us) = (false, None);
        let row = Unary { server, language, method, connects, in_flight, figures, server_cpu_us };
        let (call, cpu) = (Call::clone(call), Some(Duration::ZERO));
        Ok(Subject { row, call, rounds, turn: TURN, server: index, cpu })
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
