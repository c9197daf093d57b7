//! How much a learner reads and types: what the design promises, so that it stays.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use xtask::steps::regions::{self, Source};
use xtask::workspace::Workspace;
use xtask::workspace::lesson::Lesson;

/// Whether a line counts: blank lines and comments do not, and a [`Source`] has no markers.
fn is_code(line: &str) -> bool {
    let line = line.trim();
    !line.is_empty() && !line.starts_with("//")
}

fn source<'a>(sources: &'a [Source], path: &str) -> Result<&'a Source> {
    sources.iter().find(|source| source.path == Path::new(path)).context(path.to_owned())
}

/// The lines of code in a file: all of them, and those that a learner types.
fn sizes(sources: &[Source], path: &str) -> Result<(usize, usize)> {
    let lines =
        || source(sources, path).map(|it| it.lines.iter().filter(|line| is_code(&line.text)));
    Ok((lines()?.count(), lines()?.filter(|line| line.since > 0).count()))
}

async fn lessons(check: impl Fn(&Lesson, &[Source]) -> Result<()>) -> Result<()> {
    let workspace = Workspace::load().await?;
    for lesson in &workspace.lessons {
        check(lesson, &regions::read_sound(lesson, &workspace.root)?)?;
    }
    Ok(())
}

#[tokio::test]
async fn the_first_lesson_is_short() -> Result<()> {
    let workspace = Workspace::load().await?;
    let first = workspace.lessons.first().context("no lessons")?;
    let sources = regions::read_sound(first, &workspace.root)?;
    for (path, most) in
        [("src/main.rs", 35), ("src/server.rs", 40), ("src/client.rs", 20), ("src/lib.rs", 8)]
    {
        let (size, _) = sizes(&sources, path)?;
        ensure!(size <= most, "{path} has {size} lines of code: {most} are the most");
    }
    // Here comments count, too: they are read as well.
    let of_lesson = sources.iter().filter(|source| source.path != Path::new("Cargo.toml"));
    let lines = of_lesson.flat_map(|source| &source.lines);
    let size = lines.filter(|line| !line.text.trim().is_empty()).count();
    ensure!(size <= 130, "{} has {size} lines: 130 are the most", first.name);
    Ok(())
}

#[tokio::test]
async fn nobody_types_much_that_is_not_grpc_or_reads_a_server_in_two_sittings() -> Result<()> {
    lessons(|Lesson { name, .. }, sources| {
        let (_, typed) = sizes(sources, "src/main.rs")?;
        ensure!(typed <= 12, "{name}: {typed} lines of main.rs are typed: 12 are the most");
        let (size, _) = sizes(sources, "src/server.rs")?;
        ensure!(size <= 200, "{name}: server.rs has {size} lines of code: 200 are the most");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn the_first_server_in_python_is_short() -> Result<()> {
    let workspace = Workspace::load().await?;
    let first = workspace.lessons.first().context("no lessons")?;
    let text = fs::read_to_string(first.folder.join("python/server.py"))?;
    let size = text.lines().filter(|line| !line.trim().is_empty()).count();
    ensure!(size <= 45, "{}: server.py has {size} lines: 45 are the most", first.name);
    Ok(())
}
