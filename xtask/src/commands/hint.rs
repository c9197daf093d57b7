//! `cargo xtask hint`: what a learner has to write next.

use std::io::Write;
use std::process::ExitCode;

use crate::learner::grade::{self, grade};
use crate::learner::hint::{self, Part};
use crate::learner::{self, Grade, Learner, page, trial};
use crate::steps::regions;
use crate::system::style::DIM;
use crate::workspace::Workspace;

/// What to give a hint on.
#[derive(clap::Args)]
#[command(after_long_help = "\
It begins at the first step that `cargo xtask check` does not call ok, repeats what is wrong with
it, and tells you of the first part of it that is not there. What you have written in your own way
counts, too.

The solution is printed as a patch, which `git apply` and `patch -p1` take. Where your crate is so
much your own that it would not fit, you see how we have written it instead.")]
pub struct Args {
    #[command(flatten)]
    learner: learner::Which,
    /// Show how we have written it, as a difference to what you have
    #[arg(long)]
    solution: bool,
}

/// What `check` would say of the step that comes next.
enum Why {
    /// Nothing: the crate is the lesson's to the letter.
    NotAsked,
    Missing(String),
    Wrong(String),
    DoesNotCompile(String),
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
    let parts = hint::parts(&sources, &learner)?;
    let mut out = anstream::stdout();

    let mut is_seen = true;
    let found = if hint::is_the_lessons(&sources, &learner) {
        let part = parts.iter().find(|part| !part.is_exact());
        part.map(|part| (part.step, Why::NotAsked, Some(part)))
    } else {
        next(&workspace, &learner, &parts, &mut is_seen).await?
    };
    let Some((step, why, part)) = found else {
        writeln!(out, "{}", learner.is_done(&workspace, is_seen))?;
        return Ok(ExitCode::SUCCESS);
    };

