//! For test runners and CI systems: the XML that they exchange. A program of its own writes it, so that
//! nobody waits for it to compile who does not want it.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, bail};

/// The verdicts as JUnit has them, from those in JSON. `program` is `xtask/junit`.
///
/// # Errors
///
/// If the program cannot be started, or fails.
pub fn document(program: &Path, json: &str) -> anyhow::Result<String> {
    let mut command = Command::new(program);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    // It prints nothing until it has read all, and reads no more once the pipe is dropped.
    child.stdin.take().context("no standard input")?.write_all(json.as_bytes())?;
    let output = child.wait_with_output()?;
    if !output.status.success() {
        bail!("{} ended with {}", program.display(), output.status);
    }
    Ok(String::from_utf8(output.stdout)?)
}
