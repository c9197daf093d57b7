//! `cargo xtask steps`: every step of every lesson, built and run.

use std::collections::{HashMap, HashSet};
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

use cargo_metadata::diagnostic::{Diagnostic, DiagnosticLevel};
use cargo_metadata::{CompilerMessage, Message};

use crate::learner::protos;
use crate::run::cause;
use crate::run::compare::{self, SIDES};
use crate::run::outcome::Outcome;
use crate::run::pair;
use crate::steps::regions;
use crate::steps::states::{self, State, States};
use crate::system::style::{GREEN, RED};
use crate::workspace::lesson::{FIRST_RUNNABLE_STEP, Lesson, Pair, Programs, Target};
use crate::workspace::proto;
use crate::workspace::{Workspace, relative};

/// Which lessons to take apart.
#[derive(clap::Args)]
#[command(after_long_help = "\
The state of a lesson at a step is its source without the regions of later steps. Each is written
to `target/steps` as a crate of its own, built with warnings denied, and, once there is a client,
run and compared with the transcripts of that step. State 0 is where a learner starts.

Versions are crossed: the client of the step before has to work with the new server. Where the lesson
says that it breaks with that client, as a server does that wants to be called over TLS, the client has
to fail instead, in one line. Where a step adds a method, the new client has to be told UNIMPLEMENTED
by the old server, and say so in one line.

What does not compile is shown with the line of the lesson's own source, and as rustc shows it.")]
pub struct Args {
    /// Which lessons, by number, package or folder: 03, teams or 03-teams [default: all]
    #[arg(value_name = "LESSON")]
    lessons: Vec<String>,
}

/// Cargo hands us what rustc says, instead of printing it itself.
const FORMAT: &str = "--message-format=json-diagnostic-rendered-ansi";

/// How many of what there were.
#[derive(Default)]
struct Count {
    built: usize,
    run: usize,
    crossed: usize,
    failed: usize,
}

/// Derives, builds and runs the states of the lessons that `args` names. The exit code is 1 if
/// something is wrong with one.
///
/// # Errors
///
/// If a file cannot be read or written, or a program cannot be started.
pub async fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let workspace = Workspace::load().await?;
    let lessons = workspace.select(&args.lessons)?;
    let started = Instant::now();
    let mut problems = Vec::new();
    let mut sources = Vec::new();
    for lesson in &lessons {
        sources.push(regions::read(lesson, &workspace.root, &mut problems)?);
    }
    if !problems.is_empty() {
        for problem in problems {
            eprintln!("error: {problem}");
        }
        return Ok(ExitCode::FAILURE);
    }

    let mut count = Count::default();
    for (lesson, sources) in lessons.iter().zip(&sources) {
        let states = states::derive(&workspace, lesson, sources)?;
        let programs = build(&workspace, lesson, &states, &mut count).await?;
        cross(&workspace, lesson, &states, &programs, &mut count).await?;
    }
    let Count { built, run, crossed, failed } = count;
    let style = if failed == 0 { GREEN } else { RED };
    writeln!(
        anstream::stdout(),
        "{style}{built} states built, {run} of them run, {crossed} pairs of versions crossed; \
         {failed} failed{style:#} in {:.1} s",
        started.elapsed().as_secs_f64()
    )?;
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Prints a line on something that has been tried, and below it what is wrong, if it is.
fn tell(
    lesson: &Lesson,
    what: &str,
    result: Result<&str, String>,
    count: &mut Count,
) -> anyhow::Result<()> {
    let mut out = anstream::stdout();
    let name = &lesson.name;
    match result {
        Ok(note) => writeln!(out, "{GREEN}ok  {GREEN:#}  {name:22}  {what:26}  {note}")?,
        Err(details) => {
            count.failed += 1;
            write!(out, "{RED}FAIL{RED:#}  {name:22}  {what}\n{details}")?;
        }
    }
    Ok(())
}

