//! What the server of the example `hardened` does beyond that of the lesson: limits, and an end to
//! everything. The deadlines of streams are kept by both.

use std::env::{consts::EXE_SUFFIX, current_exe};
use std::time::Duration;

use anyhow::{Context, ensure};
use async_stream::stream;
use routeguide::pb::route_guide_client::RouteGuideClient;
use routeguide::pb::{Point, Rectangle, RouteNote};
use routeguide::places::{Place, Places};
use routeguide::{DATA, server};
use testing::alone::alone;
use testing::call::{Kind, Method, call_raw};
use testing::net::{connect, nobody_listens};
use testing::server::Server;
use testing::{STUCK, faults, until};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};
use tokio_stream::pending;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request, Status, Streaming};

#[path = "../../examples/hardened/server.rs"]
mod example;
use example::{MAX_CALLS_ON_A_CONNECTION, MAX_CONNECTIONS, MAX_STREAMS, STREAM_TIME};

const HERE: Point = Point { latitude: 405000000, longitude: -747000000 };

/// What the client of the lesson asks for, too.
const AROUND: Rectangle = Rectangle {
    lo: Some(Point { latitude: 404000000, longitude: -750000000 }),
    hi: Some(Point { latitude: 406000000, longitude: -745000000 }),
};

/// The program, which Cargo builds together with the tests.
fn hardened_program() -> anyhow::Result<String> {
    let test = current_exe()?;
    let folder = test.parent().and_then(|deps| deps.parent()).context("no folder")?;
    let program = folder.join("examples").join(format!("hardened{EXE_SUFFIX}"));
    ensure!(program.is_file(), "there is no {program:?}: `cargo test` without `--test` builds it");
    Ok(program.to_string_lossy().into_owned())
}

/// Every method; a point is that of no place, a rectangle has all places in it.
const METHODS: [Method; 4] = [
    method(Kind::Unary, "/routeguide.RouteGuide/GetFeature", b"\x08\x01\x10\x01"),
    method(
        Kind::ServerStream,
        "/routeguide.RouteGuide/ListFeatures",
        b"\x0a\x0d\x08\x00\x10\x80\xdc\xd8\xa5\xf9\xff\xff\xff\xff\x01\x12\x08\x08\x80\xd2\x93\xad\x03\x10\x00",
    ),
    method(Kind::ClientStream, "/routeguide.RouteGuide/RecordRoute", b"\x08\x01"),
    method(Kind::BothStream, "/routeguide.RouteGuide/RouteChat", b"\x0a\x02\x08\x01"),
];

const fn method(kind: Kind, path: &'static str, message: &'static [u8]) -> Method {
    Method { kind, path, message }
}

/// More places around here than fit into the windows of HTTP/2 and a pipe: 20 MB.
fn many_places() -> Places {
    places(15_000)
}

fn places(count: i32) -> Places {
    let name = "x".repeat(1_400);
    let point = |n| Point { latitude: HERE.latitude + n, ..HERE };
    Places::new((0..count).map(|n| Place { location: point(n), name: name.clone() }).collect())
}

/// A server of `places`.
async fn serve(places: Places) -> anyhow::Result<Server> {
    Server::start(|incoming, stop| example::run(incoming, places, STREAM_TIME, stop)).await
}

/// A stream of notes that stays open, and its answers.
type Chat = (mpsc::Sender<RouteNote>, Streaming<RouteNote>);

async fn chat(stub: &mut RouteGuideClient<Channel>) -> Result<Chat, Status> {
    let (sender, mut receiver) = mpsc::channel(1);
    let notes = stream! { while let Some(note) = receiver.recv().await { yield note } };
    Ok((sender, stub.route_chat(notes).await?.into_inner()))
}

fn note(message: &str) -> RouteNote {
    RouteNote { location: Some(HERE), message: message.into() }
}

/// The chat is under way, and ends when it wants to.
async fn finishes((notes, mut answers): Chat) -> anyhow::Result<()> {
    notes.send(note("a")).await?;
    notes.send(note("b")).await?;
    assert_eq!(timeout(STUCK, answers.message()).await??, Some(note("a")));
    drop(notes);
    assert_eq!(end(answers).await?, Code::Ok);
    Ok(())
}

