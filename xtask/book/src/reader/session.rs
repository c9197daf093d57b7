//! Sessions: somebody reads the book from page to page, types its commands, and writes the lessons
//! from its listings.

use std::collections::HashSet;
use std::env;
use std::fs;
use std::io::{Write, stderr};
use std::path::Path;

use anyhow::{Context, ensure};
use xtask::commands::ci;
use xtask::run::python::Python;
use xtask::workspace::Workspace;
use xtask::workspace::manifest;

use crate::pages::CRATES;
use crate::pages::listing::{LessonSource, Listings};
use crate::pages::page::{self, Directive, Page, directive, slashed, step_of};
use crate::reader::desk::Desk;

/// Reads `pages`, in their order, at one desk. Every command on them is run, and every listing of
/// `lesson`, if there is one, is typed into the crate that `cargo xtask start` has written. On the
/// page of a step the crate has to be the lesson as it stands then, and `cargo xtask check` has to find
/// that step, and all before it, working.
///
/// # Errors
///
/// If something does not go as the pages say: the error names the page and the line.
pub async fn read(
    workspace: &Workspace,
    listings: &Listings,
    lesson: Option<(usize, &LessonSource)>,
    pages: &[&Page],
) -> anyhow::Result<()> {
    let mut desk = Desk::new(workspace).await?;
    let mut typed = HashSet::new();
    for page in pages {
        for block in page.blocks() {
            for (number, line) in block.lines {
                let at = || format!("{}:{number}", page.file().display());
                match directive(line) {
                    Some(Directive::Include { path, region }) => {
                        let listing = listings.get(&page.path, path, region);
                        let listing = listing.map_err(anyhow::Error::msg).with_context(at)?;
                        if let Some(file) = page::in_workspace(&page.path, path)
                            .as_deref()
                            .and_then(|path| path.strip_prefix(CRATES))
                        {
                            let path = desk.folder().join(file);
                            desk.write(&path, &listing.text).with_context(at)?;
                        } else if let (Some((index, lesson)), Some(file), Some((of, lines))) =
                            (lesson, &listing.file, &listing.step)
                            && index == *of
                        {
                            typed.extend(lines.iter().map(|line| (file.clone(), *line)));
                            write(&desk, lesson, file, &typed).with_context(at)?;
                        } else if let (Some((_, lesson)), Some(file)) = (lesson, &listing.file)
                            && region.is_none()
                            && path.ends_with(&format!("lessons/{}/{file}", lesson.name))
                            && file.starts_with("tests/")
                            && let Some(folder) = desk.crate_of(&lesson.package)
                        {
                            desk.write(&folder.join(file), &listing.text).with_context(at)?;
                        }
                    }
                    _ if block.language == "console" && !line.trim().is_empty() => {
                        let step = step_of(page);
                        let lesson = lesson.map(|(_, lesson)| lesson);
                        run(workspace, &mut desk, line, lesson, step).await.with_context(at)?;
                    }
                    _ => {}
                }
            }
        }
    }
    desk.stop().await?;
    let Some((_, lesson)) = lesson else { return Ok(()) };
    let folder = desk.crate_of(&lesson.package);
    let folder = folder.with_context(|| format!("nobody starts {}", lesson.package))?;
    is_at(&folder, lesson, lesson.steps.len())
}

/// The crate in `folder` is the lesson as it stands after `step`.
fn is_at(folder: &Path, lesson: &LessonSource, step: usize) -> anyhow::Result<()> {
    for source in crate_files(lesson) {
        let theirs = fs::read_to_string(folder.join(&source.path)).unwrap_or_default();
        let ours = source.at(step).map(|file| file.text).unwrap_or_default();
        ensure!(
            theirs == xtask::learner::own(&ours),
            "whoever types the chapter of {} does not get its {} at step {step}",
            lesson.name,
            source.path.display()
        );
    }
    Ok(())
}

/// What a learner writes: the manifest is complete from the start.
fn crate_files(lesson: &LessonSource) -> impl Iterator<Item = &xtask::steps::regions::Source> {
    lesson.sources.iter().filter(|source| source.path != Path::new("Cargo.toml"))
}

