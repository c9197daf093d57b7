//! What the page does when a call doesn't go well.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context, Result, ensure};
use async_stream::stream;
use axum::Router;
use axum::body::Body;
use axum::routing::post;
use browser::page::files;
use browser::pb::greeter_server::{Greeter, GreeterServer};
use browser::pb::{HelloReply, HelloRequest};
use browser::server;
use fantoccini::Client;
use page::play::{act, shown, wait_for};
use page::{DESKTOP, Driver, complaints};
use testing::server::Server;
use testing::{STUCK, program, until};
use tokio::process::{Child, Command};
use tokio::time::{Instant, timeout};
use tonic::codegen::BoxStream;
use tonic::service::Routes;
use tonic::{Request, Response, Status};

/// Greets once, and thinks forever: but a name that begins with `!` is refused.
#[derive(Clone, Default)]
struct Thinker {
    /// How many calls it thinks about.
    calls: Arc<AtomicUsize>,
}

/// A call that is thought about, as long as it isn't dropped.
struct Thought(Arc<AtomicUsize>);

impl Drop for Thought {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Thinker {
    fn think(&self) -> Thought {
        self.calls.fetch_add(1, Ordering::Relaxed);
        Thought(Arc::clone(&self.calls))
    }

    fn count(&self) -> usize {
        self.calls.load(Ordering::Relaxed)
    }

    /// Serves it, and the page.
    async fn serve(&self) -> Result<Server> {
        let greeter = Routes::new(GreeterServer::new(self.clone())).into_axum_router();
        let routes = greeter.layer(tonic_web::GrpcWebLayer::new()).merge(files()).into();
        Server::start(|incoming, stop| server::run(incoming, routes, stop)).await
    }
}

#[tonic::async_trait]
impl Greeter for Thinker {
    async fn say_hello(
        &self,
        request: Request<HelloRequest>,
    ) -> Result<Response<HelloReply>, Status> {
        let name = request.into_inner().name;
        if let Some(name) = name.strip_prefix('!') {
            return Err(Status::permission_denied(format!("<b>{name}</b> may not, 100% sure: ü")));
        }
        let _thought = self.think();
        std::future::pending().await
    }

    type SayHello_v1Stream = BoxStream<HelloReply>;