/// With what `answers` ends.
async fn end<T>(mut answers: Streaming<T>) -> anyhow::Result<Code> {
    loop {
        match timeout(STUCK, answers.message()).await? {
            Ok(Some(_)) => {}
            Ok(None) => return Ok(Code::Ok),
            Err(status) => return Ok(status.code()),
        }
    }
}

/// `message`, for a server that is told how long somebody waits. tonic's own client looks at the
/// clock only until a stream begins.
fn within<T>(time: Duration, message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.set_timeout(time);
    request
}

#[tokio::test]
async fn ends_streams_at_their_deadlines() -> anyhow::Result<()> {
    let places = many_places();
    ends_streams(Server::start(|incoming, stop| server::run(incoming, places, stop)).await?)
        .await?;
    ends_streams(serve(many_places()).await?).await
}

async fn ends_streams(server: Server) -> anyhow::Result<()> {
    let mut stub = RouteGuideClient::new(connect(server.addr)?);
    stub.get_feature(HERE).await?;
    assert_eq!(server.tasks(), 2, "the server, and a connection");

    // Should the machine be so slow that the stream does not even begin in time: another try.
    let mut time = Duration::from_millis(100);
    let (begun, features) = loop {
        let begun = Instant::now();
        match stub.list_features(within(time, AROUND)).await {
            Ok(features) => break (begun, features.into_inner()),
            Err(status) => assert_eq!(status.code(), Code::Cancelled, "{status}"),
        }
        time *= 2;
    };
    // Nobody reads while the time goes by, so that the list cannot be at its end before.
    until("the time is over", || begun.elapsed() > time).await?;
    assert_eq!(end(features).await?, Code::DeadlineExceeded, "ListFeatures");

    let (sender, answers) = loop {
        let (sender, notes) = mpsc::channel::<RouteNote>(1);
        match stub.route_chat(within(time, ReceiverStream::new(notes))).await {
            Ok(answers) => break (sender, answers),
            Err(status) => assert_eq!(status.code(), Code::Cancelled, "{status}"),
        }
        time *= 2;
    };
    assert_eq!(end(answers.into_inner()).await?, Code::DeadlineExceeded, "RouteChat");
    // Our side would have gone on.
    timeout(STUCK, sender.closed()).await?;

    until("only the connection is left", || server.tasks() == 2).await?;
    // A chat that ends in time is left alone.
    let notes = tokio_stream::iter([note("a"), note("b")]);
    let answers = stub.route_chat(within(STUCK, notes)).await?;
    assert_eq!(end(answers.into_inner()).await?, Code::Ok);
    Ok(())
}

#[tokio::test]
async fn finishes_what_ends_soon() -> anyhow::Result<()> {
    let mut server = serve(places(500)).await?;
    // The client has room for a tenth of them: the list cannot be at its end before it reads.
    let client = Endpoint::from_shared(format!("http://{}", server.addr))?;
    let mut stub = RouteGuideClient::new(client.initial_stream_window_size(65_535).connect_lazy());
    let soon = chat(&mut stub).await?;
    let list = stub.list_features(AROUND).await?.into_inner();
    server.stop()?;
    nobody_listens(server.addr).await?;
    assert_eq!(end(list).await?, Code::Ok, "a list");
    finishes(soon).await?;
    server.stopped().await?;
    until("nothing is left", || server.tasks() == 0).await
}

#[tokio::test]
#[ignore = "slow: cargo xtask ci runs it"]
async fn finishes_what_ends_soon_and_cuts_the_rest() -> anyhow::Result<()> {
    let mut server = serve(many_places()).await?;
    let mut stub = RouteGuideClient::new(connect(server.addr)?);
    let soon = chat(&mut stub).await?;
    let (never, answers_never) = chat(&mut stub).await?;
    let mut router = stub.clone();
    let route = tokio::spawn(async move { router.record_route(pending()).await });
    let list = stub.list_features(AROUND).await?.into_inner();
    // Its windows are full, so that nobody can tell it anything.
    let mut deaf = RouteGuideClient::new(connect(server.addr)?);
    let unread = deaf.list_features(AROUND).await?.into_inner();
    let mut half = TcpStream::connect(server.addr).await?;
    half.write_all(b"PRI * HTTP/2.0\r\n").await?;
    until("all is under way", || server.tasks() == 1 + 3 + 5).await?;

    server.stop()?;
    nobody_listens(server.addr).await?;
    finishes(soon).await?;
    assert_eq!(end(list).await?, Code::Ok, "a list");

    assert_eq!(end(answers_never).await?, Code::Unavailable, "a chat that goes on");
    let route = timeout(STUCK, route).await??;
    assert_eq!(route.map(|_| ()).map_err(|status| status.code()), Err(Code::Unavailable));
    server.stopped().await?;
    until("nothing is left", || server.tasks() == 0).await?;
    assert!(end(unread).await? != Code::Ok, "a list that nobody read in time");
    drop((never, half));
    Ok(())
}