/// Builds all states of a lesson, and runs those that do something. Returns the programs of those
/// that build.
async fn build(
    workspace: &Workspace,
    lesson: &Lesson,
    states: &States,
    count: &mut Count,
) -> anyhow::Result<Programs> {
    let mut errors = HashMap::new();
    for state in &states.states {
        if let Err(error) = proto::declarations(&state.folder) {
            errors.insert(
                state.step,
                format!("      {}\n", located(workspace, lesson, state, &error)),
            );
        }
    }
    let mut programs = Programs::default();
    let mut is_built = HashSet::new();
    let mut build = states.build(workspace, &["--keep-going", FORMAT], false)?;
    while let Some(message) = build.next().await? {
        match message {
            Message::CompilerMessage(CompilerMessage { message, target, .. })
                if message.level == DiagnosticLevel::Error =>
            {
                if let Some(state) = states.with(&target) {
                    let text: &mut String = errors.entry(state.step).or_default();
                    *text += &described(workspace, lesson, states, state, &message);
                }
            }
            Message::CompilerArtifact(artifact) if artifact.executable.is_some() => {
                let Some(state) = states.with(&artifact.target) else { continue };
                programs.add(artifact);
                // What is wrong already is told when all is built; a state is told of once.
                if errors.contains_key(&state.step)
                    || !programs.have(&state.pair.server)
                    || !is_built.insert(state.step)
                {
                    continue;
                }
                count.built += 1;
                let result = run_state(workspace, state, &programs, count).await;
                tell(lesson, &state.pair.name, result, count)?;
            }
            _ => {}
        }
    }
    let failed_before = count.failed;
    let is_success = build.ended().await?.success();
    for state in &states.states {
        let why = match errors.remove(&state.step) {
            Some(why) => why,
            None if is_built.contains(&state.step) => continue,
            None if is_success => "      it has no program: src/main.rs is not there yet\n".into(),
            None => "      it does not build: see above\n".into(),
        };
        tell(lesson, &state.pair.name, Err(why), count)?;
    }
    if !is_success && count.failed == failed_before {
        tell(lesson, "all steps", Err("      the build failed: see above\n".into()), count)?;
    }
    Ok(programs)
}

/// Runs a state that has built, if it is one that runs.
async fn run_state(
    workspace: &Workspace,
    state: &State,
    programs: &Programs,
    count: &mut Count,
) -> Result<&'static str, String> {
    if state.step < FIRST_RUNNABLE_STEP {
        return Ok("builds");
    }
    if !state.pair.transcripts.is_dir() {
        let folder = relative(&state.pair.transcripts, &workspace.root);
        return Err(format!(
            "      no folder {folder}: it has to say what both print at this step\n"
        ));
    }
    count.run += 1;
    let outcome = run_pair(programs, &state.pair.server, &state.pair).await?;
    let (ok, details) =
        compare::with_transcripts(&state.pair, &SIDES, &outcome, &workspace.root, None);
    if ok { Ok("builds, and prints what it should") } else { Err(details) }
}

/// Runs the client of `pair` against as many as it is told of, each one a `server`.
async fn run_pair(programs: &Programs, server: &Target, pair: &Pair) -> Result<Outcome, String> {
    let run = async {
        let (server, client) = (programs.side(server)?, programs.side(&pair.client)?);
        pair::run(&server, pair.servers, &client).await
    };
    run.await.map_err(|error| format!("      {error:#}\n"))
}