/// Writes the file of the crate as far as it is typed, if there is a crate yet.
fn write(
    desk: &Desk<'_>,
    lesson: &LessonSource,
    file: &str,
    typed: &HashSet<(String, usize)>,
) -> anyhow::Result<()> {
    let source = crate_files(lesson).find(|source| slashed(&source.path) == file);
    if let (Some(source), Some(folder)) = (source, desk.crate_of(&lesson.package)) {
        // An exercise is no part of the lesson, though the page of exercises shows it.
        let of_steps = source.lines.iter().filter(|line| line.since <= lesson.steps.len());
        // A blank line between two items is typed with the second one.
        let mut next_is_there = false;
        let mut lines = Vec::new();
        for line in of_steps.rev() {
            let is_blank = line.text.trim().is_empty();
            let is_there = line.since == 0
                || typed.contains(&(file.to_owned(), line.number))
                || is_blank && next_is_there;
            next_is_there = is_there;
            lines.extend(is_there.then_some(line.text.as_str()));
        }
        let text: String = lines.into_iter().rev().collect();
        desk.write(&folder.join(&source.path), &text)?;
    }
    Ok(())
}

/// Runs a command of a page.
async fn run(
    workspace: &Workspace,
    desk: &mut Desk<'_>,
    line: &str,
    lesson: Option<&LessonSource>,
    step: Option<usize>,
) -> anyhow::Result<()> {
    // A comment says what it does.
    let line = line.split(" #").next().unwrap_or_default().trim();
    if let Some(folder) = line.strip_prefix("cd ") {
        return desk.go(folder);
    }
    // These are run by `cargo xtask ci` as they stand.
    if ci::runs(line) {
        return Ok(());
    }
    if line.ends_with(" --python")
        && env::var_os("CI").is_none()
        && let Err(error) = Python::prepare(workspace).await
    {
        // Not eprintln!, which a test that passes keeps to itself.
        writeln!(stderr(), "skipped: nobody runs `{line}`: {error:#}")?;
        return Ok(());
    }
    // A page says in words that somebody runs their own programs in their own crate.
    let own = lesson.map(|lesson| &lesson.package).filter(|package| {
        let runs = format!("cargo run -p {package} ");
        let is_their_own = line.starts_with(&runs) && !line.contains("--example");
        is_their_own || line == format!("cargo test -p {package}")
    });
    let is_elsewhere = own.is_some_and(|package| desk.goes_to_crate(package));
    let words: Vec<&str> = line.split_whitespace().collect();
    if words.get(1) == Some(&"add") {
        has_our_versions(workspace, &words)?;
    }
    let is_run = words.get(1) == Some(&"run");
    if words
        .iter()
        .any(|word| is_run && *word == "server" || matches!(*word, "--serve" | "--watch"))
    {
        desk.start_meanwhile(line).await?;
        return if is_elsewhere { desk.go("..") } else { Ok(()) };
    }
    let (output, status) = desk.run(line).await?;
    if is_elsewhere {
        desk.go("..")?;
    }
    ensure!(status.success(), "`{line}` ends with {status}:\n{output}");
    if let (Some(lesson), Some(step)) = (lesson, step)
        && line.starts_with("cargo xtask check")
    {
        for (index, title) in lesson.steps.iter().enumerate() {
            let mark = if index < step { "ok " } else { "-- " };
            let of_step = format!(" step {}: ", index + 1);
            let is_so = |line: &str| line.starts_with(mark) && line.contains(&of_step);
            ensure!(
                output.lines().any(is_so),
                "`{line}` does not say {mark}of step {}, {title}:\n{output}",
                index + 1
            );
        }
        let next = if step < lesson.steps.len() {
            format!("\nNext: step {}, ", step + 1)
        } else {
            "\nAll ".into()
        };
        ensure!(output.contains(&next), "`{line}` does not say `{}`:\n{output}", next.trim());
        let folder = desk.crate_of(&lesson.package).context("no crate")?;
        is_at(&folder, lesson, step)?;
    }
    Ok(())
}

/// Each crate that `cargo add` is told with its version has the one that the lessons have.
fn has_our_versions(workspace: &Workspace, words: &[&str]) -> anyhow::Result<()> {
    let ours = manifest::read(&workspace.root.join("Cargo.toml"))?;
    let ours = ours.get("workspace").and_then(|workspace| workspace.get("dependencies"));
    for (name, version) in words.iter().filter_map(|word| word.split_once('@')) {
        let our =
            ours.and_then(|ours| ours.get(name)).with_context(|| format!("no {name} here"))?;
        let our = our.get("version").unwrap_or(our).as_str().unwrap_or_default();
        ensure!(our == version, "the lessons have {name} {our}, not {version}");
    }
    Ok(())
}
