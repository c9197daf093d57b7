//! Waiting until files change.

use std::path::{self, Path};
use std::process::Stdio;

use anyhow::{Context, bail};
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{ChildStdout, Command};

use crate::system::cargo::cargo;
use crate::system::process::{self, Process};
use crate::workspace::Workspace;

/// The program `watch`, under way.
pub struct Watcher {
    _process: Process,
    changes: Lines<BufReader<ChildStdout>>,
}

impl Watcher {
    /// Watches `folders`, except for what is in `except`, once [`Watcher::changed`] has returned for
    /// the first time.
    ///
    /// # Errors
    ///
    /// If it cannot be started.
    pub fn start(
        workspace: &Workspace,
        folders: &[impl AsRef<Path>],
        except: &[impl AsRef<Path>],
    ) -> anyhow::Result<Watcher> {
        let mut command = Command::new(cargo());
        command.args(["run", "--package", "watch", "--"]).current_dir(&workspace.root);
        for folder in folders {
            command.arg(path::absolute(folder)?);
        }
        command.arg("--except");
        for path in except {
            command.arg(path::absolute(path)?);
        }
        command.stdout(Stdio::piped());
        let mut process = process::spawn(command)?;
        let stdout = process.stdout().context("no standard output")?;
        Ok(Watcher { _process: process, changes: BufReader::new(stdout).lines() })
    }

    /// Waits until files are to be read: now, the first time, and then after each change.
    ///
    /// # Errors
    ///
    /// If there is nothing that watches; it has said why on standard error.
    pub async fn changed(&mut self) -> anyhow::Result<()> {
        if self.changes.next_line().await?.is_none() {
            bail!("changes cannot be waited for");
        }
        Ok(())
    }
}
