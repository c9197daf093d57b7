//! One server and one client, run against each other.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use tokio::process::Command;
use tokio::time::timeout;

use crate::process::{MAX_OUTPUT, Program};

/// How long a server may take until it is ready, a client until it is done, and a server until it
/// has stopped.
pub const TIME_LIMIT: Duration = Duration::from_secs(10);

/// How to start one side of a pair; the address is appended.
pub struct Side {
    pub executable: PathBuf,
    /// `server` or `client`, where one program is both.
    pub role: Option<&'static str>,
}

/// What came of a pair.
pub struct Outcome {
    pub time: Duration,
    /// Where the server listened. None if it was never ready: then there was no client.
    pub port: Option<u16>,
    pub server: Ended,
    pub client: Ended,
}

/// What came of a program.
#[derive(Default)]
pub struct Ended {
    pub stdout: String,
    pub stderr: String,
    /// Its exit code, if it has ended by itself.
    pub code: Option<i32>,
    /// What went wrong while it ran. What it printed has not been looked at yet.
    pub failure: Option<String>,
}

impl Side {
    fn command(&self, addr: &str) -> Command {
        let mut command = Command::new(&self.executable);
        command.args(self.role).arg(addr);
        command
    }
}

impl Outcome {
    /// What went wrong while they ran, a line each.
    pub fn failures(&self) -> impl Iterator<Item = String> {
        [("client", &self.client), ("server", &self.server)]
            .into_iter()
            .filter_map(|(side, ended)| Some(format!("{side}: {}", ended.failure.as_ref()?)))
    }

    /// What the server printed, or the client, with `[..]` for the server's port.
    pub fn printed(&self, side: &str) -> String {
        let ended = if side == "server" { &self.server } else { &self.client };
        match self.port {
            Some(port) => ended.stdout.replace(&format!(":{port}"), ":[..]"),
            None => ended.stdout.clone(),
        }
    }
}

/// Starts `server` on a free port, runs `client` against it, and stops the server as Ctrl-C does.
/// Whatever happens, both have ended when this returns.
///
/// # Errors
///
/// If a program cannot be started, or the system cannot tell what became of it.
pub async fn run(server: &Side, client: &Side) -> anyhow::Result<Outcome> {
    let started = Instant::now();
    let server = Program::start(server.command("127.0.0.1:0"))?;
    let (port, server, client) = match ready(server).await? {
        Err(server) => (None, server, Ended::default()),
        Ok((mut server, addr)) => {
            let client = run_one(client, &addr.to_string()).await?;
            server.interrupt()?;
            // Where there is no Ctrl-C, the server was killed: that is no failure.
            let server = end(server, "stop after Ctrl-C", cfg!(not(unix))).await?;
            (Some(addr.port()), server, client)
        }
    };
    Ok(Outcome { time: started.elapsed(), port, server, client })
}

/// Runs one program until it ends by itself.
///
/// # Errors
///
/// If it cannot be started, or the system cannot tell what became of it.
pub async fn run_one(side: &Side, addr: &str) -> anyhow::Result<Ended> {
    end(Program::start(side.command(addr))?, "end", false).await
}

/// Waits for the first line of `server`, and finds the address in it.
async fn ready(mut server: Program) -> anyhow::Result<Result<(Program, SocketAddr), Ended>> {
    let expected = "expected `Server started, listening on HOST:PORT`";
    let failure = match timeout(TIME_LIMIT, server.stdout.first_line()).await {
        Ok(Some(line)) => match line.split_whitespace().last().unwrap_or_default().parse() {
            Ok(addr) => return Ok(Ok((server, addr))),
            Err(_) => format!("no address ends its first line, {expected}"),
        },
        Ok(None) => {
            let ended = end(server, "end", false).await?;
            let failure = match &ended.failure {
                Some(failure) => format!("{failure}, before it was ready"),
                None => "it ended before it was ready".into(),
            };
            return Ok(Err(Ended { failure: Some(failure), ..ended }));
        }
        Err(_) => {
            format!("not ready within {} s: no first line, {expected}", TIME_LIMIT.as_secs())
        }
    };
    Ok(Err(Ended { failure: Some(failure), ..so_far(&server) }))
}

/// Waits for the end of `program`; if it does not `what` in time, it is killed.
async fn end(mut program: Program, what: &str, was_killed: bool) -> anyhow::Result<Ended> {
    let (code, failure) = match timeout(TIME_LIMIT, program.ended()).await {
        Err(_) => (None, Some(format!("it did not {what} within {} s", TIME_LIMIT.as_secs()))),
        Ok(ended) => match ended? {
            None => (None, Some(format!("it printed more than {} KiB", MAX_OUTPUT >> 10))),
            Some(status) => {
                let failure = if !status.success() && !was_killed {
                    Some(format!("it ended with {status}"))
                } else if !program.stderr.text().is_empty() {
                    Some("it printed on standard error".into())
                } else {
                    None
                };
                (status.code(), failure)
            }
        },
    };
    Ok(Ended { code, failure, ..so_far(&program) })
}

/// What `program` has printed so far.
fn so_far(program: &Program) -> Ended {
    Ended { stdout: program.stdout.text(), stderr: program.stderr.text(), ..Ended::default() }
}
