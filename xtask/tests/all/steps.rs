//! What a user sees of `cargo xtask steps`, with copies of the lessons themselves.

use std::fs;
use std::ops::Deref;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use snapbox::{assert_data_eq, str};

use crate::common::{Folder, Run, root};

mod lines;
mod runs;

const HELLO: &str = "lessons/01-helloworld";
const DISPLACEMENT: &str = "lessons/02-unary-displacement";

/// Copies of lessons in a workspace of their own, with what belongs to their steps. It has the
/// build directory of the lessons, where what they depend on is compiled already.
struct Workspace {
    folder: Folder,
}

impl Deref for Workspace {
    type Target = Folder;

    fn deref(&self) -> &Folder {
        &self.folder
    }
}

impl Workspace {
    fn new(lessons: &[&str]) -> Result<Workspace> {
        let workspace = Workspace { folder: Folder::new()? };
        // Cargo wants to see what the tests of lessons depend on, though they are not here.
        for path in ["Cargo.toml", "Cargo.lock", "xtask/testing"].iter().chain(lessons) {
            copy(&root().join(path), &workspace.path(path))?;
        }
        let manifest = workspace.read("Cargo.toml")?;
        let others = ["members = ", "default-members = "];
        let manifest: String = manifest
            .lines()
            .filter(|line| !others.iter().any(|other| line.starts_with(other)))
            .map(|line| format!("{line}\n"))
            .collect();
        let ours = "[workspace]\nmembers = [\"lessons/*\"]\n";
        workspace.write("Cargo.toml", &manifest.replacen("[workspace]\n", ours, 1))?;
        Ok(workspace)
    }

    /// Where `text`, which has to be there once, stands in a file: `FILE:LINE`.
    fn place(&self, path: &str, text: &str) -> Result<String> {
        let all = self.read(path)?;
        let (before, after) = all.split_once(text).with_context(|| format!("no {text}"))?;
        ensure!(!after.contains(text), "{path} has {text:?} more than once");
        Ok(format!("{path}:{}", before.matches('\n').count() + 1))
    }

    /// Writes `text` to the end of a file.
    fn append(&self, path: &str, text: &str) -> Result<()> {
        self.write(path, &(self.read(path)? + text))
    }

    fn steps(&self, lessons: &str) -> Result<Run> {
        self.steps_in(&self.path("target"), lessons)
    }

    fn steps_in(&self, target: &Path, lessons: &str) -> Result<Run> {
        let mut command = self.xtask(&format!("steps {lessons}"));
        command
            .env("CARGO_TARGET_DIR", target)
            .env("CARGO_BUILD_BUILD_DIR", crate::common::target());
        let run = Run::of(&mut command)?;
        Ok(Run {
            stdout: run.stdout.replace('\\', "/"),
            stderr: run.stderr.replace('\\', "/"),
            ..run
        })
    }
}

/// Copies a file, or a folder without what is in no state. On Windows, Git may have put CRLF at
/// the ends of lines: the tests look for LF.
fn copy(from: &Path, to: &Path) -> Result<()> {
    if !from.is_dir() {
        fs::create_dir_all(to.parent().context("no folder")?)?;
        let text = fs::read_to_string(from).with_context(|| from.display().to_string())?;
        return Ok(fs::write(to, text.replace("\r\n", "\n"))?);
    }
    for entry in fs::read_dir(from)? {
        let name = entry?.file_name();
        if !["tests", "examples", "python"].iter().any(|other| name == *other) {
            copy(&from.join(&name), &to.join(&name))?;
        }
    }
    Ok(())
}

/// The file `text`, which belongs to the step `whole` as a whole, at the end of `step`, found in
/// another way than by the runner.
fn at(text: &str, whole: usize, step: usize) -> Result<String> {
    let mut left = String::new();
    // Of the regions around a line; an exercise comes after all steps.
    let mut steps = vec![whole];
    for line in text.lines() {
        if line.contains("ANCHOR_END") {
            steps.pop();
        } else if let Some((_, name)) = line.split_once("ANCHOR: ") {
            let number = name.strip_prefix("step").and_then(|rest| rest.split('-').next());
            steps.push(number.map_or(Ok(usize::MAX), str::parse)?);
        } else if steps.iter().all(|since| *since <= step) {
            left += &format!("{line}\n");
        }
    }
    Ok(left)
}