/// Runs each client that is one step older or newer than the server.
async fn cross(
    workspace: &Workspace,
    lesson: &Lesson,
    states: &States,
    programs: &Programs,
    count: &mut Count,
) -> anyhow::Result<()> {
    let built = states.runnable().filter(|state| programs.have(&state.pair.server));
    let built: Vec<&State> = built.collect();
    for two in built.windows(2) {
        let [old, new] = two else { continue };
        count.crossed += 1;
        let what = format!("client {}, server {}", old.pair.name, new.pair.name);
        let result = run_pair(programs, &new.pair.server, &old.pair).await;
        let breaks = lesson.breaks.contains(&new.step);
        let result = result.and_then(|outcome| {
            if breaks {
                return fails_in_a_line(&outcome, "", |_| true).map(|()| "it fails, in one line");
            }
            let (ok, details) =
                compare::with_transcripts(&old.pair, &["client"], &outcome, &workspace.root, None);
            if ok { Ok("the old client works") } else { Err(details) }
        });
        tell(lesson, &what, result, count)?;

        // A new field is nothing to an old server, and no reason to refuse the call.
        if protos::methods(old)? != protos::methods(new)? {
            count.crossed += 1;
            let what = format!("client {}, server {}", new.pair.name, old.pair.name);
            let result = run_pair(programs, &old.pair.server, &new.pair).await;
            let result = result.and_then(|outcome| {
                let is_unimplemented = |stderr: &str| cause::unimplemented(stderr).is_some();
                fails_in_a_line(&outcome, " and says UNIMPLEMENTED", is_unimplemented)
            });
            tell(lesson, &what, result.map(|()| "UNIMPLEMENTED, in one line"), count)?;
        }
    }
    Ok(())
}

/// Whether the client has failed as it should: in one line, which says what is `expected`.
fn fails_in_a_line(
    outcome: &Outcome,
    expected: &str,
    is_expected: impl Fn(&str) -> bool,
) -> Result<(), String> {
    let Outcome { servers, client, .. } = outcome;
    if servers.iter().all(|server| server.failure.is_none() && !server.complained)
        && client.status.is_some_and(|status| status.code() == Some(1))
        && client.stderr.starts_with("error: ")
        && client.stderr.lines().count() == 1
        && is_expected(&client.stderr)
    {
        return Ok(());
    }
    let mut text = format!(
        "      client: expected exit code 1, and one line that begins with `error: `{expected}\n"
    );
    text.extend(outcome.failures().map(|failure| format!("      {failure}\n")));
    for (side, ended) in SIDES.iter().flat_map(|side| outcome.of(side)) {
        text += &compare::outputs(&side, ended);
    }
    Err(text)
}

/// What is wrong with the code of `state`: first where, in the lesson's own source, then as rustc
/// has it.
fn described(
    workspace: &Workspace,
    lesson: &Lesson,
    states: &States,
    state: &State,
    error: &Diagnostic,
) -> String {
    // That compiling ends here, and how many errors there were.
    if error.spans.is_empty() && error.message.starts_with("aborting due to ") {
        return String::new();
    }
    let mut place = String::new();
    for span in error.spans.iter().filter(|span| span.is_primary) {
        // What a macro has made has a place in the macro, and one where it was called.
        let mut next = Some(span);
        while let Some(span) = next {
            let path = states.folder.join(&span.file_name);
            if let Ok(path) = path.strip_prefix(&state.folder)
                && let Some(found) = place_of(workspace, lesson, state, path, span.line_start)
            {
                place = format!("{found}: ");
            }
            next = span.expansion.as_ref().map(|expansion| &expansion.span);
        }
    }
    let rendered = error.rendered.as_deref().unwrap_or_default().trim_end();
    format!("      {place}{}\n{rendered}\n", error.message)
}

/// Where `line` of the file `path` of `state` stands in the lesson's own source: `FILE:LINE`.
fn place_of(
    workspace: &Workspace,
    lesson: &Lesson,
    state: &State,
    path: &Path,
    line: usize,
) -> Option<String> {
    let number = state.number(path, line)?;
    Some(format!("{}:{number}", relative(&lesson.folder.join(path), &workspace.root)))
}

/// `FILE:LINE:COLUMN: what is wrong` with a proto file of `state`, with the line of the lesson's
/// own file.
fn located(workspace: &Workspace, lesson: &Lesson, state: &State, error: &str) -> String {
    let located = || {
        let (file, rest) = error.split_once(':')?;
        let (line, rest) = rest.split_once(':')?;
        let path = Path::new("proto").join(file);
        let place = place_of(workspace, lesson, state, &path, line.parse().ok()?)?;
        Some(format!("{place}:{rest}"))
    };
    located().unwrap_or_else(|| error.to_owned())
}
