//! `cargo xtask check`: grades what a learner has so far.

use std::fs;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use notify::{Event, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::mpsc;

use crate::learner::grade::{Grade, grade};
use crate::learner::{self, Learner};
use crate::system::style::{DIM, GREEN, RED};
use crate::workspace::Workspace;

/// What to check, and how often.
#[derive(clap::Args)]
#[command(after_long_help = "\
It builds your crate, runs your server with our client, our server with your client, and then both
of yours, and says of each step of the lesson whether it works. What is not written yet is no
failure. What does not compile is shown by Cargo, and nothing is run then.

Your program has to take `server ADDR` and `client ADDR`, as that of the lesson does.

Exit code: 0 if all that is there works, 1 if something does not, 2 if the command line is wrong.")]
pub struct Args {
    #[command(flatten)]
    learner: learner::Which,
    /// Check again whenever you save a file, until Ctrl-C
    #[arg(long)]
    pub watch: bool,
}

/// Builds and grades the crate that `args` names. The exit code is 1 if it does not compile, or
/// something in it is wrong.
///
/// # Errors
///
/// If there is no such crate, or one of our own programs fails.
pub async fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let workspace = Workspace::load().await?;
    let learner = args.learner.find(&workspace)?;
    if args.watch {
        return watch(&workspace, &learner).await;
    }
    check(&workspace, &learner).await
}

/// Grades now and whenever a file changes, until Ctrl-C. What is under way then is begun anew.
async fn watch(workspace: &Workspace, learner: &Learner<'_>) -> anyhow::Result<ExitCode> {
    loop {
        // Made anew each time, because folders come and go; and before the files are read, so
        // that no change is missed.
        let (_watcher, mut changes) = changes(&learner.folder)?;
        clear_screen()?;
        tokio::select! {
            _ = changes.recv() => continue,
            result = check(workspace, learner) => {
                // A crate that cannot even be tried is mended by its learner, too.
                if let Err(error) = result {
                    eprintln!("error: {error:#}");
                }
            }
        }
        writeln!(
            anstream::stdout(),
            "{DIM}Waiting for a change in {}; Ctrl-C ends this.{DIM:#}",
            learner.folder.display()
        )?;
        changes.recv().await;
    }
}

/// Something is received whenever a file of the crate in `folder` changes, as long as the watcher
/// lives.
fn changes(folder: &Path) -> anyhow::Result<(RecommendedWatcher, mpsc::UnboundedReceiver<()>)> {
    let about = || format!("cannot watch {}", folder.display());
    // As events have it.
    let folder = folder.canonicalize().with_context(about)?;
    let root = folder.clone();
    // Cargo writes these, and must not be called again for that.
    let is_cargos = move |path: &PathBuf| {
        let path = path.strip_prefix(&root).unwrap_or(path);
        path.starts_with("target") || path == Path::new("Cargo.lock")
    };
    let (sender, receiver) = mpsc::unbounded_channel();
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
        let is_change = match event {
            Ok(event) => !event.kind.is_access() && !event.paths.iter().all(&is_cargos),
            // Something was missed: so something may have changed.
            Err(_) => true,
        };
        if is_change {
            // An error means that nobody waits any more.
            _ = sender.send(());
        }
    })?;
    watcher.watch(&folder, RecursiveMode::NonRecursive).with_context(about)?;
    for entry in fs::read_dir(&folder).with_context(about)? {
        let entry = entry?;
        let name = entry.file_name();
        let is_source = name != "target" && !name.to_string_lossy().starts_with('.');
        if is_source && entry.file_type()?.is_dir() {
            watcher.watch(&entry.path(), RecursiveMode::Recursive).with_context(about)?;
        }
    }
    Ok((watcher, receiver))
}

/// Puts the cursor at the top of an empty screen, if there is one.
fn clear_screen() -> io::Result<()> {
    let mut out = io::stdout();
    if out.is_terminal() {
        write!(out, "\x1b[2J\x1b[3J\x1b[H")?;
        out.flush()?;
    }
    Ok(())
}

/// Grades once, and prints the grades.
async fn check(workspace: &Workspace, learner: &Learner<'_>) -> anyhow::Result<ExitCode> {
    let lesson = learner.lesson;
    let Some(grades) = grade(workspace, learner, false).await? else {
        let mut out = anstream::stdout();
        writeln!(
            out,
            "{RED}It does not compile:{RED:#} Cargo says above what is wrong, and where."
        )?;
        return Ok(ExitCode::FAILURE);
    };
    let mut out = anstream::stdout();
    writeln!(out, "{lesson}")?;
    for (index, (title, grade)) in lesson.steps.iter().zip(&grades).enumerate() {
        let step = index + 1;
        match grade {
            Grade::Works => writeln!(out, "{GREEN}ok  {GREEN:#}  step {step}: {title}")?,
            Grade::Missing("") => writeln!(out, "{DIM}--    step {step}: {title}{DIM:#}")?,
            Grade::Missing(but) => writeln!(out, "{DIM}--{DIM:#}    step {step}: {title}; {but}")?,
            Grade::Wrong(why) => {
                writeln!(out, "{RED}FAIL{RED:#}  step {step}: {title}")?;
                why.lines().try_for_each(|line| writeln!(out, "      {line}"))?;
            }
        }
    }
    let is_ok = !grades.iter().any(|grade| matches!(grade, Grade::Wrong(_)));
    writeln!(out, "{}", next(workspace, learner, &grades))?;
    Ok(if is_ok { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What to do next.
fn next(workspace: &Workspace, learner: &Learner<'_>, grades: &[Grade]) -> String {
    let Learner { lesson, .. } = learner;
    if let Some(index) = grades.iter().position(|grade| matches!(grade, Grade::Wrong(_))) {
        return format!("Next: put step {} right, and check again.", index + 1);
    }
    if let Some(index) = grades.iter().position(|grade| matches!(grade, Grade::Missing(_))) {
        let (step, title) = (index + 1, &lesson.steps[index]);
        return format!(
            "Next: step {step}, {title}. `cargo xtask hint{}` says where to go on.",
            learner.named()
        );
    }
    let mut lessons =
        workspace.lessons.iter().skip_while(|other| other.name != lesson.name).skip(1);
    match lessons.next() {
        Some(next) => {
            format!("All of it works. The next lesson: `cargo xtask start {}`", next.package)
        }
        None => "All of it works, and this was the last lesson.".into(),
    }
}
