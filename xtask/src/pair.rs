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
    /// What went wrong while they ran, a line each. What they printed has not been looked at yet.
    pub failures: Vec<String>,
    /// Where the server listened.
    pub port: u16,
    pub server: Output,
    pub client: Output,
}

/// What a program has printed.
#[derive(Default)]
pub struct Output {
    pub stdout: String,
    pub stderr: String,
}

impl Side {
    fn command(&self, addr: &str) -> Command {
        let mut command = Command::new(&self.executable);
        command.args(self.role).arg(addr);
        command
    }
}

impl Output {
    fn of(program: &Program) -> Output {
        Output { stdout: program.stdout.text(), stderr: program.stderr.text() }
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
    let mut failures = Vec::new();
    let mut port = 0;
    let mut client_output = Output::default();

    let mut server = Program::start(server.command("127.0.0.1:0"))?;
    match ready(&mut server).await? {
        Err(failure) => failures.push(failure),
        Ok(addr) => {
            port = addr.port();
            let mut client = Program::start(client.command(&addr.to_string()))?;
            failures.extend(end(&mut client, "client", "end").await?);
            client_output = Output::of(&client);
            // One that hangs is ended here: the server lets its call finish, and would wait.
            drop(client);

            server.interrupt()?;
            failures.extend(end(&mut server, "server", "stop after Ctrl-C").await?);
        }
    }
    let time = started.elapsed();
    Ok(Outcome { time, failures, port, server: Output::of(&server), client: client_output })
}

/// Waits for the first line of `server` and returns the address in it, or else what is wrong.
async fn ready(server: &mut Program) -> anyhow::Result<Result<SocketAddr, String>> {
    let expected = "expected `Server started, listening on HOST:PORT`";
    let limit = TIME_LIMIT.as_secs();
    Ok(match timeout(TIME_LIMIT, server.stdout.first_line()).await {
        Ok(Some(line)) => {
            let last_word = line.split_whitespace().last().unwrap_or_default();
            let addr = last_word.parse();
            addr.map_err(|_| format!("server: no address ends its first line, {expected}"))
        }
        Ok(None) => Err(end(server, "server", "end").await?.map_or_else(
            || "server: it ended before it was ready".into(),
            |failure| format!("{failure}, before it was ready"),
        )),
        Err(_) => Err(format!("server: not ready within {limit} s: no first line, {expected}")),
    })
}

/// Waits for the end of `program` and says what is wrong with how it came about.
async fn end(program: &mut Program, side: &str, what: &str) -> anyhow::Result<Option<String>> {
    let Ok(ended) = timeout(TIME_LIMIT, program.ended()).await else {
        return Ok(Some(format!("{side}: it did not {what} within {} s", TIME_LIMIT.as_secs())));
    };
    Ok(match ended? {
        None => Some(format!("{side}: it printed more than {} KiB", MAX_OUTPUT >> 10)),
        // Without Ctrl-C, the server was killed: that is no failure.
        Some(_) if cfg!(not(unix)) && side == "server" => None,
        Some(status) if !status.success() => Some(format!("{side}: it ended with {status}")),
        Some(_) if !program.stderr.text().is_empty() => {
            Some(format!("{side}: it printed on standard error"))
        }
        Some(_) => None,
    })
}
