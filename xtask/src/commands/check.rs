//! `cargo xtask check`: grades what a learner has so far.

use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use crate::learner::grade::{self, grade};
use crate::learner::{self, Grade, Learner, class, exercise, page, trial};
use crate::report::Format;
use crate::run::watcher::Watcher;
use crate::system::files;
use crate::system::style::{DIM, GREEN, RED};
use crate::workspace::{Workspace, with_own_certificates};

/// What to check, and how often.
#[derive(clap::Args)]
#[command(after_long_help = "\
It builds your crate, runs your server with our client, our server with your client, and then both
of yours, and says of each step of the lesson whether it works. Your server is told port 0, which is
any free one, and has to print the port that it got. It is also sent what the lesson's server refuses:
a message without a field that it needs, an id that doesn't exist, bytes that aren't a message. The
words of the answer are yours to choose, as long as they name the field that is wrong; its code is not.
In a lesson with certificates, strangers call it, too, and all sides find what shows who they are in
the folder that the variable CERTIFICATES names. In lesson 6, it starts your server with a data file,
too (`server ADDR DATA`), that has more places, and stops waiting before they're all there. In lesson
9, it starts your server once more with the same file. In lesson 10, it does with your page in Chromium
what the lesson's transcript says, if `chromedriver` is there, and says so if not. What is not written
yet is no failure, and neither is what it prints on standard error. What does not compile is shown by
Cargo, and nothing is run then. At the end, it runs your own tests, if there is a folder `tests`.

Your program has to take `server ADDR` and `client ADDR`, as that of the lesson does.

With --exercise, it runs an example of your crate against the lesson's programs and transcripts: a
client that takes ADDR with our server; a program that takes `server ADDR` and `client ADDR` with
ours, and with itself. It compares what they print, and no more. The book's pages of exercises say what
NAME is.

With --all, each folder in FOLDER is what somebody has handed in: a crate, or a folder with one. Each
gets a line: its lesson, the numbers of the steps that work, and what is wrong first, in a step or
in its own tests. A crate that takes ten minutes is given up. Without --lesson, each says itself
which lesson it is of. --format is that of `verify`, with the folder as `submission`, in place of
`server` and `client`.

Exit code: 0 if all that is there works, and with --all, if all steps do; 1 if something does not; 2
if the command line is wrong.")]
pub struct Args {
    #[command(flatten)]
    learner: learner::Which,
    /// Check again whenever you save a file, until Ctrl-C
    #[arg(long)]
    pub watch: bool,
    /// Check your solution of an exercise instead: the example NAME of your crate
    #[arg(long, value_name = "NAME", conflicts_with = "all")]
    exercise: Option<String>,
    /// Mark every crate in a folder
    #[arg(long, value_name = "FOLDER", conflicts_with_all = ["dir", "watch"])]
    all: Option<PathBuf>,
    /// Print the marks for a program to read
    #[arg(long, value_enum, requires = "all")]
    format: Option<Format>,
}

/// Builds and grades the crate that `args` names. The exit code is 1 if it does not compile, or
/// something in it is wrong.
///
/// # Errors
///
/// If there is no such crate, or one of our own programs fails.
pub async fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let workspace = Workspace::load().await?;
    if let Some(folder) = &args.all {
        return class::mark(&workspace, folder, args.learner.lesson.clone(), args.format).await;
    }
    let learner = args.learner.find(&workspace)?;
    if args.watch {
        return watch(&workspace, &learner, args.exercise.as_deref()).await;
    }
    check(&workspace, &learner, args.exercise.as_deref()).await
}