#[cfg(unix)]
mod signals {
    use std::net::SocketAddr;

    use testing::program;
    use tokio::process::{Child, Command};

    use super::*;

    #[tokio::test]
    async fn stop_in_order() -> anyhow::Result<()> {
        let path = hardened_program()?;
        for signal in ["INT", "TERM"] {
            stops_in_order(program::start(&path, None).await?, None, signal, false).await?;
        }
        program::a_second_ctrl_c_cuts_calls(&path, &METHODS[3]).await
    }

    #[tokio::test]
    #[ignore = "slow: cargo xtask ci runs it"]
    async fn cut_what_goes_on() -> anyhow::Result<()> {
        let path = hardened_program()?;
        for signal in ["INT", "TERM"] {
            stops_in_order(program::start(&path, None).await?, None, signal, true).await?;
        }
        stops_as_process_1(true).await
    }

    #[tokio::test]
    async fn stop_process_1_in_order() -> anyhow::Result<()> {
        stops_as_process_1(false).await
    }

    /// The program, which is the process `id` if it isn't our child, gets `signal` while a chat is
    /// under way that ends soon, and perhaps one that goes on.
    async fn stops_in_order(
        (server, addr): (Child, SocketAddr),
        id: Option<u32>,
        signal: &str,
        goes_on: bool,
    ) -> anyhow::Result<()> {
        let mut stub = RouteGuideClient::new(connect(addr)?);
        let soon = chat(&mut stub).await?;
        let never = if goes_on { Some(chat(&mut stub).await?) } else { None };
        program::signal(id.or(server.id()).context("it has ended")?, signal)?;
        nobody_listens(addr).await?;
        finishes(soon).await?;
        if let Some((_notes, answers)) = never {
            assert_eq!(end(answers).await?, Code::Unavailable, "{signal}");
        }
        let output = timeout(STUCK, server.wait_with_output()).await??;
        assert_eq!(String::from_utf8(output.stderr)?, "", "{signal}");
        assert_eq!(output.status.code(), Some(0), "{signal}");
        Ok(())
    }

    /// For process 1, of a container, the system does nothing at a signal that it doesn't wait for.
    async fn stops_as_process_1(goes_on: bool) -> anyhow::Result<()> {
        let unshare = || {
            let mut command = Command::new("unshare");
            command.args(["--user", "--map-root-user", "--pid", "--fork", "--kill-child"]);
            command
        };
        match unshare().arg("true").output().await {
            Ok(tried) if tried.status.success() => {}
            tried => {
                println!("skipped: no process can be number 1 here: {tried:?}");
                return Ok(());
            }
        }
        let mut command = unshare();
        command.args([&hardened_program()?, "server", "127.0.0.1:0"]);
        let (server, addr) = program::started(command).await?;
        let outside = server.id().context("it has ended")?;
        let children = std::fs::read_to_string(format!("/proc/{outside}/task/{outside}/children"))?;
        let id = children.trim().parse()?;
        let status = std::fs::read_to_string(format!("/proc/{id}/status"))?;
        let ids = status.lines().find(|line| line.starts_with("NSpid:")).context("no NSpid")?;
        assert!(ids.ends_with("\t1"), "{ids}");
        stops_in_order((server, addr), Some(id), "TERM", goes_on).await
    }
}

#[tokio::test]
async fn hangs_up_on_garbage() -> anyhow::Result<()> {
    hangs_up_on(&[("garbage", &[0xff; 1024])]).await
}

