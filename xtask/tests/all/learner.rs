//! What a learner sees of `cargo xtask start`, `check` and `hint`, with the lessons themselves.

use std::fs;
use std::ops::Deref;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use xtask::workspace::Workspace;
use xtask::workspace::lesson::Lesson;

use crate::common::{Folder, Run, root};

mod check;
mod hints;
mod sides;
mod start;
mod strangers;

/// The lessons that there are.
fn lessons() -> Result<Vec<Lesson>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    Ok(runtime.block_on(Workspace::load())?.lessons)
}

/// A folder outside the repository, in which somebody learns.
struct Desk {
    folder: Folder,
}

impl Deref for Desk {
    type Target = Folder;

    fn deref(&self) -> &Folder {
        &self.folder
    }
}

impl Desk {
    fn new() -> Result<Desk> {
        Ok(Desk { folder: Folder::new()? })
    }

    /// A desk with the lesson as it is when all of it is written, in `my-PACKAGE`.
    fn with_all_of(package: &str) -> Result<Desk> {
        let desk = Desk::new()?;
        desk.succeed(&format!("start {package}"))?;
        let lesson = lessons()?.into_iter().find(|lesson| lesson.package == package);
        let lesson = lesson.context("none")?.name;
        for path in sources(&lesson)? {
            desk.write(&format!("my-{package}/{path}"), &solution(&lesson, &path)?)?;
        }
        Ok(desk)
    }

    fn run(&self, args: &str) -> Result<Run> {
        Run::of(&mut self.alias(args))
    }

    /// Has the crate checked with `new` in place of `old` in a file, and puts that back.
    fn check_with(&self, path: &str, old: &str, new: &str) -> Result<Run> {
        let whole = self.read(path)?;
        self.replace(path, old, new)?;
        let run = self.run("check")?;
        self.write(path, &whole)?;
        Ok(run)
    }

    /// Runs `cargo xtask` with `args`, which has to succeed, and returns its standard output.
    fn succeed(&self, args: &str) -> Result<String> {
        let run = self.run(args)?;
        ensure!(run.code == Some(0), "{args}: {}{}", run.stdout, run.stderr);
        Ok(run.stdout)
    }
}

/// The source of a lesson, without its manifest and what is an exercise.
fn sources(lesson: &str) -> Result<Vec<String>> {
    let folder = root().join("lessons").join(lesson);
    let mut found = Vec::new();
    for path in files(&folder)? {
        let path = path.strip_prefix(&folder)?.to_string_lossy().replace('\\', "/");
        let is_source = ["build.rs", "proto/", "src/"].iter().any(|begin| path.starts_with(begin));
        if is_source && !solution(lesson, &path)?.is_empty() {
            found.push(path);
        }
    }
    Ok(found)
}

/// A file of a lesson without its markers and exercises, and with the data where a learner has it.
/// It is found here in another way than by the runner.
fn solution(lesson: &str, path: &str) -> Result<String> {
    let text = fs::read_to_string(root().join("lessons").join(lesson).join(path))?;
    let mut solution = String::new();
    let mut is_exercise = false;
    for line in text.lines() {
        if line.contains("ANCHOR") {
            is_exercise = line.contains("ANCHOR: exercise");
        } else if !is_exercise {
            solution += &format!("{line}\n");
        }
    }
    Ok(solution.replace("/../../data/", "/data/"))
}

/// The files below `folder`, sorted.
fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(files(&path)?);
        } else {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// The first words of the lines on the steps: `ok step 1`.
fn marks(printed: &str) -> Vec<String> {
    let lines = printed.lines().filter(|line| line.contains("  step "));
    lines
        .filter_map(|line| {
            Some(line.split_once(':')?.0.split_whitespace().collect::<Vec<_>>().join(" "))
        })
        .collect()
}