    let title = &learner.lesson.steps[step - 1];
    let of_step = || parts.iter().filter(|part| part.step == step);
    let number =
        part.map(|part| of_step().take_while(|other| other.region.name != part.region.name));
    let number = number.map_or(0, Iterator::count) + 1;
    match &why {
        Why::Wrong(why) => {
            writeln!(out, "Step {step}, {title}: `check` says FAIL")?;
            why.lines().try_for_each(|line| writeln!(out, "      {line}"))?;
        }
        Why::DoesNotCompile(error) => {
            let error = if error.is_empty() { "`cargo xtask check` shows why" } else { error };
            writeln!(out, "It does not compile: {error}")?;
            if part.is_some() {
                writeln!(out, "If that is because you are not done with step {step}, {title}:")?;
            }
        }
        Why::NotAsked | Why::Missing(_) => {
            writeln!(out, "Step {step}, {title}: part {number} of {}", of_step().count())?;
        }
    }
    if let Some(part) = part {
        let is_theirs = match why {
            Why::NotAsked => false,
            Why::Wrong(_) => true,
            Why::Missing(_) | Why::DoesNotCompile(_) => part.is_there(),
        };
        writeln!(out, "{}: {}", part.place(is_theirs), part.title(learner.lesson))?;
    }
    if let Why::Missing(what) = &why
        && !what.is_empty()
    {
        writeln!(out, "`check` says: {what}")?;
    }
    if args.solution {
        if let Some(part) = part {
            solution(&workspace, &learner, part, &why, &mut out).await?;
        }
    } else if part.is_some() {
        let dir = learner.named();
        writeln!(
            out,
            "{DIM}`cargo xtask hint --solution{dir}` shows how we have written it.{DIM:#}"
        )?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The step that comes next, what `check` says of it, and which of the `parts` to look at. None if all
/// steps work, or those that anybody has seen.
async fn next<'a>(
    workspace: &Workspace,
    learner: &Learner<'_>,
    parts: &'a [Part<'a>],
    is_seen: &mut bool,
) -> anyhow::Result<Option<(usize, Why, Option<&'a Part<'a>>)>> {
    eprintln!("Trying what you have ...");
    let Some(grades) = grade(workspace, learner, true).await? else {
        let error = trial::first_error(workspace, &learner.folder).await?.unwrap_or_default();
        let error = grade::behind(workspace, learner)?.unwrap_or(error);
        // Nobody knows what works: so it is taken for the step that is begun.
        let step = parts.iter().filter(|part| part.is_there()).map(|part| part.step).max();
        let step = step.unwrap_or(1);
        let words = ["missing: ", "unresolved", "cannot find", "not found"];
        let is_unfinished = words.iter().any(|word| error.contains(word));
        let part = candidates(parts, step).into_iter().find(|part| !part.is_there());
        return Ok(Some((step, Why::DoesNotCompile(error), part.filter(|_| is_unfinished))));
    };
    *is_seen = page::unseen(&grades).is_none();
    let Some(index) = learner::next(&grades) else { return Ok(None) };
    let (step, why) = match &grades[index] {
        Grade::Wrong(why) => (index + 1, Why::Wrong(why.clone())),
        Grade::Missing(what) => (index + 1, Why::Missing(what.clone())),
        Grade::Works(_) => return Ok(None),
    };
    let parts = candidates(parts, step);
    let first = |wanted: &dyn Fn(&Part) -> bool| parts.iter().copied().find(|part| wanted(part));
    let part = match &why {
        Why::Wrong(why) => first(&|part| part.is_in(why)),
        Why::Missing(what) => {
            // "your server has it, your client does not": it is the client's turn.
            let turn = what.rsplit(", ").next().unwrap_or_default();
            // A file that `check` speaks of is none that has been tried.
            let is_its = |part: &Part| what.starts_with(&part.path().display().to_string());
            first(&|part| !part.is_there() && is_its(part))
                .or_else(|| first(&|part| part.is_named(what)))
                .or_else(|| first(&|part| !part.is_there() && part.is_in(turn)))
                .or_else(|| first(&|part| !part.is_there()))
                .or_else(|| first(&|part| part.is_in(turn)))
        }
        Why::NotAsked | Why::DoesNotCompile(_) => None,
    };
    let part = part.or(parts.first().copied());
    // What it needs in the same file comes first.
    let needs = |part: &Part| {
        first(&|other| other.imports() && !other.is_there() && other.path() == part.path())
    };
    Ok(Some((step, why, part.map(|part| needs(part).unwrap_or(part)))))
}

/// The parts of `step` that are not there to the letter. Nobody needs an import of what is not in a
/// file of its own.
fn candidates<'a>(parts: &'a [Part<'a>], step: usize) -> Vec<&'a Part<'a>> {
    let of_step = || parts.iter().filter(|part| part.step == step);
    let is_elsewhere = of_step().any(|part| !part.has_file());
    of_step().filter(|part| !(part.is_exact() || is_elsewhere && part.imports())).collect()
}

/// Shows how we have written `part`: as a patch if it applies, and if the crate compiles with it.
async fn solution(
    workspace: &Workspace,
    learner: &Learner<'_>,
    part: &Part<'_>,
    why: &Why,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let no_patch = match part.added() {
        _ if matches!(why, Why::Wrong(_)) => "you have it in your own words".into(),
        Ok(text) if matches!(why, Why::NotAsked) => return Ok(part.patch(&text, out)?),
        Ok(_) if part.is_there() => "you have it in your own words".into(),
        Ok(text) => {
            let path = part.path();
            match trial::first_error_with(workspace, learner, path, &text).await? {
                None => return Ok(part.patch(&text, out)?),
                Some(error) => format!("your crate would not compile with it: {error}"),
            }
        }
        Err(why) => why.to_owned(),
    };
    writeln!(out, "This is how we have written it. It is no patch, because {no_patch}\n")?;
    Ok(part.show(out)?)
}
