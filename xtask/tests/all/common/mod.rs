//! What the tests of the runner share.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use tempfile::TempDir;
use xtask::steps::regions;
use xtask::system::apart;
use xtask::system::cargo::set_for_us;
use xtask::workspace::Workspace;
use xtask::workspace::lesson::Lesson;

/// Far longer than anything here takes: a test that waits for what never comes fails then.
pub const LIMIT: Duration = Duration::from_secs(120);

/// The folder of the workspace.
pub fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// Its target directory, where what the lessons depend on is compiled already.
pub fn target() -> PathBuf {
    let target = Path::new(concat!(env!("CARGO_TARGET_TMPDIR"), "/.."));
    // Without `..`: Cargo waits for itself if two of its directories are one by different names.
    target.canonicalize().unwrap_or(target.to_owned())
}

/// A folder outside the repository, which goes when its test ends.
pub struct Folder(TempDir);

impl Folder {
    pub fn new() -> Result<Folder> {
        Ok(Folder(tempfile::tempdir()?))
    }

    /// One within `parent`.
    pub fn within(parent: &str) -> Result<Folder> {
        Ok(Folder(tempfile::tempdir_in(parent)?))
    }

    pub fn path(&self, path: &str) -> PathBuf {
        self.0.path().join(path)
    }

    pub fn read(&self, path: &str) -> Result<String> {
        fs::read_to_string(self.path(path)).with_context(|| path.to_owned())
    }

    /// Writes a file, with the folders that it stands in.
    pub fn write(&self, path: &str, text: &str) -> Result<()> {
        let path = self.path(path);
        fs::create_dir_all(path.parent().context("no folder")?)?;
        Ok(fs::write(path, text)?)
    }

    /// Replaces the first `old`, which has to be there, by `new`.
    pub fn replace(&self, path: &str, old: &str, new: &str) -> Result<()> {
        let text = self.read(path)?;
        ensure!(text.contains(old), "{path} has no {old:?}");
        self.write(path, &text.replacen(old, new, 1))
    }

    /// Writes a crate as `start` does, in `my-PACKAGE`, with all of `lesson` in it.
    pub fn write_all_of(&self, workspace: &Workspace, lesson: &Lesson) -> Result<()> {
        let run = Run::of(&mut self.alias(&format!("start {}", lesson.package)))?;
        ensure!(run.code == Some(0), "{}", run.stderr);
        for source in regions::read_sound(lesson, &workspace.root)? {
            let path = source.path.display().to_string().replace('\\', "/");
            if let Some(file) = source.at(lesson.steps.len()).filter(|_| path != "Cargo.toml") {
                let text = file.text.replace("/../../data/", "/data/");
                self.write(&format!("my-{}/{path}", lesson.package), &text)?;
            }
        }
        Ok(())
    }

    /// `cargo xtask` with `args`, which have no spaces, typed in it.
    pub fn xtask(&self, args: &str) -> Command {
        xtask(self.0.path(), args)
    }

    /// The same as the alias in a learner's crate calls it.
    pub fn alias(&self, args: &str) -> Command {
        let mut command = self.xtask(args);
        command.env("CARGO_MANIFEST_DIR", env!("CARGO_MANIFEST_DIR"));
        command.env("CARGO_TARGET_DIR", target());
        command
    }
}

/// What the lessons' configuration sets for all that Cargo runs, this test as well.
const CONFIGURED: &str = "LIBSQLITE3_FLAGS";

/// What a crate of a test is built with: it's hardly built again, and to prepare for that takes half as
/// long again.
const NOT_AGAIN: (&str, &str) = ("CARGO_INCREMENTAL", "0");

/// `cargo` with `args` in `folder`, as a learner types it there.
pub fn typed_cargo(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO"));
    command.args(args).current_dir(folder).env_remove("CARGO_TARGET_DIR");
    command.env_remove(CONFIGURED).envs([NOT_AGAIN]);
    for name in set_for_us() {
        command.env_remove(name);
    }
    command
}

/// `cargo` with `args` in `folder`, a learner's crate: as `check` builds it.
pub fn cargo(folder: &Path, args: &[&str]) -> Result<Command> {
    let mut command = typed_cargo(folder, args);
    let ours = Path::new(env!("CARGO_BIN_EXE_xtask"));
    command.envs(apart::variables_with(ours, folder, &target())?);
    Ok(command)
}

/// Sends `signal`, `INT` for Ctrl-C, to `child`.
#[cfg(unix)]
pub fn kill(signal: &str, child: &Child) -> Result<()> {
    let status =
        Command::new("sh").arg("-c").arg(format!("kill -{signal} {}", child.id())).status()?;
    ensure!(status.success(), "no signal can be sent: {status}");
    Ok(())
}

/// A run of xtask that has ended.
pub struct Run {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

/// `cargo xtask` with `args`, which have no spaces, in `folder`.
pub fn xtask(folder: &Path, args: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    command.args(args.split_whitespace()).current_dir(folder);
    // As somebody has it who has set nothing.
    for name in [
        "CARGO_MANIFEST_DIR",
        "CARGO_TERM_COLOR",
        "CLICOLOR",
        "CLICOLOR_FORCE",
        CONFIGURED,
        "NO_COLOR",
        "RUST_BACKTRACE",
    ] {
        command.env_remove(name);
    }
    command.envs([NOT_AGAIN]);
    command
}

impl Run {
    pub fn of(command: &mut Command) -> Result<Run> {
        let output = command.output()?;
        Ok(Run {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout)?,
            stderr: String::from_utf8(output.stderr)?,
        })
    }

    /// What standard output says of `pair`, a lesson and its pair: the line with its name and
    /// those below it.
    pub fn about(&self, pair: &str) -> Result<String> {
        let is_first = |line: &str| line.starts_with("ok ") || line.starts_with("FAIL ");
        let mut lines = self.stdout.lines().skip_while(|line| {
            let words: Vec<_> = line.split_whitespace().collect();
            !is_first(line) || !words.join(" ").contains(&format!(" {pair} "))
        });
        let first = lines.next().with_context(|| format!("no {pair} in:\n{}", self.stdout))?;
        let is_last = |line: &str| line.contains(" passed, ");
        let more = lines.take_while(|line| !is_first(line) && !is_last(line));
        Ok([first].into_iter().chain(more).map(|line| format!("{line}\n")).collect())
    }

    /// The last line of standard output.
    pub fn summary(&self) -> &str {
        self.stdout.lines().last().unwrap_or_default()
    }
}
