//! A lesson's program as a process: a server that gets Ctrl-C, a client that loses its server, and
//! what either says when it can't go on.

use std::ffi::OsStr;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;

use anyhow::{Context, bail};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;
#[cfg(unix)]
use tonic::{Code, transport::Channel};

use crate::STUCK;
#[cfg(unix)]
use crate::call::{Call, Method, call_raw};
use crate::net::Network;
#[cfg(unix)]
use crate::net::{Transport, nobody_listens};
#[cfg(unix)]
use crate::until;

/// Starts `program` as a server on a free port, with a data file of its own if there is one. Returns
/// its address as well.
///
/// # Errors
///
/// If it doesn't start; then with what it says.
pub async fn start(
    program: impl AsRef<OsStr>,
    data: Option<&Path>,
) -> anyhow::Result<(Child, SocketAddr)> {
    let mut command = Command::new(program);
    command.args(["server", "127.0.0.1:0"]).args(data);
    started(command).await
}

/// Starts `command`, which runs such a program.
///
/// # Errors
///
/// If it doesn't start; then with what it says.
pub async fn started(mut command: Command) -> anyhow::Result<(Child, SocketAddr)> {
    let mut server =
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true).spawn()?;
    let printed = server.stdout.as_mut().context("no output")?;
    let mut line = String::new();
    timeout(STUCK, BufReader::new(printed).read_line(&mut line)).await??;
    if line.is_empty() {
        let output = timeout(STUCK, server.wait_with_output()).await??;
        bail!("{}: {}", output.status, String::from_utf8_lossy(&output.stderr));
    }
    let addr =
        line.trim_end().strip_prefix("Server started, listening on ").context("not ready")?;
    Ok((server, addr.parse()?))
}

/// As a server, `program` doesn't start with the data in the file `data`: it exits with 1 and one
/// line that names the file and says `expected`.
///
/// # Errors
///
/// If it does start, or can't be run.
pub async fn refuses_data(
    program: impl AsRef<OsStr>,
    data: &Path,
    expected: &str,
) -> anyhow::Result<()> {
    let server = Command::new(program)
        .args(["server", "127.0.0.1:0"])
        .arg(data)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let output = timeout(STUCK, server.wait_with_output()).await??;
    let error = String::from_utf8(output.stderr)?;
    assert_eq!(output.status.code(), Some(1), "{error}");
    assert_eq!(output.stdout, b"");
    assert_eq!(error.lines().count(), 1, "{error}");
    assert!(error.starts_with("error: "), "{error}");
    assert!(error.contains(&data.display().to_string()), "{error}");
    assert!(error.contains(expected), "{error}");
    Ok(())
}

/// `program` is the client of the server at `server`, and its connection breaks once it has printed
/// `lines`. It says in one line that the call failed, and fails.
///
/// # Errors
///
/// If it can't be run, or goes on.
pub async fn client_says_that_the_call_failed(
    program: impl AsRef<OsStr>,
    server: SocketAddr,
    lines: &[&str],
) -> anyhow::Result<()> {
    let network = Network::to(server).await?;
    let mut client = Command::new(program)
        .args(["client", &network.addr.to_string()])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let mut printed = BufReader::new(client.stdout.take().context("no output")?).lines();
    for line in lines {
        let printed = timeout(STUCK, printed.next_line()).await??;
        assert_eq!(printed.as_deref(), Some(*line));
    }
    drop(network);
    let output = timeout(STUCK, client.wait_with_output()).await??;
    assert_eq!(printed.next_line().await?, None, "it went on");
    let error = String::from_utf8(output.stderr)?;
    // In lesson 1 a status speaks for itself.
    let says_so = ["error: the call failed: ", "error: code: "];
    assert!(says_so.iter().any(|begin| error.starts_with(begin)), "{error}");
    assert_eq!(error.lines().count(), 1, "{error}");
    assert_eq!(output.status.code(), Some(1));
    Ok(())
}

/// `program` is a server in the middle of a call of `method` when Ctrl-C comes: it refuses new
/// connections, and ends well once the call has its answer.
///
/// # Errors
///
/// If it doesn't end.
#[cfg(unix)]
pub async fn a_ctrl_c_finishes_calls(
    program: impl AsRef<OsStr>,
    method: &Method,
    transport: &Transport,
) -> anyhow::Result<()> {
    let (server, channel, call) = interrupted_in_a_call(program, method, transport).await?;
    assert_eq!(call.finish().await?, Code::Ok);
    drop(channel);
    let output = timeout(STUCK, server.wait_with_output()).await??;
    assert_eq!(String::from_utf8(output.stderr)?, "");
    assert_eq!(output.status.code(), Some(0));
    Ok(())
}

/// The same in the clear, and then a second Ctrl-C comes: it ends at once, and says that this has cut the call
/// off.
///
/// # Errors
///
/// If it doesn't end.
#[cfg(unix)]
pub async fn a_second_ctrl_c_cuts_calls(
    program: impl AsRef<OsStr>,
    method: &Method,
) -> anyhow::Result<()> {
    let in_the_clear = Transport::default();
    let (mut server, _channel, call) =
        interrupted_in_a_call(program, method, &in_the_clear).await?;
    // It waits for the second one a moment after the first: nobody presses as fast as a test does.
    until("it has ended", || {
        _ = ctrl_c(&server);
        !matches!(server.try_wait(), Ok(None))
    })
    .await?;
    let output = timeout(STUCK, server.wait_with_output()).await??;
    let error = "error: stopped by a second Ctrl-C: open connections were cut off\n";
    assert_eq!(String::from_utf8(output.stderr)?, error);
    assert_eq!(output.status.code(), Some(1));
    // Asked for only now: the server could finish a stream that somebody reads.
    assert_ne!(call.end().await?, Code::Ok);
    Ok(())
}

/// `program` as a server that Ctrl-C has reached in the middle of a call of `method`, for which it
/// waits, and the call with its channel.
#[cfg(unix)]
async fn interrupted_in_a_call(
    program: impl AsRef<OsStr>,
    method: &Method,
    transport: &Transport,
) -> anyhow::Result<(Child, Channel, Call)> {
    let (mut server, addr) = start(program, None).await?;
    let channel = transport.narrow(addr)?.connect_lazy();
    let call = Call::begin(&channel, method, None).await?;
    // Once it has left here, and the next call on its connection is answered, the server knows of
    // it.
    match &call.rest {
        Some((sender, _)) => drop(timeout(STUCK, sender.reserve()).await??),
        None => until("it is answered", || call.response.is_finished()).await?,
    }
    assert_eq!(call_raw(&channel, method.path, method.message).await?, Code::Ok);
    ctrl_c(&server)?;
    nobody_listens(addr).await?;
    assert!(server.try_wait()?.is_none(), "it has not waited for the call");
    Ok((server, channel, call))
}

/// Sends it Ctrl-C.
///
/// # Errors
///
/// If it has ended.
#[cfg(unix)]
pub fn ctrl_c(server: &Child) -> anyhow::Result<()> {
    signal(server.id().context("it has ended")?, "INT")
}

/// Sends `signal`, `INT` for Ctrl-C, to the process `id`.
///
/// # Errors
///
/// If it isn't there.
#[cfg(unix)]
pub fn signal(id: u32, signal: &str) -> anyhow::Result<()> {
    let kill = format!("kill -{signal} {id}");
    let status = std::process::Command::new("sh").args(["-c", &kill]).status()?;
    anyhow::ensure!(status.success(), "no signal can be sent: {status}");
    Ok(())
}
