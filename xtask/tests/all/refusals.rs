//! `check` sends a learner's server the bad requests in the lesson's table.

use anyhow::{Context, Result, ensure};
use xtask::learner::refusals;
use xtask::steps::{regions, states};
use xtask::workspace::{Workspace, proto, requests};

use crate::common::{Folder, Run};

/// What stands in which file instead of what.
type Edit = (&'static str, String, String);

/// A change that lets the server of a lesson take what it should refuse, the step that fails then,
/// and what `check` says of it.
type Careless = (Vec<Edit>, usize, &'static str);

fn server(old: &str, new: &str) -> Vec<Edit> {
    vec![("src/server.rs", old.into(), new.into())]
}

/// Lets the text in the field `field` of the message `message` be any bytes.
fn any_bytes(message: &str, field: &str, read: (&str, &str)) -> Vec<Edit> {
    let mut edits = server(read.0, read.1);
    let (_, name) = message.rsplit_once('.').unwrap_or_default();
    let old = "tonic_prost_build::compile_fds(";
    let new = format!(
        "tonic_prost_build::configure().extern_path(\"{message}\", \"crate::Any\").compile_fds("
    );
    edits.push(("build.rs", old.into(), new));
    let old = "pub mod listen;\n";
    let new = format!(
        "{old}#[derive(Clone, PartialEq, prost::Message)]\npub struct Any {{\n    \
         #[prost(bytes = \"vec\", tag = \"1\")]\n    pub {field}: Vec<u8>,\n}}\n"
    );
    edits.push(("src/lib.rs", old.into(), new));
    let old = "    tonic::include_proto!";
    let new = format!("    pub use crate::Any as {name};\n{old}");
    edits.push(("src/lib.rs", old.into(), new));
    edits
}

/// What the server of `package` may lack.
fn careless(package: &str) -> Vec<Careless> {
    match package {
        "helloworld" => vec![(
            any_bytes(
                ".helloworld.HelloRequest",
                "name",
                (
                    "request.into_inner().name;",
                    "String::from_utf8_lossy(&request.into_inner().name).into_owned();",
                ),
            ),
            3,
            "answered OK to SayHello with the bytes [0a, 02, ff, ff], which aren't a HelloRequest, expected an error",
        )],
        "unary-displacement" => vec![
            (server("\"start is missing\"", "\"Start_Point? None.\""), 0, ""),
            (
                server(
                    "start.ok_or_else(|| Status::invalid_argument(\"start is missing\"))?",
                    "start.unwrap_or_default()",
                ),
                3,
                "answered OK to computeDisplacement with { end = { x = 1, y = 2 } }, expected \
                 INVALID_ARGUMENT and a message that names `start`",
            ),
            (
                server("\"start is missing\"", "\"a point is missing\""),
                3,
                "answered INVALID_ARGUMENT (\"a point is missing\") to computeDisplacement with { end \
                 = { x = 1, y = 2 } }, expected INVALID_ARGUMENT and a message that names `start`",
            ),
            (
                server("f64::from(end.x) - f64::from(start.x)", "f64::from(end.x - start.x)"),
                3,
                "did not answer computeDisplacement with { start = { x = -2147483648 }, end = { x = \
                 2147483647 } }, expected OK: panicked at src/server.rs:[..]: attempt to subtract with \
                 overflow",
            ),
        ],
        "teams" | "fleet" => vec![(
            any_bytes(
                ".TeamRequest",
                "city",
                (
                    "let TeamRequest { city } = request.into_inner();",
                    "let city = String::from_utf8_lossy(&request.into_inner().city).into_owned();",
                ),
            ),
            3,
            "answered OK to GetTeam with the bytes [0a, 02, ff, ff], which aren't a TeamRequest, expected an error",
        )],
        "movie-json" => vec![
            (
                server(
                    "return Err(Status::not_found(\"no movie has this id\"));",
                    "return Ok(Response::new(MovieData::default()));",
                ),
                3,
                "answered OK to GetMovieByID with { id = \"00000000-0000-0000-0000-000000000000\" }, \
                 expected NOT_FOUND",
            ),
            (
                server("return Err(", "std::future::pending::<()>().await;\nreturn Err("),
                3,
                "did not answer GetMovieByID with { id = \"00000000-0000-0000-0000-000000000000\" }, \
                 expected NOT_FOUND: no answer within 10 s",
            ),
        ],
        "streaming" => vec![(
            server(
                "while let Some(HelloRequest { name }) = requests.message().await? {\n            \
                 println!(\"[server] SayHello method invoked, with name {name}\");",
                "while let Ok(Some(HelloRequest { name })) = requests.message().await {\n            \
                 println!(\"[server] SayHello method invoked, with name {name}\");",
            ),
            5,
            "answered OK to SayHello_v2 with the bytes [ff, ff, ff, ff], which aren't a HelloRequest, expected an error",
        )],
        "routeguide" => vec![
            (
                server("!(-limit..=limit).contains(&value)", "value.abs() > limit"),
                3,
                "did not answer GetFeature with { latitude = -2147483648 }, expected INVALID_ARGUMENT: \
                 panicked at [..]: attempt to negate with overflow",
            ),
            (
                server("(-limit..=limit)", "(-limit..limit)"),
                3,
                "answered INVALID_ARGUMENT ([..]) to GetFeature with { latitude = 900000000, longitude \
                 = -1800000000 }, expected OK",
            ),
            (
                server(
                    "let point = on_earth(request.into_inner())?",
                    "let point = request.into_inner()",
                ),
                3,
                "answered OK to GetFeature with { latitude = 900000001 }, expected INVALID_ARGUMENT",
            ),
            (
                server(
                    "let (lo, hi) = (given(lo, \"lo\")?, given(hi, \"hi\")?);",
                    "let (lo, hi) = (lo.unwrap_or_default(), hi.unwrap_or_default());",
                ),
                5,
                "answered OK to ListFeatures with { hi = { latitude = 1 } }, expected INVALID_ARGUMENT \
                 and a message that names `lo`",
            ),
            (
                server("            let point = on_earth(point)?;\n", ""),
                6,
                "answered OK to RecordRoute with [{ latitude = -900000001 }], expected INVALID_ARGUMENT",
            ),
            (
                server("given(note.location, \"location\")?", "note.location.unwrap_or_default()"),
                7,
                "answered OK to RouteChat with [{ message = \"hi\" }], expected INVALID_ARGUMENT and a \
                 message that names `location`",
            ),
        ],
        "browser" => vec![(
            server(
                "if request.pause_ms > MAX_PAUSE_MS {",
                "if request.pause_ms > 10 * MAX_PAUSE_MS {",
            ),
            6,
            "answered OK to SayHello_v1 with { pause_ms = 1001 }, expected INVALID_ARGUMENT and a \
             message that names `pause`",
        )],
        "secure" => vec![(
            server(
                "            None => Err(",
                "            None if value == \"0\" => Ok(Response::new(Product::default())),\n            None => Err(",
            ),
            3,
            "answered OK to getProduct with { value = \"0\" }, expected NOT_FOUND",
        )],
        "database" => vec![(
            server(
                "page_token.parse().map_err(|_| Status::invalid_argument(\"page_token is not one of this server\"))",
                "Ok(page_token.parse().unwrap_or_default())",
            ),
            6,
            "answered OK to ListTeams with { page_token = \"the last one\" }, expected \
             INVALID_ARGUMENT and a message that names `page`",
        )],
        _ => vec![],
    }
}

/// The others are tested with the table of methods.
#[tokio::test]
async fn our_servers_that_are_built_apart_refuse_what_their_tables_say() -> Result<()> {
    let workspace = Workspace::load().await?;
    for lesson in workspace.lessons.iter().filter(|lesson| lesson.is_apart) {
        let sources = regions::read_sound(lesson, &workspace.root)?;
        let states = states::derive(&workspace, lesson, &sources)?.states;
        let programs = workspace.build(&[lesson], false).await?;
        let (server, step) = (programs.side(&lesson.pairs[0].server)?, lesson.steps.len());
        let declared = proto::declarations(&lesson.folder).map_err(anyhow::Error::msg)?;
        let requests = requests::read(lesson)?;
        for method in declared.unwrap_or_default().iter().filter(|it| it.kind == "method") {
            let has_one = requests.iter().any(|request| request.method == method.name);
            ensure!(has_one, "{}: no request of {}", lesson.name, method.name);
        }
        let wrong = refusals::wrong(&workspace, lesson, &states, &server, step, false).await?;
        ensure!(wrong.is_none(), "{}: {wrong:?}", lesson.name);
    }
    Ok(())
}

#[tokio::test]
#[ignore = "slow: cargo xtask ci runs it"]
async fn check_finds_a_server_that_takes_whatever_comes() -> Result<()> {
    let workspace = Workspace::load().await?;
    for lesson in &workspace.lessons {
        let desk = Folder::new()?;
        desk.write_all_of(&workspace, lesson)?;
        let careless = careless(&lesson.package);
        ensure!(!careless.is_empty(), "what may a server of {} lack?", lesson.name);
        for (edits, step, expected) in careless {
            let path = |file: &str| format!("my-{}/{file}", lesson.package);
            let mut whole = Vec::new();
            for (file, old, new) in &edits {
                whole.push((path(file), desk.read(&path(file))?));
                let text = desk.read(&path(file))?;
                ensure!(text.contains(old), "{file} has no {old}");
                desk.write(&path(file), &text.replace(old, new))?;
            }
            let run = Run::of(&mut desk.alias("check"))?;
            let said = || format!("{edits:?}: {}{}", run.stdout, run.stderr);
            // Words of one's own are no failure.
            let fails = usize::from(step > 0);
            ensure!(run.code == i32::try_from(fails).ok(), "{}", said());
            let lines = || run.stdout.lines();
            ensure!(lines().filter(|line| line.starts_with("FAIL")).count() == fails, "{}", said());
            if step > 0 {
                let at = lines().position(|line| line.starts_with(&format!("FAIL  step {step}: ")));
                let why = lines().nth(at.with_context(said)? + 1).with_context(said)?;
                snapbox::assert_data_eq!(why.to_owned(), format!("      your server {expected}"));
            }
            for (path, text) in whole.iter().rev() {
                desk.write(path, text)?;
            }
        }
    }
    Ok(())
}
