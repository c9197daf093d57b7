//! `cargo xtask hint`: what a learner has to write next.

use std::io::Write;
use std::process::ExitCode;

use crate::learner;
use crate::learner::grade::{Grade, grade};
use crate::learner::hint::{Part, parts};
use crate::steps::regions;
use crate::system::style::DIM;
use crate::workspace::Workspace;

/// What to give a hint on.
#[derive(clap::Args)]
#[command(after_long_help = "\
It compares your source with the lesson's, part by part, and tells you of the first part that is not
there. What you have written in your own way counts, too, once `cargo xtask check` finds that it
works.

The solution is printed as a patch: `git apply` and `patch -p1` would take it.")]
pub struct Args {
    #[command(flatten)]
    learner: learner::Which,
    /// Show how we have written it, as a difference to what you have
    #[arg(long)]
    solution: bool,
}

/// Prints the hint that `args` asks for.
///
/// # Errors
///
/// If there is no such crate, or one of our own programs fails.
pub async fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let workspace = Workspace::load().await?;
    let learner = args.learner.find(&workspace)?;
    let sources = regions::read_sound(learner.lesson, &workspace.root)?;
    let parts = parts(&sources, &learner)?;

    let mut missing: Vec<&Part> = parts.iter().filter(|part| !part.is_there()).collect();
    // What is not as it was before may do its work all the same, in the learner's own way: if
    // there is a trace of it, or if the learner has gone on.
    if missing.first().is_some_and(|part| !part.is_untouched()) {
        eprintln!("Trying what you have ...");
        let grades = grade(&workspace, &learner, true).await?;
        let begun = parts.iter().filter(|part| part.is_there()).map(|part| part.step).max();
        missing.retain(|part| {
            let has_gone_on = begun.is_some_and(|begun| begun > part.step);
            match grades.as_ref().map(|grades| &grades[part.step - 1]) {
                Some(Grade::Works(_)) => !has_gone_on && part.share() == 0.0,
                Some(_) => true,
                // It does not compile, so nobody knows.
                None => !has_gone_on,
            }
        });
    }

    let mut out = anstream::stdout();
    let dir = learner.named();
    let Some(part) = missing.first() else {
        writeln!(out, "All parts are there. `cargo xtask check{dir}` says whether they work.")?;
        return Ok(ExitCode::SUCCESS);
    };
    let lesson = learner.lesson;
    let of_step: Vec<&Part> = parts.iter().filter(|other| other.step == part.step).collect();
    let before = of_step.iter().take_while(|other| other.region.name != part.region.name);
    let number = before.count() + 1;
    writeln!(
        out,
        "Step {}, {}: part {number} of {}\n{}: {}",
        part.step,
        lesson.steps[part.step - 1],
        of_step.len(),
        part.place(),
        part.title(lesson)
    )?;
    if args.solution {
        part.solution(&mut out)?;
    } else {
        writeln!(
            out,
            "{DIM}`cargo xtask hint --solution{dir}` shows how we have written it.{DIM:#}"
        )?;
    }
    Ok(ExitCode::SUCCESS)
}
