//! Calls of Cargo.

use std::env;
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};

use anyhow::{Context, bail};
use cargo_metadata::{Message, Metadata};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader, Lines, copy, sink};
use tokio::process::{ChildStdout, Command};
use tokio::task::JoinHandle;

use crate::system::apart;
use crate::system::process::{self, MAX_OUTPUT, Process};

/// The message format with which Cargo itself prints what is wrong with the code.
pub const RENDERED: &str = "--message-format=json-render-diagnostics";

/// The Cargo that runs us, or else the one on the PATH, as somebody calls it in a terminal.
pub fn cargo() -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    for name in set_for_us() {
        command.env_remove(name);
    }
    command
}

/// The variables with which Cargo tells a program that it runs which crate that is of. Some build
/// scripts look at them, like ring's: with ours, they would have to run again and again.
pub fn set_for_us() -> impl Iterator<Item = OsString> {
    let names = env::vars_os().map(|(name, _)| name);
    names.filter(|name| {
        let begins = ["CARGO_BIN_", "CARGO_CRATE_", "CARGO_MANIFEST_", "CARGO_PKG_"];
        begins.iter().any(|begin| name.to_string_lossy().starts_with(begin))
    })
}

/// `cargo build`, under way.
pub struct Build {
    process: Process,
    messages: Lines<BufReader<ChildStdout>>,
    /// The target directory of a crate that is built apart.
    place: Option<PathBuf>,
    /// What it says on standard error, if that is kept from people.
    unsaid: Option<JoinHandle<io::Result<String>>>,
}

impl Build {
    /// Starts `cargo build` with `args` in `folder`. Unless it is done `quietly`, its progress goes
    /// to standard error, and so does what is wrong with the code if [`RENDERED`] is among `args`.
    ///
    /// # Errors
    ///
    /// If Cargo cannot be started.
    pub fn start(folder: &Path, args: &[&str], quietly: bool) -> anyhow::Result<Build> {
        Build::with(&[], folder, args, quietly)
    }

    /// Does the same with the crate in `folder`, which may have the name of another, in a build
    /// directory that they share: see [`apart`].
    ///
    /// # Errors
    ///
    /// If Cargo cannot be started.
    pub fn apart(
        shared: &Path,
        folder: &Path,
        args: &[&str],
        quietly: bool,
    ) -> anyhow::Result<Build> {
        Build::with(&apart::variables(folder, shared)?, folder, args, quietly)
    }

    fn with(
        variables: &[(&str, OsString)],
        folder: &Path,
        args: &[&str],
        quietly: bool,
    ) -> anyhow::Result<Build> {
        let mut command = cargo();
        command.arg("build").args(args).envs(variables.iter().cloned()).current_dir(folder);
        if quietly {
            command.stderr(Stdio::piped());
        }
        let place = variables.iter().find(|(name, _)| *name == apart::PLACE);
        let place = place.map(|(_, place)| place.into());
        let (mut process, stdout) = start(command)?;
        let unsaid = process.stderr().map(|mut stderr| {
            tokio::spawn(async move {
                let mut text = Vec::new();
                stderr.read_to_end(&mut text).await?;
                Ok(String::from_utf8_lossy(&text).into_owned())
            })
        });
        Ok(Build { process, messages: stdout.lines(), place, unsaid })
    }

    /// Waits for the next thing that Cargo has to say; none when it is done.
    ///
    /// # Errors
    ///
    /// If Cargo says something that is not in its message format.
    pub async fn next(&mut self) -> anyhow::Result<Option<Message>> {
        while let Some(line) = self.messages.next_line().await? {
            // Anything else is what a build script has printed.
            if line.starts_with('{') {
                let message = serde_json::from_str(&line).context("Cargo's message")?;
                if let (Message::BuildScriptExecuted(script), Some(place)) = (&message, &self.place)
                    && script.package_id.repr.starts_with("path+")
                {
                    apart::note_generated(place, script.out_dir.as_str())?;
                }
                return Ok(Some(message));
            }
        }
        Ok(None)
    }

    /// Waits for the end of the build.
    ///
    /// # Errors
    ///
    /// If the system cannot tell.
    pub async fn ended(self) -> anyhow::Result<ExitStatus> {
        Ok(self.said().await?.0)
    }

    /// Does the same, and returns what Cargo has said on standard error, if it was done quietly.
    ///
    /// # Errors
    ///
    /// If the system cannot tell.
    pub async fn said(mut self) -> anyhow::Result<(ExitStatus, String)> {
        while self.next().await?.is_some() {}
        let said = match self.unsaid.take() {
            Some(unsaid) => unsaid.await??,
            None => String::new(),
        };
        Ok((self.process.child.wait().await?, said))
    }
}

/// Runs the tests of the crate in `folder`, which is built as with [`Build::apart`]. Returns whether
/// they have passed, and what they have printed, up to [`MAX_OUTPUT`]. What does not compile is
/// shown on standard error, unless it is done `quietly`.
///
/// # Errors
///
/// If Cargo cannot be started.
pub async fn test(shared: &Path, folder: &Path, quietly: bool) -> anyhow::Result<(bool, String)> {
    let mut command = cargo();
    command.args(["test", "--tests", "--quiet"]).current_dir(folder);
    command.envs(apart::variables(folder, shared)?);
    if quietly {
        command.stderr(Stdio::null());
    }
    let (mut process, mut stdout) = start(command)?;
    let mut said = Vec::new();
    (&mut stdout).take(u64::try_from(MAX_OUTPUT)?).read_to_end(&mut said).await?;
    // Without a reader they would fail.
    copy(&mut stdout, &mut sink()).await?;
    let said = String::from_utf8_lossy(&said).replace("\r\n", "\n");
    Ok((process.child.wait().await?.success(), said))
}

/// What Cargo knows of the packages around `folder`, without their dependencies.
///
/// # Errors
///
/// If there are none, or their manifests are wrong. Cargo has said so on standard error then,
/// unless this is done `quietly`.
pub async fn metadata(folder: &Path, quietly: bool) -> anyhow::Result<Metadata> {
    let mut command = cargo();
    command.args(["metadata", "--no-deps", "--format-version=1"]).current_dir(folder);
    if quietly {
        command.stderr(Stdio::null());
    }
    let (mut process, stdout) = start(command)?;
    let json = stdout.lines().next_line().await?.unwrap_or_default();
    let status = process.child.wait().await?;
    if !status.success() {
        bail!("`cargo metadata` failed: {status}");
    }
    Ok(serde_json::from_str(&json)?)
}

fn start(mut command: Command) -> anyhow::Result<(Process, BufReader<ChildStdout>)> {
    command.stdout(Stdio::piped());
    let mut process = process::spawn(command)?;
    let stdout = process.stdout().context("Cargo has no standard output")?;
    Ok((process, BufReader::new(stdout)))
}
