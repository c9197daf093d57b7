//! What the tests of all lessons share: `#[path = "../../testing.rs"] mod testing;`. The lessons
//! themselves share nothing.

#![allow(dead_code, reason = "not every test needs all of it")]

use std::convert::Infallible;
use std::future::pending;
use std::net::SocketAddr;
use std::path::Path;
use std::pin::Pin;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;
use std::{env, fs, io, mem, process};

use anyhow::{Context, bail, ensure};
use http_body::Frame;
use http_body_util::{BodyExt, Full, StreamBody};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, copy};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, Command};
use tokio::runtime::Runtime;
use tokio::sync::{Notify, mpsc, oneshot};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{Instant, sleep, timeout};
use tonic::body::Body;
use tonic::codegen::tokio_stream::wrappers::ReceiverStream;
use tonic::codegen::{Bytes, http};
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Status};
use tower::ServiceExt;

/// Far longer than anything here takes: what is not over by then is stuck.
pub const STUCK: Duration = Duration::from_secs(60);

/// A free port of this machine: for the server what comes in there, and a channel for its clients.
pub async fn listen() -> anyhow::Result<(TcpIncoming, Channel)> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let channel = connect(listener.local_addr()?)?;
    Ok((incoming(listener), channel))
}

/// What comes in at `listener`, as the lessons take it.
pub fn incoming(listener: TcpListener) -> TcpIncoming {
    TcpIncoming::from(listener).with_nodelay(Some(true))
}

/// A channel to `addr`, with a connection of its own.
pub fn connect(addr: SocketAddr) -> anyhow::Result<Channel> {
    Ok(Endpoint::from_shared(format!("http://{addr}"))?.connect_lazy())
}

/// Sends `message` to the method at `path` as it stands, whether it is a message or not, and
/// returns the code of the answer.
pub async fn call_raw(channel: &Channel, path: &str, message: &[u8]) -> anyhow::Result<Code> {
    let body = Full::new(Bytes::from(frame(message)?));
    let response = channel.clone().oneshot(request(path, Body::new(body))?).await?;
    code_of(response).await
}

/// `message` as gRPC sends it: behind a zero, because it is not compressed, and its length.
fn frame(message: &[u8]) -> anyhow::Result<Vec<u8>> {
    let length = u32::try_from(message.len())?.to_be_bytes();
    Ok([&[0], &length[..], message].concat())
}

fn request(path: &str, body: Body) -> Result<http::Request<Body>, http::Error> {
    http::Request::post(path).header("content-type", "application/grpc").body(body)
}

/// Reads an answer to its end, and returns its code.
async fn code_of(response: http::Response<Body>) -> anyhow::Result<Code> {
    // A call that fails at once has its status in the headers, any other one behind its body.
    let in_headers = Status::from_header_map(response.headers());
    let status = match response.into_body().collect().await {
        Ok(body) => in_headers.or_else(|| Status::from_header_map(body.trailers()?)),
        Err(status) => in_headers.or(Some(status)),
    };
    Ok(status.map_or(Code::Unknown, |status| status.code()))
}

// From here on: what the tests of faults share.

/// Half of what every HTTP/2 connection begins with.
const HALF_A_PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n";

/// A method of a server, and a message that it takes.
pub struct Method {
    pub kind: Kind,
    pub path: &'static str,
    pub message: &'static [u8],
}

/// Where the middle of a call is.
pub enum Kind {
    /// One request: half of it has been sent.
    Unary,
    /// One request, many answers: it has been sent, but there is no room for the answers.
    ServerStream,
    /// Many requests: one and a half have been sent.
    ClientStream,
}

/// Runs `test`, which is called `name`, in a process of its own: the files that are open there are
/// its own, and what the servers print is not in the way.
pub fn alone(name: &str, test: impl AsyncFnOnce() -> anyhow::Result<()>) -> anyhow::Result<()> {
    const ALONE: &str = "TEST_IS_ALONE";
    // Not 0, which is also what comes of a name that no test has.
    const PASSED: i32 = 42;
    if env::var_os(ALONE).is_some() {
        Runtime::new()?.block_on(test())?;
        process::exit(PASSED);
    }
    let status = process::Command::new(env::current_exe()?)
        .args(["--exact", name, "--include-ignored", "--nocapture"])
        .env(ALONE, "yes")
        .stdout(Stdio::null())
        .status()?;
    ensure!(status.code() == Some(PASSED), "{name}: {status}: what it said stands above");
    Ok(())
}

