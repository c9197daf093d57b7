//! Small calls: each lesson's server, the ceiling, and the twins in Python, in turns.

use std::env;
use std::path::Path;
use std::rc::Rc;

use helloworld::pb::HelloRequest;
use helloworld::pb::greeter_client::GreeterClient;
use movie_json::pb::MovieId;
use movie_json::pb::movie_client::MovieClient;
use routeguide::pb::Point;
use routeguide::pb::route_guide_client::RouteGuideClient;
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
use crate::load::{Call, call};
use crate::progress::Progress;
use crate::server::Server;
use crate::turns::{Subject, Unary, in_turns};

/// How many calls are under way at a time, all on one connection.
pub const IN_FLIGHT: [usize; 3] = [1, 16, 256];

/// The servers of one measurement: package, language, and how each is started.
type Sides = Vec<(String, &'static str, Side)>;

/// Measures the servers of `lessons`, as they are started. Before that, hello world beside the
/// ceiling, with a core for the server and another one for the client: where they share the cores,
/// it depends on who is put where, and that moves a figure by more than the servicer costs. What a
/// server makes a file of goes to `folder`.
///
/// # Errors
///
/// If a server cannot be started, or a call fails.
pub async fn measure(
    lessons: &[&Lesson],
    programs: &Programs,
    python: Option<&Python>,
    folder: &Path,
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
        rows = compare(&with_ceiling, Some(&cores), folder, progress).await?;
        cores.use_all()?;
    }
    let sides = sides(lessons, programs, python).await?;
    rows.extend(compare(&sides, None, folder, progress).await?);
    Ok(rows)
}

async fn sides(
    lessons: &[&Lesson],
    programs: &Programs,
    python: Option<&Python>,
) -> anyhow::Result<Sides> {
    let mut sides = Vec::new();
    // Lesson 7 speaks TLS: see tls.rs.
    for lesson in lessons.iter().filter(|lesson| lesson.package != "secure") {
        sides.push((lesson.package.clone(), "rust", programs.side(&lesson.pairs[0].server)?));
        if let Some(python) = python
            && let Some(server) = python.side(lesson, "server").await?
        {
            sides.push((lesson.package.clone(), "python", server));
        }
    }
    Ok(sides)
}

/// Measures the servers `sides`; with `cores`, each on the first of them, and their client on the last.
async fn compare(
    sides: &Sides,
    cores: Option<&Cores>,
    folder: &Path,
    progress: &Progress,
) -> anyhow::Result<Vec<Unary>> {
    let core_each = cores.is_some_and(Cores::can_be_split);
    let mut subjects = Vec::new();
    for (name, language, side) in sides {
        // What we start has the cores that we have.
        cores.map(Cores::use_first).transpose()?;
        let file = side.file.as_ref().map(|file| folder.join(format!("{language}-{file}")));
        let server = [Rc::new(Server::start(side, file.as_deref()).await?)];
        cores.map(Cores::use_last).transpose()?;
        let Some((method, call)) = smallest_call(name, server[0].channel().await?) else {
            eprintln!("{name}: nobody has told `bench` what to call there: see unary.rs");
            continue;
        };
        for in_flight in IN_FLIGHT {
            let mut subject = Subject::new(name, method, in_flight, &call, &server)?;
            (subject.row.language, subject.row.core_each) = (language, core_each);
            subjects.push(subject);
        }
        if name == "helloworld" && *language == "rust" && cores.is_none() {
            let call = connecting_call(&server[0].addr);
            subjects.push(Subject::new(name, method, 1, &call, &server)?.connecting());
        }
    }
    let how = if core_each { ", a core each" } else { "" };
    in_turns(subjects, &format!("small calls{how}"), progress).await
}

/// The smallest call of the server of `package`, and what its method is called.
fn smallest_call(package: &str, channel: Channel) -> Option<(&'static str, Call)> {
    Some(match package {
        // Lesson 10 has the same call for programs as lesson 1.
        "bare" | "helloworld" | "browser" => {
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
        // On the wire, they have the same name.
        "teams" | "fleet" | "database" => {
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
