//! One server and one client, run against each other.

use std::net::SocketAddr;
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use tokio::net::{TcpListener, TcpStream};
use tokio::time::{interval, timeout};

use crate::run::side::Side;
use crate::system::error::WrongUse;
use crate::system::process::{MAX_OUTPUT, Program};

/// How long a server may take until it is ready, a client until it is done, and a server until it
/// has stopped.
pub const TIME_LIMIT: Duration = Duration::from_secs(10);

/// The same for a command of somebody's: it may have to compile something first.
pub const FOREIGN_TIME_LIMIT: Duration = Duration::from_secs(60);

/// How long the line and the open port of somebody's server may come one after the other.
const A_MOMENT: Duration = Duration::from_secs(1);

/// What a line has to contain to say that a server listens.
const LISTENING: &str = "listening on ";

/// How long to wait before a port is tried again on which nobody listens yet.
const BETWEEN_TRIALS: Duration = Duration::from_millis(20);

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

/// What a client of a lesson says when the server does not know a method: tonic's words.
const UNIMPLEMENTED: &str = "code: 'Operation is not implemented or not supported'";

impl Ended {
    /// Whether a client of ours has called a method that the server does not know, and said so in
    /// one line.
    pub fn was_told_unimplemented(&self) -> bool {
        self.code == Some(1)
            && self.stderr.starts_with("error: ")
            && self.stderr.lines().count() == 1
            && self.stderr.contains(UNIMPLEMENTED)
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
    let (port, server, client) = match ready(server).await? {
        Err(server) => (None, server, Ended::default()),
        Ok((mut program, addr)) => {
            let client = run_one(client, &addr.to_string()).await?;
            if server.is_foreign {
                // Its line may come a moment after its port is open.
                _ = timeout(A_MOMENT, program.stdout.line_with(LISTENING)).await;
            }
            // A server whose client has failed may have its reasons; and one that is not ours may
            // have left a child to serve.
            let may_end = server.is_foreign || client.failure.is_some();
            let died = program.has_ended()?.filter(|status| !(may_end && status.success()));
            program.interrupt()?;
            let mut ended = end(program, "stop after Ctrl-C", server).await?;
            if let Some(status) = died {
                ended.failure = Some(format!("it ended with {status} before it was stopped"));
            }
            (Some(addr.port()), ended, client)
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
    end(start(side, addr)?, "end", side).await
}

fn start(side: &Side, addr: &str) -> anyhow::Result<Program> {
    Program::start(side.command(addr)).map_err(|error| {
        // What we have built can be started; what somebody has typed, perhaps not.
        let why = || format!("{error:#}: COMMAND is started without a shell");
        if side.is_foreign { WrongUse(why()).into() } else { error }
    })
}

/// Starts `server`, and waits until it listens. Returns its address, or what came of it.
async fn ready(server: &Side) -> anyhow::Result<Result<(Program, SocketAddr), Ended>> {
    if server.is_foreign {
        return foreign_ready(server).await;
    }
    let expected = "expected `Server started, listening on HOST:PORT`";
    let mut program = start(server, "127.0.0.1:0")?;
    let failure = match timeout(TIME_LIMIT, program.stdout.first_line()).await {
        Ok(Some(line)) => match address_in(&line) {
            Some(addr) => return Ok(Ok((program, addr))),
            None => format!("no address ends its first line, {expected}"),
        },
        Ok(None) => return Ok(Err(ended_early(program, server).await?)),
        Err(_) => {
            format!("not ready within {} s: no first line, {expected}", TIME_LIMIT.as_secs())
        }
    };
    Ok(Err(Ended { failure: Some(failure), ..so_far(&program) }))
}

/// Starts somebody's server, and waits until it says that it listens, or accepts a connection.
async fn foreign_ready(server: &Side) -> anyhow::Result<Result<(Program, SocketAddr), Ended>> {
    // It may not say which port the system has chosen: so it is given one that is free now.
    let addr = TcpListener::bind("127.0.0.1:0").await?.local_addr()?;
    let mut program = start(server, &addr.to_string())?;
    let is_ready = async {
        let line = tokio::select! {
            line = program.stdout.line_with(LISTENING) => line,
            () = accepts(addr) => return Ok(Some(addr)),
        };
        if let Some(line) = line {
            let said = address_in(&line).filter(|said| said.port() != 0);
            let addr = said.filter(|said| !said.ip().is_unspecified()).unwrap_or(addr);
            // Or its port may be open a moment after its line.
            _ = timeout(A_MOMENT, accepts(addr)).await;
            return Ok(Some(addr));
        }
        // It will print nothing any more, but perhaps it serves.
        tokio::select! {
            () = accepts(addr) => Ok(Some(addr)),
            ended = program.ended() => ended.map(|_| None),
        }
    };
    let ready: Result<anyhow::Result<_>, _> = timeout(FOREIGN_TIME_LIMIT, is_ready).await;
    Ok(match ready.map(|ready| ready.transpose()) {
        Ok(Some(addr)) => Ok((program, addr?)),
        Ok(None) => Err(ended_early(program, server).await?),
        Err(_) => {
            let limit = FOREIGN_TIME_LIMIT.as_secs();
            let failure = format!("not ready within {limit} s: {addr} accepts no connection");
            Err(Ended { failure: Some(failure), ..so_far(&program) })
        }
    })
}

/// The address that ends `line`.
fn address_in(line: &str) -> Option<SocketAddr> {
    line.split_whitespace().last()?.parse().ok()
}

/// Waits until somebody listens on `addr`.
async fn accepts(addr: SocketAddr) {
    let mut trials = interval(BETWEEN_TRIALS);
    // On some systems a connection to a port on which nobody listens can reach itself.
    let is_other = |stream: &TcpStream| stream.local_addr().is_ok_and(|local| local != addr);
    while !TcpStream::connect(addr).await.is_ok_and(|stream| is_other(&stream)) {
        trials.tick().await;
    }
}

/// What came of a server that has closed its standard output before it was ready.
async fn ended_early(program: Program, server: &Side) -> anyhow::Result<Ended> {
    let ended = end(program, "end", server).await?;
    let failure = match &ended.failure {
        Some(failure) => format!("{failure}, before it was ready"),
        None => "it ended before it was ready".into(),
    };
    Ok(Ended { failure: Some(failure), ..ended })
}

/// Waits for the end of `program`; if it does not `what` in time, it is killed.
async fn end(mut program: Program, what: &str, side: &Side) -> anyhow::Result<Ended> {
    let limit = if side.is_foreign { FOREIGN_TIME_LIMIT } else { TIME_LIMIT };
    let (code, failure) = match timeout(limit, program.ended()).await {
        Err(_) => (None, Some(format!("it did not {what} within {} s", limit.as_secs()))),
        Ok(ended) => match ended? {
            None => (None, Some(format!("it printed more than {} KiB", MAX_OUTPUT >> 10))),
            Some(status) => (status.code(), failure(status, &program, what, side)),
        },
    };
    Ok(Ended { code, failure, ..so_far(&program) })
}

/// What is wrong with how `program` has ended.
fn failure(status: ExitStatus, program: &Program, what: &str, side: &Side) -> Option<String> {
    // Where there is no Ctrl-C, the server was killed. And many programs in the world know of no
    // other end than by a signal, or complain of it.
    let was_stopped = what != "end" && (side.is_foreign || cfg!(not(unix)));
    if !status.success() && !was_stopped {
        Some(format!("it ended with {status}"))
    } else if !side.is_foreign && !program.stderr.text().is_empty() {
        Some("it printed on standard error".into())
    } else {
        None
    }
}

/// What `program` has printed so far.
fn so_far(program: &Program) -> Ended {
    Ended { stdout: program.stdout.text(), stderr: program.stderr.text(), ..Ended::default() }
}