/// Waits until `reached`, which is asked again and again.
pub async fn until(what: &str, mut reached: impl FnMut() -> bool) -> anyhow::Result<()> {
    let deadline = Instant::now() + STUCK;
    while !reached() {
        ensure!(Instant::now() < deadline, "never: {what}");
        sleep(Duration::from_millis(1)).await;
    }
    Ok(())
}

/// Waits until nobody listens at `addr` any more.
pub async fn nobody_listens(addr: SocketAddr) -> anyhow::Result<()> {
    let deadline = Instant::now() + STUCK;
    while TcpStream::connect(addr).await.is_ok() {
        ensure!(Instant::now() < deadline, "new connections are still accepted");
        sleep(Duration::from_millis(1)).await;
    }
    Ok(())
}

/// How many files and sockets this process has open. Only Linux says so.
fn open_files() -> Option<usize> {
    Some(fs::read_dir("/proc/self/fd").ok()?.count())
}

/// When a server shall end.
pub type Stop = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A server in a runtime of its own: all tasks that there are in it are the server's.
pub struct Server {
    runtime: Option<Runtime>,
    pub addr: SocketAddr,
    pub stop: oneshot::Sender<()>,
    pub served: JoinHandle<anyhow::Result<()>>,
}

impl Server {
    /// Starts what `run` returns, on a free port.
    pub async fn start<F>(run: impl FnOnce(TcpIncoming, Stop) -> F) -> anyhow::Result<Server>
    where
        F: Future<Output = anyhow::Result<()>> + Send + 'static,
    {
        let runtime = Runtime::new()?;
        let listener = runtime.spawn(TcpListener::bind("127.0.0.1:0")).await??;
        let addr = listener.local_addr()?;
        let (stop, stopped) = oneshot::channel();
        let stopped = Box::pin(async { stopped.await.unwrap_or(()) });
        let served = runtime.spawn(run(incoming(listener), stopped));
        Ok(Server { runtime: Some(runtime), addr, stop, served })
    }

    /// How many tasks the server has: one, one for each connection, and one for each call.
    pub fn tasks(&self) -> usize {
        self.runtime.as_ref().map_or(0, |runtime| runtime.metrics().num_alive_tasks())
    }

    /// Waits until the server is in the middle of `calls`, on so many connections.
    async fn is_within(&self, calls: &[Call], connections: usize) -> anyhow::Result<()> {
        // A task goes on as long as there are requests to come. Answers that have to wait for the
        // client can be left to the task of the connection; their beginning is there.
        let tasks = 1 + connections + calls.iter().filter(|call| call.rest.is_some()).count();
        let has_begun = |call: &Call| call.rest.is_some() || call.response.is_finished();
        until("all calls are under way", || self.tasks() == tasks && calls.iter().all(has_begun))
            .await
    }

