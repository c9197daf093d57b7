//! A server, or several, and a client, run against each other.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, interval, timeout, timeout_at};

use crate::run::outcome::{Ended, Outcome, joined};
use crate::run::side::Side;
use crate::system::error::WrongUse;
use crate::system::files::Scratch;
use crate::system::process::{MAX_OUTPUT, Program};

/// How long a server may take until it is ready, a client until it is done, and a server until it
/// has stopped.
pub const TIME_LIMIT: Duration = Duration::from_secs(10);

/// The same for a command of somebody's: it may have to compile something first.
pub const FOREIGN_TIME_LIMIT: Duration = Duration::from_secs(60);

/// How long the line and the open port of somebody's server may come one after the other.
const A_MOMENT: Duration = Duration::from_secs(1);

/// Port 0 is any free one.
pub(super) const ANY_PORT: &str = "127.0.0.1:0";

/// What a program has to do: a client by itself, a server when it is told.
const END: &str = "end";
const STOP: &str = "stop after Ctrl-C";

/// What a line has to contain to say that a server listens.
const LISTENING: &str = "listening on ";

/// What a client of HTTP/2 sends first.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// How long to wait before a port is tried again on which nobody listens yet.
const BETWEEN_TRIALS: Duration = Duration::from_millis(20);

/// Starts so many `servers`, each one a `server` on a free port, runs `client` against them, and stops
/// them as Ctrl-C does. Whatever happens, all have ended when this returns.
///
/// # Errors
///
/// If a program cannot be started, or the system cannot tell what became of it.
pub async fn run(server: &Side, servers: usize, client: &Side) -> anyhow::Result<Outcome> {
    run_through(server, servers, client, async |addrs| Ok(addrs)).await
}

/// Does the same with something `between` them: it is told where the servers listen, and says where
/// the client has to connect to instead.
///
/// # Errors
///
/// Those of [`run`], and those of `between`.
pub async fn run_through(
    server: &Side,
    servers: usize,
    client: &Side,
    between: impl AsyncFnOnce(Vec<SocketAddr>) -> anyhow::Result<Vec<SocketAddr>>,
) -> anyhow::Result<Outcome> {
    let started = Instant::now();
    let (mut programs, mut addrs) = (Vec::new(), Vec::new());
    for _ in 0..servers {
        match ready(server, ANY_PORT).await? {
            Ok((program, addr)) => {
                programs.push(program);
                addrs.push(addr);
            }
            Err(ended) => {
                let servers = programs.iter().map(so_far).chain([ended]).collect();
                let client = Ended::default();
                return Ok(Outcome { time: started.elapsed(), addrs: Vec::new(), servers, client });
            }
        }
    }
    let client = run_one(client, &joined(&between(addrs.clone()).await?)).await?;
    if server.is_foreign {
        let until = Instant::now() + A_MOMENT;
        for program in &mut programs {
            // Its line may come a moment after its port is open.
            _ = timeout_at(until, program.stdout.line_with(LISTENING)).await;
        }
    }
    if client.failure.is_some() {
        let serve = Vec::from_iter(addrs.iter().map(|addr| tokio::spawn(serves(*addr))));
        let until = Instant::now() + 2 * A_MOMENT;
        for (program, serves) in programs.iter_mut().zip(serve) {
            if !serves.await? {
                // It is about to end.
                _ = timeout_at(until, program.ended()).await;
            }
        }
    }
    let died = programs.iter_mut().map(Program::has_ended).collect::<io::Result<Vec<_>>>()?;
    programs.iter_mut().try_for_each(Program::interrupt)?;
    let (stopped, mut servers) = (Instant::now(), Vec::new());
    for (program, died) in programs.into_iter().zip(died) {
        let mut ended = end(program, STOP, server, stopped).await?;
        // One that is not ours may have left a child to serve.
        let died = died.filter(|status| !(server.is_foreign && status.success()));
        // Where we had to kill the client, the server's end comes of that.
        ended.is_early = died.is_some() && client.status.is_some();
        // A server whose client has failed may have its reasons.
        let may_end = client.failure.is_some();
        // One that printed too much has lost its reader, and may have died of that.
        let has_status = ended.status.is_some();
        if let Some(status) = died.filter(|it| has_status && !(may_end && it.success())) {
            ended.failure = Some(format!("ended with {status} before it was stopped"));
        }
        servers.push(ended);
    }
    Ok(Outcome { time: started.elapsed(), addrs, servers, client })
}

/// An address that is free now.
pub(super) async fn free_address() -> anyhow::Result<SocketAddr> {
    Ok(TcpListener::bind(ANY_PORT).await?.local_addr()?)
}

/// Runs one program until it ends by itself.
///
/// # Errors
///
/// If it cannot be started, or the system cannot tell what became of it.
pub async fn run_one(side: &Side, addr: &str) -> anyhow::Result<Ended> {
    end(start(side, addr)?, END, side, Instant::now()).await
}

pub(super) fn start(side: &Side, addr: &str) -> anyhow::Result<Program> {
    let scratch = side.file.is_some().then(Scratch::new).transpose()?;
    let file = scratch.as_ref().zip(side.file.as_ref()).map(|(scratch, name)| scratch.0.join(name));
    let started = Program::start(side.command(addr, file.as_deref()));
    let started = started.map(|program| program.with(scratch));
    started.map_err(|error| {
        // What we have built can be started; what somebody has typed, perhaps not.
        let why = || format!("{error:#}: COMMAND is started without a shell");
        if side.is_foreign { WrongUse(why()).into() } else { error }
    })
}

