//! `cargo xtask verify`: every pair against its transcripts.

use std::borrow::Cow;
use std::collections::HashSet;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use anstyle::{AnsiColor, Style};
use tokio::task::JoinSet;

use crate::lessons::{Lesson, Pair, Programs, Workspace};
use crate::pair::{self, Outcome, TIME_LIMIT};
use crate::process::MAX_OUTPUT;
use crate::transcript;

/// Both sides of a pair.
pub const SIDES: [&str; 2] = ["server", "client"];

pub const GREEN: Style = AnsiColor::Green.on_default().bold();
pub const RED: Style = AnsiColor::Red.on_default().bold();
pub const DIM: Style = Style::new().dimmed();

/// How much of an output is shown at each end, in bytes, when it is too long to be shown whole.
const SHOWN: usize = 4096;

/// What to verify, and what to do about a difference.
#[derive(clap::Args)]
#[command(after_long_help = format!("\
The programs of a lesson at its last step are a pair, and so is every example of it. The pairs run
side by side, each on a port of its own. A server has {limit} s to get ready and {limit} s to stop after
Ctrl-C, a client {limit} s to end, and each may print {output} KiB. When one does not keep to it, you see
what both had printed until then.", limit = TIME_LIMIT.as_secs(), output = MAX_OUTPUT >> 10))]
pub struct Args {
    /// Which lessons, by number, package or folder: 03, teams or 03-teams [default: all]
    #[arg(value_name = "LESSON")]
    lessons: Vec<String>,
    /// Rewrite the transcripts that differ; a line that still matches keeps its wildcard
    #[arg(long)]
    bless: bool,
}

/// A pair that has ended, and what came of it.
struct Verified {
    lesson: String,
    pair: Pair,
    outcome: anyhow::Result<Outcome>,
}

/// Builds and runs the lessons that `args` names. The exit code is 1 if a pair fails.
///
/// # Errors
///
/// If the lessons do not build, or a transcript cannot be read or written.
pub async fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let workspace = Workspace::load().await?;
    let lessons = workspace.select(&args.lessons)?;
    let programs = workspace.build(&lessons).await?;

    let started = Instant::now();
    let mut pairs = start(&lessons, &programs)?;
    let mut out = anstream::stdout();
    let (mut passed, mut failed) = (0, 0);
    let mut blessed = args.bless.then(HashSet::new);
    while let Some(ended) = pairs.join_next().await {
        let ended = ended?;
        let (ok, details) = match &ended.outcome {
            Ok(outcome) => judge(&ended.pair, &SIDES, outcome, &workspace.root, blessed.as_mut()),
            Err(error) => (false, format!("      {error:#}\n")),
        };
        let (style, verdict) = if ok { (GREEN, "ok  ") } else { (RED, "FAIL") };
        let time = ended.outcome.as_ref().map_or(0.0, |outcome| outcome.time.as_secs_f64());
        let Verified { lesson, pair, .. } = &ended;
        writeln!(out, "{style}{verdict}{style:#}  {lesson:22}  {:26}  {time:5.2} s", pair.name)?;
        write!(out, "{details}")?;
        if ok { passed += 1 } else { failed += 1 }
    }
    let style = if failed == 0 { GREEN } else { RED };
    let time = started.elapsed().as_secs_f64();
    writeln!(out, "{style}{passed} passed, {failed} failed{style:#} in {time:.2} s")?;
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Starts all pairs, side by side: each has a port of its own.
fn start(lessons: &[&Lesson], programs: &Programs) -> anyhow::Result<JoinSet<Verified>> {
    let mut pairs = JoinSet::new();
    for lesson in lessons {
        for pair in &lesson.pairs {
            let (lesson, pair) = (lesson.name.clone(), pair.clone());
            let (server, client) = (programs.side(&pair.server)?, programs.side(&pair.client)?);
            pairs.spawn(async move {
                Verified { outcome: pair::run(&server, &client).await, lesson, pair }
            });
        }
    }
    Ok(pairs)
}

/// Whether a pair has passed, and what there is to say about it: whether both did what they
/// should, and whether `sides` printed what they should. With `blessed`, a transcript that differs
/// is rewritten and added to it, unless it is there already: then another pair has printed
/// something else for the same transcript.
pub fn judge(
    pair: &Pair,
    sides: &[&str],
    outcome: &Outcome,
    root: &Path,
    mut blessed: Option<&mut HashSet<PathBuf>>,
) -> (bool, String) {
    let mut text = String::new();
    for failure in outcome.failures() {
        text += &format!("      {failure}\n");
    }
    if !text.is_empty() {
        text += &shown("server", &outcome.server);
        text += &shown("client", &outcome.client);
        return (false, text);
    }
    let mut ok = true;
    for side in sides {
        let path = pair.transcript(side);
        let name = path.strip_prefix(root).unwrap_or(&path).display();
        let may_bless = blessed.as_mut().is_some_and(|blessed| blessed.insert(path.clone()));
        let verdict = transcript::compare(&path, &outcome.printed(side)).and_then(|difference| {
            let Some(difference) = difference else { return Ok(true) };
            if may_bless {
                difference.bless(&path)?;
                text += &format!("      {side}: wrote {name}\n");
                return Ok(true);
            }
            text += &match difference.line {
                Some(line) => format!("      {side}: it differs from {name}:{line}\n"),
                None => format!("      {side}: no transcript {name}; --bless writes one\n"),
            };
            text += &shortened(&difference.diff()?);
            Ok(false)
        });
        ok &= verdict.unwrap_or_else(|error| {
            text += &format!("      {side}: {error:#}\n");
            false
        });
    }
    (ok, text)
}

/// What one side has printed on both its outputs.
pub fn shown(side: &str, output: &pair::Ended) -> String {
    let mut text = String::new();
    for (name, printed) in [("output", &output.stdout), ("error", &output.stderr)] {
        let lines = printed.lines().count();
        let unit = if lines == 1 { "line" } else { "lines" };
        text += &format!("      {DIM}{side}, standard {name}: {lines} {unit}{DIM:#}\n");
        text += &shortened(printed);
        if !text.ends_with('\n') {
            text.push('\n');
        }
    }
    text
}

/// `text`, or its beginning and its end if it is too long to be read whole.
fn shortened(text: &str) -> Cow<'_, str> {
    let left_out = text.len().saturating_sub(2 * SHOWN);
    if left_out == 0 {
        return text.into();
    }
    let (head, tail) = (&text.as_bytes()[..SHOWN], &text.as_bytes()[SHOWN + left_out..]);
    let (head, tail) = (String::from_utf8_lossy(head), String::from_utf8_lossy(tail));
    format!("{head}\n[.. {left_out} bytes ..]\n{tail}").into()
}
