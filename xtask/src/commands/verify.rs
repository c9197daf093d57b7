//! `cargo xtask verify`: every pair against its transcripts.

use std::collections::HashSet;
use std::process::ExitCode;
use std::sync::Arc;
use std::thread::available_parallelism;
use std::time::Instant;

use anyhow::Context;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::report::verdict::Verdict;
use crate::report::{Format, Report};
use crate::run::compare::{self, SIDES};
use crate::run::pair::{self, FOREIGN_TIME_LIMIT, TIME_LIMIT};
use crate::run::python::Python;
use crate::run::side::Side;
use crate::steps::states;
use crate::system::error::WrongUse;
use crate::system::process::MAX_OUTPUT;
use crate::workspace::Workspace;
use crate::workspace::lesson::{Lesson, Pair, Programs};

/// What to verify, and what to do about a difference.
#[derive(clap::Args)]
#[command(after_long_help = format!("\
The programs of a lesson at its last step are a pair, and with --examples so is each example of it: the
exercises, solved. The pairs run side by side, some at a time, each on a port of its own. A server has {limit} s to get ready and
{limit} s to stop after Ctrl-C, a client {limit} s to end, and each may print {output} KiB. When one does not
keep to it, you see what both had printed until then.

With --python, each lesson in Rust is run with its twin in Python as well, and the twin with itself,
against the same transcripts. What the twins need is installed in the target directory once.

Anybody's implementation can take the place of one side, or of both:

  cargo xtask verify 01 --server 'python server.py {{port}}'
  cargo xtask verify 01 --client './my-client --to {{addr}}' --step 4

Where a client calls several servers, so many are started, and it gets all their addresses, joined by
commas. What one of them prints, each has to. Certificates and tokens are in the folder that the
variable CERTIFICATES names: a server makes them there, if there are none.

COMMAND is split into words as a shell does it, quotes included, and started in the current folder,
without a shell. On Windows a backslash is part of a path, elsewhere it escapes what follows. In it
{{addr}} stands for HOST:PORT, or for all addresses, {{host}} and {{port}} for the parts of the first;
with none of them it is appended. {{file}} is the path of a file that the server makes, if the lesson's
makes one; nothing is there yet. A server is ready when it prints a line with `listening on`, or when
its port accepts a connection. It is stopped as Ctrl-C does it; how it takes that, and what it prints on
standard error, is not judged; but its own lines are compared, so it has to flush them. A client has to
end with exit code 0. Each has {foreign} s instead of {limit}.

With --format, what you read here goes to standard error, and standard output has one document:

  json   a list of objects, one a pair:
           lesson      its folder, 01-helloworld
           server      what the server was: a program of ours, or COMMAND
           client      the same of the client
           verdict     passed or failed
           seconds     how long the pair took
           difference  what is wrong, as you read it here; null if nothing is
  junit  a test suite a lesson, a test case a pair: its name says what both sides were, its time is
         in seconds, and a failure has the difference as its text

A run that could not begin, because something does not compile, say, prints no document.

Exit code: 0 if every pair has passed, 1 if one has not, 2 if the command line is wrong or COMMAND
cannot be started.",
    limit = TIME_LIMIT.as_secs(), foreign = FOREIGN_TIME_LIMIT.as_secs(), output = MAX_OUTPUT >> 10))]
pub struct Args {
    /// Which lessons, by number, package or folder: 03, teams or 03-teams [default: all]
    #[arg(value_name = "LESSON")]
    lessons: Vec<String>,
    /// Run the examples, too
    #[arg(long, conflicts_with_all = ["server", "client"])]
    examples: bool,
    /// Rewrite the transcripts that differ; a line that still matches keeps its wildcard
    #[arg(long, conflicts_with_all = ["server", "client", "python"])]
    bless: bool,
    /// Run the lesson with this server instead of ours
    #[arg(long, value_name = "COMMAND")]
    server: Option<String>,
    /// Run the lesson with this client instead of ours
    #[arg(long, value_name = "COMMAND")]
    client: Option<String>,
    /// Which step COMMAND is at: it is judged by what the lesson does then [default: the last]
    #[arg(long, value_name = "N")]
    step: Option<usize>,
    /// Do not compare what the server of --server prints
    #[arg(long, requires = "server")]
    ignore_server_output: bool,
    /// Run the lessons in Python, too: with each other, and with those in Rust
    #[arg(long, conflicts_with_all = ["server", "client"])]
    python: bool,
    /// Print the results for a program to read
    #[arg(long, value_enum)]
    format: Option<Format>,
}

/// A pair to be run.
struct Case {
    lesson: String,
    pair: Pair,
    server: Side,
    client: Side,
    /// Whose output is compared.
    judged: &'static [&'static str],
}