fn is_verdict(line: &str) -> bool {
    line.starts_with("ok ") || line.starts_with("FAIL ")
}

/// The lines with the verdicts, in alphabetical order: Cargo builds the states in any order.
fn verdicts(run: &Run) -> String {
    let mut lines: Vec<_> = run.stdout.lines().filter(|line| is_verdict(line)).collect();
    lines.sort_unstable();
    lines.join("\n")
}

/// What has failed, in alphabetical order.
fn failed(run: &Run) -> Vec<&str> {
    let lines = run.stdout.lines().filter(|line| line.starts_with("FAIL "));
    let mut failed: Vec<_> = lines.filter_map(|line| line.rsplit("  ").next()).collect();
    failed.sort_unstable();
    failed
}

/// What stands below the verdict on `what` has failed.
fn details(run: &Run, what: &str) -> Result<String> {
    let is_it = |line: &&str| line.starts_with("FAIL ") && line.ends_with(&format!("  {what}"));
    let mut lines = run.stdout.lines().skip_while(|line| !is_it(line)).skip(1).peekable();
    ensure!(lines.peek().is_some(), "no FAIL of {what}: {}", run.stdout);
    let below = lines.take_while(|line| !is_verdict(line) && !line.contains(" states built, "));
    Ok(below.collect::<Vec<_>>().join("\n").trim_end().to_owned())
}

/// The packages that Cargo has compiled, by their names.
fn compiled(run: &Run) -> Vec<&str> {
    let lines = run.stderr.lines().filter_map(|line| line.trim().strip_prefix("Compiling "));
    let mut names: Vec<_> = lines.filter_map(|rest| rest.split_whitespace().next()).collect();
    names.sort_unstable();
    names
}

