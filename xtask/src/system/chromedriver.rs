//! `chromedriver`, which starts Chromium and does with it what it is told.

use std::time::Duration;

use anyhow::{Context, bail};
use tokio::process::Command;
use tokio::time::timeout;

use crate::system::files::Scratch;
use crate::system::process::Program;

/// Far longer than it takes to start or to end.
const LIMIT: Duration = Duration::from_secs(60);

/// It takes a port that nobody listens on by IPv6, and ends at once if somebody does by IPv4.
const ATTEMPTS: usize = 10;

/// `chromedriver`, under way. Dropped, it is killed, and its browsers with it.
pub struct Chromedriver {
    program: Program,
    /// Where it listens.
    pub port: String,
    /// What its browsers leave goes with it.
    _scratch: Scratch,
}

impl Chromedriver {
    /// Starts it.
    ///
    /// # Errors
    ///
    /// If there is none, or it does not start.
    pub async fn start() -> anyhow::Result<Chromedriver> {
        let started = "started successfully on port ";
        let mut said = String::new();
        for _ in 0..ATTEMPTS {
            let (mut command, scratch) = (Command::new("chromedriver"), Scratch::new()?);
            command.arg("--port=0");
            // Elsewhere a path in there may be too long for the sockets of a browser.
            if cfg!(target_os = "linux") {
                command.env("TMPDIR", &scratch.0);
            }
            let mut program = Program::start(command)?;
            let Some(line) = timeout(LIMIT, program.stdout.line_with(started)).await? else {
                said = program.stderr.text();
                continue;
            };
            let port = line.split(started).nth(1).context("chromedriver names no port")?;
            let port = port.trim_end_matches('.').to_owned();
            return Ok(Chromedriver { program, port, _scratch: scratch });
        }
        bail!("chromedriver ended: {said}")
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
