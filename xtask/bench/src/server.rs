//! The servers that are measured: processes of their own, which end when we drop them.

use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use secure::certificates;
use tokio::io::{AsyncBufReadExt, BufReader, copy, sink};
use tokio::time::timeout;
use tonic::transport::{Channel, Endpoint};
use xtask::run::side::Side;
use xtask::system::process::{self, Process};
use xtask::workspace::CERTIFICATES;

/// How long a server may take until it is ready: it may have a million entries to read.
const TIME_LIMIT: Duration = Duration::from_secs(60);

/// A server that runs.
pub struct Server {
    process: Process,
    /// HOST:PORT.
    pub addr: String,
    /// From its start until it said that it was ready.
    pub load_time: Duration,
}

impl Server {
    /// Starts `side` on a free port, with the data file `data` if it takes one, and waits until it
    /// is ready.
    ///
    /// # Errors
    ///
    /// If it does not get ready. It has said why on standard error.
    pub async fn start(side: &Side, data: Option<&Path>) -> anyhow::Result<Server> {
        let mut command = side.command("127.0.0.1:0", None);
        command.args(data).stdout(Stdio::piped());
        // Where our clients look for them, too.
        command.env(CERTIFICATES, certificates::folder());
        let started = Instant::now();
        let mut process = process::spawn(command)?;
        let stdout = process.stdout().context("no standard output")?;
        let mut stdout = BufReader::new(stdout);
        let mut line = String::new();
        let ready = timeout(TIME_LIMIT, stdout.read_line(&mut line)).await;
        ready.with_context(|| format!("{}: not ready in time", side.name))??;
        let load_time = started.elapsed();
        let Some((_, addr)) = line.trim_end().split_once("listening on ") else {
            bail!("{}: its first line is {line:?}", side.name);
        };
        // Some print a line a call, and wait until somebody takes it. It ends with the server.
        tokio::spawn(async move { copy(&mut stdout, &mut sink()).await });
        Ok(Server { process, addr: addr.to_owned(), load_time })
    }

    /// A channel to it.
    ///
    /// # Errors
    ///
    /// If there is no connection.
    pub async fn channel(&self) -> anyhow::Result<Channel> {
        Ok(Endpoint::from_shared(format!("http://{}", self.addr))?.connect().await?)
    }

    /// How many bytes of memory it has now. Only Linux says so.
    ///
    /// # Errors
    ///
    /// If Linux does not.
    pub fn resident(&self) -> anyhow::Result<Option<u64>> {
        if !cfg!(target_os = "linux") {
            return Ok(None);
        }
        let id = self.process.child.id().context("the server has ended")?;
        let status = fs::read_to_string(format!("/proc/{id}/status"))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line.and_then(|line| line.trim().strip_suffix(" kB")).context("no VmRSS")?;
        Ok(Some(kib.parse::<u64>()? * 1024))
    }

    /// How much time its threads have spent on a processor. Only Linux says so.
    ///
    /// # Errors
    ///
    /// If Linux does not.
    pub fn cpu_time(&self) -> anyhow::Result<Option<Duration>> {
        if !cfg!(target_os = "linux") {
            return Ok(None);
        }
        let id = self.process.child.id().context("the server has ended")?;
        let mut time = Duration::ZERO;
        for thread in fs::read_dir(format!("/proc/{id}/task"))? {
            // A thread that has ended meanwhile has no file any more.
            let schedule = fs::read_to_string(thread?.path().join("schedstat")).unwrap_or_default();
            let nanos = schedule.split_whitespace().next().and_then(|nanos| nanos.parse().ok());
            time += Duration::from_nanos(nanos.unwrap_or_default());
        }
        Ok(Some(time))
    }

    /// Ends it, and waits until it has ended.
    ///
    /// # Errors
    ///
    /// If the system cannot tell.
    pub async fn stop(mut self) -> anyhow::Result<()> {
        Ok(self.process.child.kill().await?)
    }
}
