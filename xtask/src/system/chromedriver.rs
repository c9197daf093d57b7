//! `chromedriver`, which starts Chromium and does with it what it is told.

use std::time::Duration;

use anyhow::Context;
use tokio::process::Command;
use tokio::time::timeout;

use crate::system::process::Program;

/// Far longer than it takes to start or to end.
const LIMIT: Duration = Duration::from_secs(60);

/// `chromedriver`, under way. Dropped, it is killed, and its browsers with it.
pub struct Chromedriver {
    program: Program,
    /// Where it listens.
    pub port: String,
}

impl Chromedriver {
    /// Starts it.
    ///
    /// # Errors
    ///
    /// If there is none, or it does not start.
    pub async fn start() -> anyhow::Result<Chromedriver> {
        let mut command = Command::new("chromedriver");
        command.arg("--port=0");
        let mut program = Program::start(command)?;
        let started = "started successfully on port ";
        let line = timeout(LIMIT, program.stdout.line_with(started)).await?;
        let line =
            line.with_context(|| format!("chromedriver ended: {}", program.stderr.text()))?;
        let port = line.split(started).nth(1).context("chromedriver names no port")?;
        Ok(Chromedriver { port: port.trim_end_matches('.').to_owned(), program })
    }

    /// Ends it, and all its browsers.
    ///
    /// # Errors
    ///
    /// If it does not end.
    pub async fn end(mut self) -> anyhow::Result<()> {
        self.program.interrupt()?;
        timeout(LIMIT, self.program.ended()).await??;
        Ok(())
    }
}
