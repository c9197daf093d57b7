//! What the tests of the runner share.

#![allow(dead_code, reason = "not every test needs all of it")]

use std::path::Path;
use std::process::{Child, Command};
use std::time::Duration;

use anyhow::{Context, Result, ensure};

/// Far longer than anything here takes: a test that waits for what never comes fails then.
pub const LIMIT: Duration = Duration::from_secs(120);

/// The folder of the workspace.
pub fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// Its target directory, where what the lessons depend on is compiled already.
pub fn target() -> &'static Path {
    Path::new(concat!(env!("CARGO_TARGET_TMPDIR"), "/.."))
}

/// Lets Cargo use what the lessons depend on, which is compiled already. But the programs of a copy,
/// which have the names of the lesson's, do not take their place.
pub fn build_like_a_learner(command: &mut Command) {
    command.env("CARGO_BUILD_BUILD_DIR", target());
    command.env("CARGO_TARGET_DIR", target().join("desk"));
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
        "NO_COLOR",
        "RUST_BACKTRACE",
    ] {
        command.env_remove(name);
    }
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