/// Grades now and whenever a file changes, until Ctrl-C. What is under way then is begun anew.
async fn watch(
    workspace: &Workspace,
    learner: &Learner<'_>,
    exercise: Option<&str>,
) -> anyhow::Result<ExitCode> {
    // Cargo writes it, and must not be called again for that.
    let lock = learner.folder.join("Cargo.lock");
    let mut watcher = Watcher::new(vec![learner.folder.clone()], vec![lock]);
    watcher.changed().await;
    loop {
        clear_screen()?;
        tokio::select! {
            () = watcher.changed() => continue,
            result = check(workspace, learner, exercise) => {
                // A crate that cannot even be tried is mended by its learner, too.
                if let Err(error) = result {
                    eprintln!("error: {error:#}");
                }
            }
        }
        writeln!(
            anstream::stdout(),
            "{DIM}Waiting for a change in {}; Ctrl-C ends this.{DIM:#}",
            files::shown(&learner.folder)
        )?;
        watcher.changed().await;
    }
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

/// Grades the lesson or an exercise once, and prints the grades.
async fn check(
    workspace: &Workspace,
    learner: &Learner<'_>,
    exercise: Option<&str>,
) -> anyhow::Result<ExitCode> {
    let lesson = learner.lesson;
    let grades = match exercise {
        Some(name) => {
            let grade = with_own_certificates(exercise::grade(workspace, learner, name)).await?;
            grade.map(|grade| vec![grade])
        }
        None => grade(workspace, learner, false).await?,
    };
    learner.hand_on(workspace)?;
    let mut out = anstream::stdout();
    let Some(grades) = grades else {
        writeln!(
            out,
            "{RED}It does not compile:{RED:#} Cargo says above what is wrong, and where."
        )?;
        if let Some(why) = grade::behind(workspace, learner)? {
            writeln!(out, "{why}.")?;
        }
        return Ok(ExitCode::FAILURE);
    };
    writeln!(out, "{lesson}")?;
    for (index, grade) in grades.iter().enumerate() {
        let what = match exercise {
            Some(name) => format!("exercise {name}"),
            None => format!("step {}: {}", index + 1, lesson.steps[index]),
        };
        match grade {
            Grade::Works(note) => {
                let note = note.iter().map(|note| format!("; {note}")).collect::<String>();
                writeln!(out, "{GREEN}ok  {GREEN:#}  {what}{note}")?;
            }
            Grade::Missing(more) if more.is_empty() => {
                writeln!(out, "{DIM}--    {what}{DIM:#}")?;
            }
            Grade::Missing(more) => {
                writeln!(out, "{DIM}--{DIM:#}    {what}; {more}")?;
            }
            Grade::Wrong(why) => {
                writeln!(out, "{RED}FAIL{RED:#}  {what}")?;
                why.lines().try_for_each(|line| writeln!(out, "      {line}"))?;
            }
        }
    }
    let is_ok = !grades.iter().any(|grade| matches!(grade, Grade::Wrong(_)));
    // Where a step is wrong, they would only say it again.
    if exercise.is_none() {
        if is_ok && !own_tests_pass(workspace, learner).await? {
            writeln!(out, "Next: put your tests right, or what they test, and check again.")?;
            return Ok(ExitCode::FAILURE);
        }
        writeln!(out, "{}", next(workspace, learner, &grades))?;
    }
    Ok(if is_ok { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Runs the tests that the learner has written, if there are any, and says whether they pass.
async fn own_tests_pass(workspace: &Workspace, learner: &Learner<'_>) -> anyhow::Result<bool> {
    let Some((passed, said)) = trial::own_tests(workspace, learner, false).await? else {
        return Ok(true);
    };
    let mut out = anstream::stdout();
    if passed {
        writeln!(out, "{GREEN}ok  {GREEN:#}  your tests")?;
    } else {
        writeln!(out, "{RED}FAIL{RED:#}  your tests")?;
        let said = if said.is_empty() { "Cargo says above what is wrong" } else { said.trim() };
        said.lines().try_for_each(|line| writeln!(out, "      {line}"))?;
    }
    Ok(passed)
}

/// What to do next.
fn next(workspace: &Workspace, learner: &Learner<'_>, grades: &[Grade]) -> String {
    let Learner { lesson, .. } = learner;
    let Some(index) = learner::next(grades) else {
        return learner.is_done(workspace, page::unseen(grades).is_none());
    };
    let (step, title) = (index + 1, &lesson.steps[index]);
    if matches!(grades[index], Grade::Wrong(_)) {
        return format!("Next: put step {step} right, and check again.");
    }
    format!(
        "Next: step {step}, {title}. `cargo xtask hint{}` says where to go on.",
        learner.named()
    )
}