    async fn say_hello_v1(
        &self,
        request: Request<HelloRequest>,
    ) -> Result<Response<BoxStream<HelloReply>>, Status> {
        let name = request.into_inner().name;
        let thought = self.think();
        let replies = stream! {
            yield Ok(HelloReply { message: "Hm ...".into() });
            if name.starts_with('!') {
                yield Err(Status::data_loss("ü: forgotten"));
            }
            std::future::pending::<()>().await;
            drop(thought);
        };
        Ok(Response::new(Box::pin(replies)))
    }
}

/// The page of `addr`.
async fn open(driver: &Driver, addr: SocketAddr) -> Result<Client> {
    let browser = driver.browser(DESKTOP).await?;
    browser.goto(&format!("http://{addr}/")).await?;
    act(&browser, "Your name: you").await?;
    Ok(browser)
}

/// The page in `browser` shows `expected`, sooner or later.
async fn shows(browser: &Client, expected: &[&str]) -> Result<()> {
    let shown = wait_for(browser, expected).await?;
    ensure!(shown == expected, "it shows {shown:?} instead of {expected:?}");
    Ok(())
}

#[tokio::test]
#[ignore = "slow: cargo xtask ci runs it"]
async fn whoever_cancels_a_call_ends_the_servers_work() -> Result<()> {
    let Some(driver) = Driver::start().await? else { return Ok(()) };
    let thinker = Thinker::default();
    let server = thinker.serve().await?;
    let browser = open(&driver, server.addr).await?;
    for (button, shown) in
        [("Greet me", &["Cancelled."][..]), ("Greet me five times", &["Hm ...", "Cancelled."])]
    {
        act(&browser, button).await?;
        until("the call is under way", || thinker.count() == 1).await?;
        shows(&browser, &shown[..shown.len() - 1]).await?;
        act(&browser, "Cancel").await?;
        shows(&browser, shown).await?;
        until("the server's work has ended", || thinker.count() == 0).await?;
    }
    // When nothing is under way, nothing is cancelled.
    act(&browser, "Cancel").await?;
    shows(&browser, &["Hm ...", "Cancelled."]).await?;

    // A new call ends the one before.
    act(&browser, "Greet me five times").await?;
    shows(&browser, &["Hm ..."]).await?;
    act(&browser, "Your name: !you").await?;
    act(&browser, "Greet me").await?;
    until("the server's work has ended", || thinker.count() == 0).await?;
    shows(&browser, &[REFUSED]).await?;

    // And so does leaving the page.
    act(&browser, "Your name: you").await?;
    act(&browser, "Greet me five times").await?;
    until("the call is under way", || thinker.count() == 1).await?;
    browser.goto("about:blank").await?;
    until("the server's work has ended", || thinker.count() == 0).await?;
    let complaints = complaints(&browser).await?;
    ensure!(complaints.is_empty(), "{complaints:?}");
    browser.close().await?;
    driver.end().await
}

/// What is shown when `!you` ask.
const REFUSED: &str =
    "The call failed: <b>you</b> may not, 100% sure: ü (gRPC status 7, HTTP status 200)";

#[tokio::test]
#[ignore = "slow: cargo xtask ci runs it"]
async fn a_person_is_told_why_a_call_failed() -> Result<()> {
    let Some(driver) = Driver::start().await? else { return Ok(()) };
    let thinker = Thinker::default();
    let server = thinker.serve().await?;
    let browser = open(&driver, server.addr).await?;
    for (button, shown) in [
        ("Greet me", &["Given up after 5 seconds."][..]),
        ("Greet me five times", &["Hm ...", "Given up after 5 seconds."]),
    ] {
        act(&browser, button).await?;
        shows(&browser, shown).await?;
        until("the server's work has ended", || thinker.count() == 0).await?;
    }
    act(&browser, "Your name: !you").await?;
    act(&browser, "Greet me").await?;
    shows(&browser, &[REFUSED]).await?;
    act(&browser, "Greet me five times").await?;
    let failed = "The call failed: ü: forgotten (gRPC status 15, HTTP status 200)";
    shows(&browser, &["Hm ...", failed]).await?;
    let complaints = complaints(&browser).await?;
    ensure!(complaints.is_empty(), "{complaints:?}");
    browser.close().await?;
    driver.end().await
}

/// Serves the page, with a Greeter that answers `bytes`, one at a time.
async fn serve_bytes(bytes: &'static [u8]) -> Result<Server> {
    let answer = async move || {
        let bytes = stream! {
            for byte in bytes {
                yield Ok::<_, Status>(vec![*byte]);
                tokio::task::yield_now().await;
            }
        };
        Body::from_stream(bytes)
    };
    let greeter = Router::new().route("/helloworld.Greeter/SayHello", post(answer));
    let routes = greeter.merge(files()).into();
    Server::start(|incoming, stop| server::run(incoming, routes, stop)).await
}

#[tokio::test]
#[ignore = "slow: cargo xtask ci runs it"]
async fn an_answer_may_come_in_pieces_but_not_end_too_early() -> Result<()> {
    const NO_STATUS: &str = "The call failed: no reason given (gRPC status null, HTTP status 200)";
    const NO_MESSAGE: &str = "The call failed: the answer is not a message";
    let Some(driver) = Driver::start().await? else { return Ok(()) };
    let browser = driver.browser(DESKTOP).await?;
    for (bytes, shown) in [
        (
            // After fields that it doesn't know, of all wire types.
            &b"\0\0\0\0\x1b\x1a\x01!\x21xxxxxxxx\x2dxxxx\x30\xff\x01\x0a\x05\xc3\xbc \xc3\xb6\
               \x80\0\0\0\x0fgrpc-status:0\r\n"[..],
            &["ü ö"][..],
        ),
        (b"\0\0\0\0\x03\x0a\x01a\x80\0\0\0\x10grpc-status: 0\r\n", &["a"]),
        // Without trailers, with half of them, and with half a message.
        (b"\0\0\0\0\x03\x0a\x01a", &["a", NO_STATUS]),
        (b"\0\0\0\0\x03\x0a\x01a\x80\0\0\0\x0fgrpc-st", &["a", NO_STATUS]),
        (b"\0\0\0\0\x03\x0a\x01", &[NO_STATUS]),
        (b"", &[NO_STATUS]),
        // What isn't a message: a length, or a varint, that goes beyond its end.
        (b"\0\0\0\0\x03\x0a\x02a\x80\0\0\0\x0fgrpc-status:0\r\n", &[NO_MESSAGE]),
        (b"\0\0\0\0\x01\xff\x80\0\0\0\x0fgrpc-status:0\r\n", &[NO_MESSAGE]),
    ] {
        let server = serve_bytes(bytes).await?;
        browser.goto(&format!("http://{}/", server.addr)).await?;
        act(&browser, "Your name: you").await?;
        act(&browser, "Greet me").await?;
        shows(&browser, shown).await.with_context(|| format!("{}", bytes.escape_ascii()))?;
    }
    let complaints = complaints(&browser).await?;
    ensure!(complaints.is_empty(), "{complaints:?}");
    browser.close().await?;
    driver.end().await
}

/// The lesson's program as a server at `addr`.
async fn start_at(addr: &str) -> Result<(Child, SocketAddr)> {
    let workspace = xtask::workspace::Workspace::load().await?;
    let lesson = workspace.the("browser")?;
    let programs = workspace.build(&[lesson], false).await?;
    let mut command = Command::new(programs.path(&lesson.pairs[0].server)?);
    command.args(["server", addr]);
    program::started(command).await
}

/// The last line that the page shows says so, sooner or later, and why in the words of the browser.
async fn says_that_it_is_gone(browser: &Client) -> Result<()> {
    let is_it = |line: &String| {
        line.starts_with("The server is gone (") && line.ends_with("). Try again when it is back.")
    };
    let end = Instant::now() + STUCK;
    loop {
        let shown = shown(browser).await?;
        if shown.last().is_some_and(is_it) {
            return Ok(());
        }
        ensure!(Instant::now() < end, "it shows {shown:?}");
    }
}

#[tokio::test]
#[ignore = "slow: cargo xtask ci runs it"]
async fn the_page_says_that_the_server_is_gone_and_goes_on_when_it_is_back() -> Result<()> {
    let Some(driver) = Driver::start().await? else { return Ok(()) };
    let (mut server, addr) = start_at("127.0.0.1:0").await?;
    let browser = open(&driver, addr).await?;
    act(&browser, "Greet me five times").await?;
    wait_for(&browser, &["Hello, you! - 0", "..."]).await?;
    server.kill().await?;
    says_that_it_is_gone(&browser).await?;
    act(&browser, "Greet me").await?;
    says_that_it_is_gone(&browser).await?;

    let (_server, _) = start_at(&addr.to_string()).await?;
    act(&browser, "Greet me").await?;
    shows(&browser, &["Hello, you!"]).await?;
    // A browser says by itself that nobody answered. Nothing else is wrong.
    let mut complaints = complaints(&browser).await?;
    complaints.retain(|complaint| !complaint.contains("net::ERR_"));
    ensure!(complaints.is_empty(), "{complaints:?}");
    browser.close().await?;
    driver.end().await
}

#[cfg(unix)]
#[tokio::test]
#[ignore = "slow: cargo xtask ci runs it"]
async fn a_ctrl_c_does_not_wait_for_a_page_that_is_open() -> Result<()> {
    let Some(driver) = Driver::start().await? else { return Ok(()) };
    let (server, addr) = start_at("127.0.0.1:0").await?;
    let browser = open(&driver, addr).await?;
    act(&browser, "Greet me").await?;
    shows(&browser, &["Hello, you!"]).await?;
    program::ctrl_c(&server)?;
    let output = timeout(STUCK, server.wait_with_output()).await;
    let output = output.context("it waits")??;
    ensure!(output.status.code() == Some(0), "{output:?}");
    browser.close().await?;
    driver.end().await
}