/// Builds and runs the lessons that `args` names. The exit code is 1 if a pair fails.
///
/// # Errors
///
/// If the lessons do not build, or a transcript cannot be read or written.
pub async fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let workspace = Workspace::load().await?;
    let lessons = workspace.select(&args.lessons)?;
    let mut report = Report::new(args.format, || workspace.junit()).await?;
    let cases = if args.server.is_some() || args.client.is_some() {
        vec![foreign_case(args, &workspace, &lessons).await?]
    } else {
        cases(args, &workspace, &lessons).await?
    };

    let started = Instant::now();
    let mut running = JoinSet::new();
    // Not all at once: each has a time limit, and Python alone takes a second to start.
    let turns = Arc::new(Semaphore::new(2 * available_parallelism()?.get()));
    for case in cases {
        let turns = Arc::clone(&turns);
        running.spawn(async move {
            let _turn = turns.acquire().await;
            (pair::run(&case.server, case.pair.servers, &case.client).await, case)
        });
    }
    let mut blessed = args.bless.then(HashSet::new);
    while let Some(ended) = running.join_next().await {
        let (outcome, case) = ended?;
        let (ok, details, seconds) = match outcome {
            Ok(outcome) => {
                let root = &workspace.root;
                let (ok, mut details) = compare::with_transcripts(
                    &case.pair,
                    case.judged,
                    &outcome,
                    root,
                    blessed.as_mut(),
                );
                let is_servers = |line: &str| line.trim().starts_with("server");
                let mut lines = details.lines().filter(|line| line.contains(": it differs from "));
                if case.server.is_foreign && lines.any(is_servers) {
                    details +=
                        "      (--ignore-server-output leaves out what your server prints)\n";
                }
                (ok, details, outcome.time.as_secs_f64())
            }
            // COMMAND cannot be started.
            Err(error) if error.is::<WrongUse>() => return Err(error),
            Err(error) => (false, format!("      {error:#}\n"), 0.0),
        };
        report.add(Verdict {
            lesson: case.lesson,
            pair: case.pair.name,
            sides: Some([case.server.name, case.client.name]),
            ok,
            seconds,
            details,
        })?;
    }
    report.end(started.elapsed())
}

/// All pairs of `lessons`, in Rust, and in Python if that is wanted.
async fn cases(
    args: &Args,
    workspace: &Workspace,
    lessons: &[&Lesson],
) -> anyhow::Result<Vec<Case>> {
    if args.step.is_some() {
        let why = "--step goes with --server or --client; `steps` runs every step of ours";
        return Err(WrongUse(why.into()).into());
    }
    // First, because it is more often missing than Rust.
    let python = if args.python { Some(Python::prepare(workspace).await?) } else { None };
    let programs = workspace.build(lessons, args.examples).await?;
    let mut cases = Vec::new();
    for lesson in lessons {
        for pair in wanted(lesson, args.examples) {
            cases.push(Case {
                lesson: lesson.name.clone(),
                pair: pair.clone(),
                server: programs.side(&pair.server)?,
                client: programs.side(&pair.client)?,
                judged: &SIDES,
            });
        }
    }
    if let Some(python) = python {
        for lesson in lessons {
            cases.extend(python_cases(&python, lesson, args.examples, &programs).await?);
        }
    }
    Ok(cases)
}

/// The pair of `lesson`, and behind it those of its `examples`, if they are wanted.
fn wanted(lesson: &Lesson, examples: bool) -> &[Pair] {
    if examples { &lesson.pairs } else { &lesson.pairs[..1] }
}

/// The pair of the lesson that `args` names, with somebody's command on one side or both.
async fn foreign_case(
    args: &Args,
    workspace: &Workspace,
    lessons: &[&Lesson],
) -> anyhow::Result<Case> {
    let [lesson] = lessons else {
        let why = "--server and --client stand for one lesson's: name one";
        return Err(WrongUse(why.into()).into());
    };
    let foreign = |command: &String| {
        anyhow::Ok(Side::foreign(command, &workspace.build)?.with_file(lesson.file.as_deref()))
    };
    let server = args.server.as_ref().map(foreign).transpose()?;
    let client = args.client.as_ref().map(foreign).transpose()?;
    let is_ours = server.is_none() || client.is_none();
    let (pair, programs) = match args.step {
        None => {
            let programs =
                if is_ours { workspace.build(lessons, false).await? } else { Programs::default() };
            (lesson.pairs[0].clone(), programs)
        }
        Some(step) => states::at_step(workspace, lesson, step, is_ours).await?,
    };
    let name = |is_ours: bool| if is_ours { "our" } else { "your" };
    let names = format!("{} server + {} client", name(server.is_none()), name(client.is_none()));
    let judged: &[&str] = if args.ignore_server_output { &["client"] } else { &SIDES };
    Ok(Case {
        lesson: lesson.name.clone(),
        server: server.map_or_else(|| programs.side(&pair.server), Ok)?,
        client: client.map_or_else(|| programs.side(&pair.client), Ok)?,
        pair: Pair { name: names, ..pair },
        judged,
    })
}

/// The pairs of `lesson` with one side in Python, or both, and those of its `examples` whose client is
/// there in Python as well.
async fn python_cases(
    python: &Python,
    lesson: &Lesson,
    examples: bool,
    programs: &Programs,
) -> anyhow::Result<Vec<Case>> {
    let pair = &lesson.pairs[0];
    let (server, client) = (programs.side(&pair.server)?, programs.side(&pair.client)?);
    let side = async |name: &str| {
        let side = python.side(lesson, name).await?;
        side.with_context(|| format!("{} has no python/{name}.py", lesson.name))
    };
    let (python_server, python_client) = (side("server").await?, side("client").await?);
    let case = |name: &str, pair: &Pair, server: &Side, client: &Side| Case {
        lesson: lesson.name.clone(),
        pair: Pair { name: name.into(), ..pair.clone() },
        server: server.clone(),
        client: client.clone(),
        judged: &SIDES,
    };
    let mut cases = vec![
        case("python server + client", pair, &python_server, &client),
        case("server + python client", pair, &server, &python_client),
        case("both in python", pair, &python_server, &python_client),
    ];
    for pair in &wanted(lesson, examples)[1..] {
        if let Some(client) = python.side(lesson, &format!("{}_client", pair.name)).await? {
            let name = format!("{} + python client", pair.name);
            cases.push(case(&name, pair, &programs.side(&pair.server)?, &client));
        }
    }
    Ok(cases)
}