#[test]
#[ignore = "slow: cargo xtask ci runs it"]
fn every_state_is_built_and_run_and_crossed_with_the_next_one() -> Result<()> {
    let workspace = Workspace::new(&[HELLO, DISPLACEMENT])?;
    let run = workspace.steps("")?;
    assert_eq!(run.code, Some(0), "{}{}", run.stdout, run.stderr);
    assert_data_eq!(
        verdicts(&run),
        str![[r#"
ok    01-helloworld           before step 1               builds
ok    01-helloworld           client step 4, server step 5  the old client works
ok    01-helloworld           client step 5, server step 4  UNIMPLEMENTED, in one line
ok    01-helloworld           step 1                      builds
ok    01-helloworld           step 2                      builds
ok    01-helloworld           step 3                      builds
ok    01-helloworld           step 4                      builds, and prints what it should
ok    01-helloworld           step 5                      builds, and prints what it should
ok    02-unary-displacement   before step 1               builds
ok    02-unary-displacement   step 1                      builds
ok    02-unary-displacement   step 2                      builds
ok    02-unary-displacement   step 3                      builds
ok    02-unary-displacement   step 4                      builds, and prints what it should
"#]]
    );
    assert_data_eq!(
        run.summary(),
        str!["11 states built, 3 of them run, 2 pairs of versions crossed; 0 failed in [..] s"]
    );

    for (lesson, steps) in [(HELLO, 5), (DISPLACEMENT, 4)] {
        let folder = workspace.path("target").join(lesson.replace("lessons", "steps"));
        for (path, whole) in [
            ("build.rs", 0),
            ("src/server.rs", 3),
            ("src/client.rs", 4),
            ("src/listen.rs", 0),
            ("src/lib.rs", 0),
            ("src/main.rs", 0),
        ] {
            let text = workspace.read(&format!("{lesson}/{path}"))?;
            for step in 0..=steps {
                let there = fs::read_to_string(folder.join(format!("step{step}")).join(path));
                assert_eq!(
                    there.unwrap_or_default(),
                    at(&text, whole, step)?,
                    "{path} at step {step}"
                );
            }
        }
    }

    let run = workspace.steps("")?;
    assert_eq!((run.code, compiled(&run)), (Some(0), vec![]));
    assert_data_eq!(
        run.summary(),
        str!["11 states built, 3 of them run, 2 pairs of versions crossed; 0 failed in [..] s"]
    );

    // What has changed is built again, and nothing else.
    workspace.replace(
        &format!("{HELLO}/src/server.rs"),
        "format!(\"Hello, {name}!\")",
        "[\"Hello, \", &name, \"!\"].concat()",
    )?;
    let run = workspace.steps("")?;
    let changed = vec!["helloworld-step3", "helloworld-step4", "helloworld-step5"];
    assert_eq!((run.code, compiled(&run)), (Some(0), changed));
    Ok(())
}

#[test]
#[ignore = "slow: cargo xtask ci runs it"]
fn a_file_that_the_lesson_has_no_more_is_in_no_state_any_more() -> Result<()> {
    let workspace = Workspace::new(&[DISPLACEMENT])?;
    let extra = format!("{DISPLACEMENT}/src/more/extra.rs");
    workspace.write(&extra, "// ANCHOR: step2-extra\n//! More.\n// ANCHOR_END: step2-extra\n")?;
    let folder = workspace.path("target/steps/02-unary-displacement");
    let has = |step: usize| folder.join(format!("step{step}/src/more/extra.rs")).exists();
    assert_eq!(workspace.steps("02")?.code, Some(0));
    assert_eq!([has(1), has(2), has(4)], [false, true, true]);
    fs::remove_file(workspace.path(&extra))?;
    assert_eq!(workspace.steps("02")?.code, Some(0));
    assert_eq!([has(1), has(2), has(4)], [false; 3]);
    Ok(())
}

#[test]
fn a_lesson_that_there_is_not_is_a_wrong_command_line() -> Result<()> {
    let workspace = Workspace::new(&[HELLO, DISPLACEMENT])?;
    let run = workspace.steps("01 07")?;
    assert_eq!((run.code, &*run.stdout), (Some(2), ""));
    assert_eq!(
        run.stderr,
        "error: no lesson `07`: there are 01-helloworld, 02-unary-displacement\n"
    );
    Ok(())
}

#[test]
#[ignore = "slow: cargo xtask ci runs it"]
fn what_a_step_used_to_generate_is_forgotten() -> Result<()> {
    let workspace = Workspace::new(&[HELLO])?;
    assert_eq!(workspace.steps("01")?.code, Some(0));
    // Now step 2 includes what is generated from step 3 on only.
    for path in ["build.rs", "hints.toml"].map(|path| format!("{HELLO}/{path}")) {
        let text = workspace.read(&path)?;
        workspace.write(&path, &text.replace("step2-generate", "step3-generate"))?;
    }
    let run = workspace.steps("01")?;
    assert_eq!((run.code, failed(&run)), (Some(1), vec!["step 2"]), "{}", run.stdout);
    let place = workspace.place(&format!("{HELLO}/src/lib.rs"), "tonic::include_proto!")?;
    assert_data_eq!(details(&run, "step 2")?, format!("      {place}: couldn't read [..]\n..."));
    Ok(())
}

#[cfg(unix)]
#[test]
#[ignore = "slow: cargo xtask ci runs it"]
fn the_target_directory_may_be_a_symbolic_link_with_a_space_in_it() -> Result<()> {
    let workspace = Workspace::new(&[DISPLACEMENT])?;
    let link = workspace.path("my target");
    fs::create_dir(workspace.path("target"))?;
    std::os::unix::fs::symlink(workspace.path("target"), &link)?;
    let run = workspace.steps_in(&link, "02")?;
    assert_eq!(run.code, Some(0), "{}{}", run.stdout, run.stderr);
    assert_data_eq!(
        run.summary(),
        str!["5 states built, 1 of them run, 0 pairs of versions crossed; 0 failed in [..] s"]
    );
    Ok(())
}
