//! Marks what a class has handed in: a folder of crates.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use tokio::time::timeout;

use crate::learner::grade::{self, grade};
use crate::learner::{Grade, Learner, Which, page, trial};
use crate::report::verdict::Verdict;
use crate::report::{Format, Report};
use crate::run::cause;
use crate::system::style::{GREEN, RED};
use crate::workspace::Workspace;

/// How long a crate may take, from its build script to its last call. The first one has the
/// dependencies compiled.
const LIMIT: Duration = Duration::from_secs(600);

/// Marks each crate in `folder`, one after the other, in a line. The exit code is 1 unless all steps
/// of all of them work. A crate that does not say which lesson it is of is taken for one of `lesson`.
///
/// # Errors
///
/// If there is no folder in it, or nothing can be printed.
pub async fn mark(
    workspace: &Workspace,
    folder: &Path,
    lesson: Option<String>,
    format: Option<Format>,
) -> anyhow::Result<ExitCode> {
    let mut report = Report::new(format, || workspace.junit()).await?;
    let began = Instant::now();
    let submissions = submissions(folder)?;
    let name = |submission: &PathBuf| {
        let name = submission.file_name().unwrap_or_default();
        name.to_string_lossy().into_owned()
    };
    let width = submissions.iter().map(|it| name(it).chars().count()).max().unwrap_or_default();
    for submission in &submissions {
        let started = Instant::now();
        let found = crate_in(submission)
            .and_then(|dir| Which { dir: Some(dir), lesson: lesson.clone() }.find(workspace));
        let (of_lesson, mark) = match found {
            Ok(learner) => {
                // What cannot even be tried is no reason to mark nobody else.
                let mark = Mark::of(workspace, &learner).await;
                let mark = mark.unwrap_or_else(|error| Mark::none(format!("{error:#}")));
                (learner.lesson.name.clone(), mark)
            }
            Err(error) => (String::new(), Mark::none(format!("{error:#}"))),
        };
        let Mark { ok, steps, reason } = mark;
        let first = reason.lines().next().unwrap_or_default();
        let (style, word) = if ok { (GREEN, "ok  ") } else { (RED, "FAIL") };
        let pair = name(submission);
        let mut line = vec![format!("{style}{word}{style:#}"), format!("{pair:width$}")];
        line.extend([of_lesson.as_str(), &steps, first].map(str::to_owned));
        line.retain(|part| !part.is_empty());
        writeln!(report.out(), "{}", line.join("  "))?;
        report.keep(Verdict {
            lesson: of_lesson,
            pair,
            sides: None,
            ok,
            seconds: started.elapsed().as_secs_f64(),
            details: if ok { String::new() } else { format!("{reason}\n") },
        });
    }
    report.end(began.elapsed())
}

/// The folders in `folder`, by name.
fn submissions(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let entries =
        fs::read_dir(folder).with_context(|| format!("cannot look into {}", folder.display()))?;
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name();
        let is_ours = name == "target" || name.to_string_lossy().starts_with('.');
        if entry.path().is_dir() && !is_ours {
            found.push(entry.path());
        }
    }
    if found.is_empty() {
        bail!("{} has no folders: give the one with a folder a submission", folder.display());
    }
    found.sort();
    Ok(found)
}

/// The folder of the crate in `submission`: often one further in, as archives are unpacked.
fn crate_in(submission: &Path) -> anyhow::Result<PathBuf> {
    let is_crate = |folder: &PathBuf| folder.join("Cargo.toml").is_file();
    let inner = || {
        let mut inner = submissions(submission).ok()?.into_iter().filter(is_crate);
        inner.next().filter(|_| inner.next().is_none())
    };
    let outer = Some(submission.to_owned()).filter(is_crate);
    outer.or_else(inner).context("no crate: there is no Cargo.toml in it")
}

/// What came of a crate.
struct Mark {
    /// Whether all of them work.
    ok: bool,
    /// Its steps: the number of each that works, or else a line.
    steps: String,
    /// Why not all of them work, or what nobody has looked at.
    reason: String,
}

impl Mark {
    fn none(reason: String) -> Mark {
        Mark { ok: false, steps: String::new(), reason }
    }

    async fn of(workspace: &Workspace, learner: &Learner<'_>) -> anyhow::Result<Mark> {
        let late = || Mark::none(format!("not done within {} minutes", LIMIT.as_secs() / 60));
        let mark = timeout(LIMIT, Mark::in_its_time(workspace, learner)).await;
        mark.unwrap_or_else(|_| Ok(late()))
    }

    async fn in_its_time(workspace: &Workspace, learner: &Learner<'_>) -> anyhow::Result<Mark> {
        let Some(grades) = grade(workspace, learner, true).await? else {
            let why = match grade::behind(workspace, learner)? {
                Some(why) => Some(why),
                None => trial::first_error(workspace, &learner.folder).await?,
            };
            let why = why.filter(|why| !why.is_empty());
            let why = why.unwrap_or_else(|| "`cargo build` in its folder says why".into());
            return Ok(Mark::none(format!("does not compile: {why}")));
        };
        let mut steps = Vec::new();
        let (mut wrong, mut missing) = (Vec::new(), Vec::new());
        for (index, grade) in grades.iter().enumerate() {
            let step = index + 1;
            steps.push(if matches!(grade, Grade::Works(_)) {
                step.to_string()
            } else {
                "-".into()
            });
            match grade {
                Grade::Works(_) => {}
                Grade::Missing(what) if what.is_empty() => {
                    missing.push(format!("step {step}: not there yet"))
                }
                Grade::Missing(but) => missing.push(format!("step {step}: {but}")),
                Grade::Wrong(why) => wrong.push(format!("step {step}: {why}")),
            }
        }
        // Where a step is wrong, they would only say it again.
        if wrong.is_empty()
            && let Some((false, said)) = trial::own_tests(workspace, learner, true).await?
        {
            let why = cause::of(&said).unwrap_or_else(|| "they do not compile".into());
            wrong.push(format!("their own tests: {why}"));
        }
        wrong.extend(missing);
        let ok = wrong.is_empty();
        wrong.extend(page::unseen(&grades).filter(|_| ok).map(str::to_owned));
        Ok(Mark { ok, steps: steps.join(" "), reason: wrong.join("\n") })
    }
}