#[tokio::test]
#[ignore = "slow: cargo xtask ci runs it"]
async fn hangs_up_on_connections_that_do_not_speak() -> anyhow::Result<()> {
    hangs_up_on(&[
        ("nothing", b""),
        ("half a preface", b"PRI * HTTP/2.0\r\n"),
        ("HTTP/1", b"GET / HTTP/1.1\r\n\r\n"),
        // It spoke once, and then does not answer when it is asked whether it is there.
        ("a preface and settings", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0"),
    ])
    .await
}

async fn hangs_up_on(bad_connections: &[(&'static str, &[u8])]) -> anyhow::Result<()> {
    let server = serve(Places::new(vec![])).await?;
    let mut others = RouteGuideClient::new(connect(server.addr)?);
    others.get_feature(HERE).await?;
    let mut bad = JoinSet::new();
    for &(what, begin) in bad_connections {
        let mut stream = TcpStream::connect(server.addr).await?;
        stream.write_all(begin).await?;
        bad.spawn(async move {
            // It stays. However the end of a connection looks here, there is one.
            let is_closed = timeout(STUCK, stream.read_to_end(&mut Vec::new())).await.is_ok();
            (what, is_closed)
        });
    }
    for _ in 0..100 {
        others.get_feature(HERE).await?;
    }
    while let Some(done) = bad.join_next().await {
        let (what, is_closed) = done?;
        assert!(is_closed, "{what}: it may stay");
    }
    // One that only has nothing to say is not hung up on.
    until("only the good one is left", || server.tasks() == 2).await?;
    others.get_feature(HERE).await?;
    Ok(())
}

#[tokio::test]
async fn refuses_a_message_that_is_too_long() -> anyhow::Result<()> {
    let server = serve(Places::new(vec![])).await?;
    let channel = connect(server.addr)?;
    for method in &METHODS {
        let long = vec![0; example::MAX_MESSAGE_BYTES + 1];
        assert_eq!(call_raw(&channel, method.path, &long).await?, Code::OutOfRange);
        assert_eq!(call_raw(&channel, method.path, method.message).await?, Code::Ok);
    }
    Ok(())
}

#[tokio::test]
async fn ends_streams_that_have_no_deadline() -> anyhow::Result<()> {
    let (places, time) = (Places::new(vec![]), Duration::from_millis(100));
    let server = Server::start(|incoming, stop| example::run(incoming, places, time, stop)).await?;
    let mut stub = RouteGuideClient::new(connect(server.addr)?);
    let (notes, answers) = chat(&mut stub).await?;
    assert_eq!(end(answers).await?, Code::DeadlineExceeded, "a chat");
    // One that the client would like to last for longer ends as well.
    for route in [Request::new(pending()), within(STUCK, pending())] {
        let summary = timeout(STUCK, stub.record_route(route)).await?;
        let code = summary.map(|_| ()).map_err(|status| status.code());
        assert_eq!(code, Err(Code::DeadlineExceeded), "a route");
    }
    until("only the connection is left", || server.tasks() == 2).await?;
    drop(notes);
    stub.get_feature(HERE).await?;
    Ok(())
}

#[tokio::test]
async fn ends_a_route_at_its_deadline() -> anyhow::Result<()> {
    let server = serve(Places::new(vec![])).await?;
    let mut stub = RouteGuideClient::new(connect(server.addr)?);
    // Our own side looks at the clock as well, and may be faster.
    let route = stub.record_route(within(Duration::from_millis(100), pending())).await;
    let code = route.map_err(|status| status.code()).map(|_| ());
    let late = [Err(Code::DeadlineExceeded), Err(Code::Cancelled)];
    assert!(late.contains(&code), "{code:?}");
    until("only the connection is left", || server.tasks() == 2).await
}

#[tokio::test]
async fn holds_a_call_back_while_its_connection_has_enough_of_them() -> anyhow::Result<()> {
    let server = serve(Places::new(vec![])).await?;
    let mut stub = RouteGuideClient::new(connect(server.addr)?);
    // Only now does the client know the limit.
    stub.get_feature(HERE).await?;
    let mut open = Vec::new();
    for _ in 0..MAX_CALLS_ON_A_CONNECTION {
        open.push(timeout(STUCK, chat(&mut stub)).await??);
    }
    let next = tokio::spawn(async move { stub.get_feature(HERE).await });
    let mut others = RouteGuideClient::new(connect(server.addr)?);
    for _ in 0..100 {
        others.get_feature(HERE).await?;
    }
    assert!(!next.is_finished(), "{} calls", MAX_CALLS_ON_A_CONNECTION + 1);
    open.pop();
    timeout(STUCK, next).await???;
    Ok(())
}

/// Opens `count` chats at once, as evenly on all connections as possible. Returns those that are
/// not refused.
async fn chats(stubs: &[RouteGuideClient<Channel>], count: usize) -> anyhow::Result<Vec<Chat>> {
    let mut calls = JoinSet::new();
    for stub in stubs.iter().cycle().take(count) {
        let mut stub = stub.clone();
        calls.spawn(async move { chat(&mut stub).await });
    }
    let mut open = Vec::new();
    while let Some(call) = timeout(STUCK, calls.join_next()).await? {
        match call? {
            Ok(answers) => open.push(answers),
            Err(status) => {
                let said = (status.code(), status.message());
                assert_eq!(
                    said,
                    (Code::ResourceExhausted, "512 streams are open: try again later")
                );
            }
        }
    }
    Ok(open)
}

#[tokio::test]
async fn refuses_a_stream_while_there_are_enough_of_them() -> anyhow::Result<()> {
    let server = serve(Places::new(vec![])).await?;
    let count = MAX_STREAMS.div_ceil(MAX_CALLS_ON_A_CONNECTION as usize);
    let stubs = (0..count).map(|_| Ok(RouteGuideClient::new(connect(server.addr)?)));
    let mut stubs = stubs.collect::<anyhow::Result<Vec<_>>>()?;
    let open = chats(&stubs, MAX_STREAMS + 1).await?;
    assert_eq!(open.len(), MAX_STREAMS);
    timeout(STUCK, stubs[count - 1].get_feature(HERE)).await??;
    Ok(())
}

#[test]
#[ignore = "slow: cargo xtask ci runs it"]
fn serves_a_crowd() -> anyhow::Result<()> {
    // Alone, because many systems let a process open no more than 1,024 files.
    alone("hardened::serves_a_crowd", async || {
        if cfg!(target_os = "macos") {
            testing::skipped("a process may open only 256 files here");
            return Ok(());
        }
        let (_server, addr) = testing::program::start(hardened_program()?, None).await?;
        let stubs = (0..MAX_CONNECTIONS).map(|_| Ok(RouteGuideClient::new(connect(addr)?)));
        let mut stubs = stubs.collect::<anyhow::Result<Vec<_>>>()?;
        for stub in &mut stubs {
            timeout(STUCK, stub.get_feature(HERE)).await??;
        }
        // One more has to wait.
        let mut late = RouteGuideClient::new(connect(addr)?);
        let late = tokio::spawn(async move { late.get_feature(HERE).await });

        // Short calls, ten thousand of them at once.
        let mut calls = JoinSet::new();
        for stub in stubs.iter().cycle().take(10_000) {
            let mut stub = stub.clone();
            calls.spawn(async move { stub.get_feature(HERE).await });
        }
        while let Some(call) = timeout(STUCK, calls.join_next()).await? {
            call??;
        }
        // Streams, ten thousand of them, and none ends.
        let open = chats(&stubs, 10_000).await?;
        assert_eq!(open.len(), MAX_STREAMS);
        for stub in &mut stubs {
            timeout(STUCK, stub.get_feature(HERE)).await??;
        }
        drop(open);
        // As soon as the server knows that they are gone, there is room for as many again.
        let deadline = Instant::now() + STUCK;
        let mut open = chats(&stubs, MAX_STREAMS).await?;
        while open.len() < MAX_STREAMS {
            ensure!(Instant::now() < deadline, "there is less room than before");
            open.extend(chats(&stubs, MAX_STREAMS - open.len()).await?);
        }
        assert!(!late.is_finished(), "{} connections", MAX_CONNECTIONS + 1);
        stubs.pop();
        timeout(STUCK, late).await???;
        Ok(())
    })
}

#[test]
fn forgets_killed_clients() -> anyhow::Result<()> {
    alone("hardened::forgets_killed_clients", async || {
        faults::forgets_killed_clients(serve(Places::load(DATA)?).await?, &METHODS, 40).await
    })
}

#[test]
#[ignore = "slow: cargo xtask ci runs it"]
fn forgets_a_thousand_killed_clients() -> anyhow::Result<()> {
    alone("hardened::forgets_a_thousand_killed_clients", async || {
        faults::forgets_killed_clients(serve(Places::load(DATA)?).await?, &METHODS, 1_000).await
    })
}