    /// Waits until the server has nothing to do and holds no more files open than before.
    async fn is_idle(&self, files_before: Option<usize>) -> anyhow::Result<()> {
        until("the server has one task", || self.tasks() == 1).await?;
        if files_before.is_none() {
            eprintln!("not counted: nothing here says how many files are open");
        }
        until("as few files are open", || open_files() <= files_before).await
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // A runtime that is only dropped waits for its threads, which async code must not do.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// A client of `addr` with room for very little: who answers it has to wait.
fn narrow(addr: SocketAddr) -> anyhow::Result<Endpoint> {
    Ok(Endpoint::from_shared(format!("http://{addr}"))?.initial_stream_window_size(64))
}

/// A call that is in the middle.
struct Call {
    path: &'static str,
    rest: Option<Rest>,
    response: Response,
}

/// Where the rest of its requests goes, and what it is.
type Rest = (mpsc::Sender<Result<Frame<Bytes>, Infallible>>, Vec<u8>);

/// What a call will be answered.
type Response = JoinHandle<Result<http::Response<Body>, tonic::transport::Error>>;

impl Call {
    /// Begins a call of `method`, which shall be over within `deadline`, if there is one.
    async fn begin(
        channel: &Channel,
        method: &Method,
        deadline: Option<Duration>,
    ) -> anyhow::Result<Call> {
        let message = frame(method.message)?;
        let (half, other_half) = message.split_at(message.len() / 2);
        let (sent, rest) = match method.kind {
            Kind::Unary => (half.to_vec(), Some(other_half)),
            Kind::ServerStream => (message.clone(), None),
            Kind::ClientStream => ([&message, half].concat(), Some(other_half)),
        };
        let (sender, requests) = mpsc::channel(1);
        sender.send(Ok(Frame::data(sent.into()))).await?;
        let body = Body::new(StreamBody::new(ReceiverStream::new(requests)));
        let mut request = request(method.path, body)?;
        if let Some(deadline) = deadline {
            let value = format!("{}m", deadline.as_millis()).parse()?;
            request.headers_mut().insert("grpc-timeout", value);
        }
        let response = tokio::spawn(channel.clone().oneshot(request));
        let rest = rest.map(|rest| (sender, rest.to_vec()));
        Ok(Call { path: method.path, rest, response })
    }

    /// Sends what is missing, and returns the code of the answer.
    async fn finish(self) -> anyhow::Result<Code> {
        if let Some((sender, rest)) = self.rest {
            sender.send(Ok(Frame::data(rest.into()))).await?;
        }
        code_of_call(self.response).await
    }
}

async fn code_of_call(response: Response) -> anyhow::Result<Code> {
    match timeout(STUCK, response).await?? {
        Ok(response) => code_of(response).await,
        Err(error) => Ok(Status::from_error(error.into()).code()),
    }
}

/// The network between a client and a server, for a test to break.
struct Network {
    addr: SocketAddr,
    to_server: Arc<Notify>,
    relay: JoinHandle<io::Result<()>>,
}

impl Network {
    /// Passes on one connection to `server`.
    async fn to(server: SocketAddr) -> anyhow::Result<Network> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let addr = listener.local_addr()?;
        let to_server = Arc::new(Notify::new());
        let stopped = Arc::clone(&to_server);
        let relay = tokio::spawn(async move {
            let (mut client, _) = listener.accept().await?;
            drop(listener);
            let mut server = TcpStream::connect(server).await?;
            for socket in [&client, &server] {
                socket.set_nodelay(true)?;
                // Whoever is at the other end gets an RST once this end is dropped.
                socket.set_zero_linger()?;
            }
            let (mut from_client, mut to_client) = client.split();
            let (mut from_server, mut to_server) = server.split();
            let up = async {
                tokio::select! {
                    result = copy(&mut from_client, &mut to_server) => result,
                    () = stopped.notified() => pending().await,
                }
            };
            tokio::select! {
                result = up => result.map(drop),
                result = copy(&mut from_server, &mut to_client) => result.map(drop),
            }
        });
        Ok(Network { addr, to_server, relay })
    }

    /// From now on, nothing of what the client sends arrives.
    fn loses_what_the_client_sends(&self) {
        self.to_server.notify_one();
    }
}

/// Both ends lose their connection.
impl Drop for Network {
    fn drop(&mut self) {
        self.relay.abort();
    }
}

/// A thousand clients die in the middle of a call of each method. The server has nothing left of
/// them, and answers the next call.
pub async fn forgets_killed_clients(server: Server, methods: &[Method]) -> anyhow::Result<()> {
    const AT_ONCE: usize = 40;
    let files_before = open_files();
    for method in methods {
        for _ in 0..1_000 / AT_ONCE {
            let (mut calls, mut networks) = (Vec::new(), Vec::new());
            for _ in 0..AT_ONCE {
                let network = Network::to(server.addr).await?;
                let channel = narrow(network.addr)?.connect_lazy();
                calls.push(Call::begin(&channel, method, None).await?);
                networks.push(network);
            }
            server.is_within(&calls, AT_ONCE).await?;
            drop(networks);
            until("none is any more", || server.tasks() == 1).await?;
        }
        let next = call_raw(&connect(server.addr)?, method.path, method.message).await?;
        assert_eq!(next, Code::Ok, "{} afterwards", method.path);
    }
    server.is_idle(files_before).await
}

/// A thousand connections, and ten thousand calls of all methods that are in the middle at the
/// same time. All are answered, and the server has nothing left of them.
pub async fn serves_ten_thousand_calls(server: Server, methods: &[Method]) -> anyhow::Result<()> {
    const CALLS: usize = 10_000;
    let files_before = open_files();
    let connections = usize::min(1_000, max_connections());
    let mut channels = Vec::new();
    for _ in 0..connections {
        // Connected now, one after the other: the system lets 128 wait until they are accepted, and
        // may reset some of a thousand that come at once.
        channels.push(narrow(server.addr)?.connect().await?);
    }
    let mut calls = Vec::new();
    for i in 0..CALLS {
        let (channel, method) = (&channels[i % connections], &methods[i % methods.len()]);
        calls.push(Call::begin(channel, method, None).await?);
    }
    server.is_within(&calls, connections).await?;
    let mut answers = JoinSet::new();
    for call in calls {
        answers.spawn(async move { anyhow::Ok((call.path, call.finish().await?)) });
    }
    while let Some(answer) = answers.join_next().await {
        let (path, code) = answer??;
        assert_eq!(code, Code::Ok, "{path}");
    }
    drop(channels);
    server.is_idle(files_before).await?;
    for method in methods {
        let next = call_raw(&connect(server.addr)?, method.path, method.message).await?;
        assert_eq!(next, Code::Ok, "{} afterwards", method.path);
    }
    Ok(())
}

/// As many connections as this process may have. Both of their ends are in it, so that a limit of
/// 1024 open files, which is usual, is enough for fewer than a thousand of them.
fn max_connections() -> usize {
    let limits = fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"));
    let soft = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
    // Elsewhere: what macOS has.
    let max = (soft.unwrap_or(256_usize) - 50) / 2;
    if max < 1_000 {
        eprintln!("{max} connections: this process may not have more open files");
    }
    max
}

/// Garbage instead of HTTP/2 is cut off. A connection that says nothing, or half of what it should
/// begin with, stays as long as its client does. Others are served beside it.
pub async fn serves_beside_bad_connections(server: Server, method: &Method) -> anyhow::Result<()> {
    let files_before = open_files();
    let silent = TcpStream::connect(server.addr).await?;
    let mut half = TcpStream::connect(server.addr).await?;
    half.write_all(HALF_A_PREFACE).await?;
    for garbage in [&b"GET / HTTP/1.1\r\n\r\n"[..], &[0xff; 1024]] {
        let mut client = TcpStream::connect(server.addr).await?;
        client.write_all(garbage).await?;
        // However the end of a connection looks here, there is one.
        let end = timeout(STUCK, client.read_to_end(&mut Vec::new())).await;
        assert!(end.is_ok(), "garbage is left alone");
    }
    for _ in 0..100 {
        let next = call_raw(&connect(server.addr)?, method.path, method.message).await?;
        assert_eq!(next, Code::Ok, "beside bad connections");
    }
    until("only two connections are left", || server.tasks() == 3).await?;
    drop((silent, half));
    server.is_idle(files_before).await
}

/// The deadline of a call passes while the network loses all that its client sends: the server
/// ends its work by itself.
pub async fn keeps_deadlines(server: Server, methods: &[Method]) -> anyhow::Result<()> {
    for method in methods {
        let mut deadline = Duration::from_millis(100);
        // Should the machine be so slow that the call does not arrive in time: another try.
        let (network, code) = loop {
            let network = Network::to(server.addr).await?;
            let channel = connect(network.addr)?;
            let call = Call::begin(&channel, method, Some(deadline)).await?;
            until("the call is under way, or over", || {
                server.tasks() == 3 || call.response.is_finished()
            })
            .await?;
            if !call.response.is_finished() {
                network.loses_what_the_client_sends();
                break (network, code_of_call(call.response).await?);
            }
            deadline *= 2;
        };
        // What tonic makes of it on either side; other gRPC libraries say DEADLINE_EXCEEDED.
        assert_eq!(code, Code::Cancelled, "{}", method.path);
        until("only the connection is left", || server.tasks() == 2).await?;
        drop(network);
        until("the server has one task", || server.tasks() == 1).await?;
    }
    Ok(())
}

/// The server shall end while a call of each method is in the middle: they are answered, new ones
/// are refused. It also waits for connections that have not even sent what HTTP/2 begins with.
pub async fn finishes_calls(mut server: Server, methods: &[Method]) -> anyhow::Result<()> {
    let silent = TcpStream::connect(server.addr).await?;
    let mut half = TcpStream::connect(server.addr).await?;
    half.write_all(HALF_A_PREFACE).await?;
    let mut calls = Vec::new();
    for method in methods {
        let channel = narrow(server.addr)?.connect_lazy();
        calls.push(Call::begin(&channel, method, None).await?);
    }
    server.is_within(&calls, methods.len() + 2).await?;
    let (never, _) = oneshot::channel();
    let stop = mem::replace(&mut server.stop, never);
    assert!(stop.send(()).is_ok(), "the server had stopped by itself");
    nobody_listens(server.addr).await?;
    assert!(!server.served.is_finished(), "the server has not waited");
    for call in calls {
        let path = call.path;
        assert_eq!(call.finish().await?, Code::Ok, "{path}");
    }
    until("two connections without a call are left", || server.tasks() == 3).await?;
    assert!(!server.served.is_finished(), "the server has not waited for them");
    drop((silent, half));
    timeout(STUCK, &mut server.served).await??
}

/// Starts the program `lesson` as a server on a free port, with a data file of its own if there is
/// one. Returns its address as well.
pub async fn program(lesson: &str, data: Option<&Path>) -> anyhow::Result<(Child, SocketAddr)> {
    let mut command = Command::new(lesson);
    command.args(["server", "127.0.0.1:0"]).args(data);
    started(command).await
}

/// Starts `command`, which is such a program.
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

/// The program `lesson` is a server in the middle of a call of `method` when Ctrl-C comes: it
/// refuses new connections, and ends well once the call has its answer.
#[cfg(unix)]
pub async fn a_ctrl_c_finishes_calls(lesson: &str, method: &Method) -> anyhow::Result<()> {
    let (server, channel, call) = interrupted_in_a_call(lesson, method).await?;
    assert_eq!(call.finish().await?, Code::Ok);
    drop(channel);
    let output = timeout(STUCK, server.wait_with_output()).await??;
    assert_eq!(String::from_utf8(output.stderr)?, "");
    assert_eq!(output.status.code(), Some(0));
    Ok(())
}

/// The same, and then a second Ctrl-C comes: it ends at once, and says that this has cut the call
/// off.
#[cfg(unix)]
pub async fn a_second_ctrl_c_cuts_calls(lesson: &str, method: &Method) -> anyhow::Result<()> {
    let (mut server, _channel, call) = interrupted_in_a_call(lesson, method).await?;
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
    assert_ne!(code_of_call(call.response).await?, Code::Ok);
    Ok(())
}

/// The program `lesson` as a server that Ctrl-C has reached in the middle of a call of `method`, for
/// which it waits, and the call with its channel.
#[cfg(unix)]
async fn interrupted_in_a_call(
    lesson: &str,
    method: &Method,
) -> anyhow::Result<(Child, Channel, Call)> {
    let (mut server, addr) = program(lesson, None).await?;
    let channel = narrow(addr)?.connect_lazy();
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
    ensure!(server.try_wait()?.is_none(), "it has not waited for the call");
    Ok((server, channel, call))
}

/// Sends Ctrl-C to it.
#[cfg(unix)]
pub fn ctrl_c(server: &Child) -> anyhow::Result<()> {
    let id = server.id().context("it has ended")?;
    let kill =
        std::process::Command::new("sh").arg("-c").arg(format!("kill -INT {id}")).status()?;
    ensure!(kill.success(), "no signal can be sent: {kill}");
    Ok(())
}

/// The program `lesson` is the client of a server whose connection breaks once the client has
/// printed `lines`. It says that the call failed, in one line, and fails.
pub async fn client_says_that_the_call_failed(
    lesson: &str,
    server: Server,
    lines: &[&str],
) -> anyhow::Result<()> {
    let network = Network::to(server.addr).await?;
    let mut client = Command::new(lesson)
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