/// Starts `server` with the address `told`, and waits until it listens. Returns where, or what came
/// of it.
pub(super) async fn ready(
    server: &Side,
    told: &str,
) -> anyhow::Result<Result<(Program, SocketAddr), Ended>> {
    if server.is_foreign {
        return foreign_ready(server).await;
    }
    let expected = "expected `Server started, listening on HOST:PORT`";
    let mut program = start(server, told)?;
    let failure = match timeout(TIME_LIMIT, program.stdout.first_line()).await {
        Ok(Some(line)) => match address_in(&line) {
            None if line.contains(LISTENING) => {
                format!("printed `{line}`: it has to end with an address such as 127.0.0.1:50051")
            }
            None => format!("printed `{line}` first, {expected}"),
            Some(addr) if addr.port() == 0 => {
                "printed port 0: print the port that the listener has".into()
            }
            Some(addr) if is_it(told, addr) => return Ok(Ok((program, addr))),
            Some(addr) if TcpStream::connect(told).await.is_ok() => {
                format!("was told {told} and prints {addr}: print the address of the listener")
            }
            Some(addr) => format!("was told {told} and listens elsewhere, on {addr}"),
        },
        Ok(None) => {
            let mut ended = ended_early(program, server).await?;
            if ended.stderr.contains(" in use") {
                ended.failure = Some(format!("was told {told} and does not listen there"));
            }
            return Ok(Err(ended));
        }
        Err(_) if program.stderr.text().contains(LISTENING) => {
            format!("printed on standard error: {expected} on standard output")
        }
        Err(_) => {
            format!("was not ready within {} s: {expected} and a line end", TIME_LIMIT.as_secs())
        }
    };
    Ok(Err(Ended { failure: Some(failure), ..so_far(&program) }))
}

/// Whether a server that was `told` an address may listen on `addr`: port 0 is any.
fn is_it(told: &str, addr: SocketAddr) -> bool {
    told.parse().is_ok_and(|told: SocketAddr| {
        told.ip() == addr.ip() && [0, addr.port()].contains(&told.port())
    })
}

/// Starts somebody's server, and waits until it says that it listens, or accepts a connection.
async fn foreign_ready(server: &Side) -> anyhow::Result<Result<(Program, SocketAddr), Ended>> {
    // It may not say which port the system has chosen: so it is given one that is free now.
    let addr = free_address().await?;
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
            let failure = format!("was not ready within {limit} s: {addr} accepts no connection");
            Err(Ended { failure: Some(failure), ..so_far(&program) })
        }
    })
}

/// The address that ends `line`.
fn address_in(line: &str) -> Option<SocketAddr> {
    line.split_whitespace().last()?.parse().ok()
}

/// Whether somebody serves on `addr`, and does not only still listen: a server of HTTP/2 speaks first,
/// and one of TLS answers that it is spoken to in the clear.
async fn serves(addr: SocketAddr) -> bool {
    let Ok(mut stream) = TcpStream::connect(addr).await else { return false };
    _ = stream.write_all(PREFACE).await;
    timeout(A_MOMENT, stream.read_u8()).await.is_ok_and(|byte| byte.is_ok())
}

/// Waits until somebody listens on `addr`.
async fn accepts(addr: SocketAddr) {
    let mut trials = interval(BETWEEN_TRIALS);
    // On some systems a connection to a port on which nobody listens can reach itself.
    let is_other = |stream: &TcpStream| stream.local_addr().is_ok_and(|own| own != addr);
    while !TcpStream::connect(addr).await.is_ok_and(|stream| is_other(&stream)) {
        trials.tick().await;
    }
}

/// What came of a server that has closed its standard output before it was ready.
async fn ended_early(program: Program, server: &Side) -> anyhow::Result<Ended> {
    let ended = end(program, END, server, Instant::now()).await?;
    let failure = match &ended.failure {
        Some(failure) => format!("{failure}, before it was ready"),
        None => "ended by itself, before it was ready".into(),
    };
    Ok(Ended { failure: Some(failure), ..ended })
}

/// Waits for the end of `program`; if it does not `what` in time, of which it has had some `since`
/// then, it is killed.
async fn end(
    mut program: Program,
    what: &str,
    side: &Side,
    since: Instant,
) -> anyhow::Result<Ended> {
    let limit = side.limit;
    // Where there is no Ctrl-C, the server was killed. And many programs in the world know of no
    // other end than by a signal, or complain of it.
    let may_fail = what == STOP && (side.is_foreign || cfg!(not(unix)));
    let ended = timeout_at(since + limit, program.ended()).await;
    let complained = !side.is_foreign && !program.stderr.text().is_empty();
    let mut so_far = Ended { complained, ..so_far(&program) };
    match ended {
        Err(_) => so_far.failure = Some(format!("did not {what} within {} s", limit.as_secs())),
        Ok(ended) => match ended? {
            None => so_far.failure = Some(format!("printed more than {} KiB", MAX_OUTPUT >> 10)),
            Some(status) => {
                so_far.status = Some(status);
                if !status.success() && !may_fail {
                    so_far.failure = Some(match what {
                        STOP => format!("ended with {status} after Ctrl-C, expected exit code 0"),
                        _ => format!("ended with {status}"),
                    });
                }
            }
        },
    }
    Ok(so_far)
}

/// What `program` has printed so far.
fn so_far(program: &Program) -> Ended {
    Ended { stdout: program.stdout.text(), stderr: program.stderr.text(), ..Ended::default() }
}
