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
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};
use tokio_stream::pending;
use tonic::transport::Channel;
use tonic::{Code, Request, Status, Streaming};

#[path = "../examples/hardened/server.rs"]
mod hardened;
use hardened::{MAX_CALLS_ON_A_CONNECTION, MAX_CONNECTIONS, MAX_STREAMS};

#[path = "../../testing.rs"]
mod testing;
use testing::{Kind, Method, STUCK, Server, alone, connect, nobody_listens, program, until};

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

/// Every method; a point is that of no place, a rectangle has all places in it. First those with
/// one answer.
const METHODS: [Method; 4] = [
    Method {
        kind: Kind::Unary,
        path: "/routeguide.RouteGuide/GetFeature",
        message: b"\x08\x01\x10\x01",
    },
    Method {
        kind: Kind::ClientStream,
        path: "/routeguide.RouteGuide/RecordRoute",
        message: b"\x08\x01",
    },
    Method {
        kind: Kind::ServerStream,
        path: "/routeguide.RouteGuide/ListFeatures",
        message: b"\x0a\x0d\x08\x00\x10\x80\xdc\xd8\xa5\xf9\xff\xff\xff\xff\x01\x12\x08\x08\x80\xd2\x93\xad\x03\x10\x00",
    },
    Method {
        kind: Kind::ClientStream,
        path: "/routeguide.RouteGuide/RouteChat",
        message: b"\x0a\x02\x08\x01",
    },
];

/// More places around here than fit into the windows of HTTP/2 and a pipe: 20 MB.
fn many_places() -> Places {
    let name = "x".repeat(100);
    let point = |n| Point { latitude: HERE.latitude + n, ..HERE };
    Places::new((0..150_000).map(|n| Place { location: point(n), name: name.clone() }).collect())
}

/// A server of `places`.
async fn serve(places: Places) -> anyhow::Result<Server> {
    Server::start(|incoming, stop| hardened::run(incoming, places, stop)).await
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

    let (sender, notes) = mpsc::channel::<RouteNote>(1);
    let notes_of_nobody = stream! {
        let mut notes = notes;
        while let Some(note) = notes.recv().await { yield note }
    };
    let answers = stub.route_chat(within(time, notes_of_nobody)).await?;
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

    let (sender, _) = oneshot::channel();
    let stop = std::mem::replace(&mut server.stop, sender);
    assert!(stop.send(()).is_ok(), "the server had stopped by itself");
    nobody_listens(server.addr).await?;
    finishes(soon).await?;
    assert_eq!(end(list).await?, Code::Ok, "a list");

    assert_eq!(end(answers_never).await?, Code::Unavailable, "a chat that goes on");
    let route = timeout(STUCK, route).await??;
    assert_eq!(route.map(|_| ()).map_err(|status| status.code()), Err(Code::Unavailable));
    timeout(STUCK, &mut server.served).await???;
    until("nothing is left", || server.tasks() == 0).await?;
    assert!(end(unread).await? != Code::Ok, "a list that nobody read in time");
    drop((never, half));
    Ok(())
}

/// The program, which is the process `id`, and is waited for as `server`, gets `signal` while two
/// chats are under way. One of them ends soon, the other one does not.
#[cfg(unix)]
async fn stops_in_order(
    server: tokio::process::Child,
    addr: std::net::SocketAddr,
    id: u32,
    signal: rustix::process::Signal,
) -> anyhow::Result<()> {
    use rustix::process::{Pid, kill_process};
    let mut stub = RouteGuideClient::new(connect(addr)?);
    let soon = chat(&mut stub).await?;
    let (never, answers_never) = chat(&mut stub).await?;
    kill_process(Pid::from_raw(id.try_into()?).context("no id")?, signal)?;
    nobody_listens(addr).await?;
    finishes(soon).await?;
    assert_eq!(end(answers_never).await?, Code::Unavailable, "{signal:?}");
    let output = timeout(STUCK, server.wait_with_output()).await??;
    assert_eq!(String::from_utf8(output.stderr)?, "", "{signal:?}");
    assert_eq!(output.status.code(), Some(0), "{signal:?}");
    drop(never);
    Ok(())
}

#[cfg(unix)]
#[tokio::test]
async fn stops_in_order_at_ctrl_c_and_at_sigterm() -> anyhow::Result<()> {
    use rustix::process::Signal;
    let path = hardened_program()?;
    for signal in [Signal::INT, Signal::TERM] {
        let (server, addr) = program(&path, None).await?;
        let id = server.id().context("it has ended")?;
        stops_in_order(server, addr, id, signal).await?;
    }
    testing::a_second_ctrl_c_cuts_calls(&path, &METHODS[3]).await
}

/// For process 1, of a container, the system does nothing at a signal that it does not wait for.
#[cfg(unix)]
#[tokio::test]
async fn stops_in_order_at_sigterm_as_process_1() -> anyhow::Result<()> {
    let unshare = || {
        let mut command = tokio::process::Command::new("unshare");
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
    let (server, addr) = testing::started(command).await?;
    let outside = server.id().context("it has ended")?;
    let children = std::fs::read_to_string(format!("/proc/{outside}/task/{outside}/children"))?;
    let id = children.trim().parse()?;
    let status = std::fs::read_to_string(format!("/proc/{id}/status"))?;
    let ids = status.lines().find(|line| line.starts_with("NSpid:")).context("no NSpid")?;
    assert!(ids.ends_with("\t1"), "{ids}");
    stops_in_order(server, addr, id, rustix::process::Signal::TERM).await
}

#[tokio::test]
async fn hangs_up_on_connections_that_do_not_speak() -> anyhow::Result<()> {
    let server = serve(Places::new(vec![])).await?;
    let mut others = RouteGuideClient::new(connect(server.addr)?);
    others.get_feature(HERE).await?;
    let mut bad = JoinSet::new();
    for (what, begin) in [
        ("nothing", &b""[..]),
        ("half a preface", b"PRI * HTTP/2.0\r\n"),
        ("HTTP/1", b"GET / HTTP/1.1\r\n\r\n"),
        ("garbage", &[0xff; 1024]),
        // It spoke once, and then does not answer when it is asked whether it is there.
        ("a preface and settings", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0"),
    ] {
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
        let long = vec![0; hardened::MAX_MESSAGE_BYTES + 1];
        assert_eq!(testing::call_raw(&channel, method.path, &long).await?, Code::OutOfRange);
        assert_eq!(testing::call_raw(&channel, method.path, method.message).await?, Code::Ok);
    }
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

#[test]
fn serves_a_crowd() -> anyhow::Result<()> {
    // Alone, because many systems let a process open no more than 1,024 files.
    alone("serves_a_crowd", async || {
        if cfg!(target_os = "macos") {
            eprintln!("skipped: a process may open only 256 files here");
            return Ok(());
        }
        let (_server, addr) = program(&hardened_program()?, None).await?;
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
    alone("forgets_killed_clients", async || {
        testing::forgets_killed_clients(serve(Places::load(DATA)?).await?, &METHODS).await
    })
}
