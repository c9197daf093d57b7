//! What the server and the client survive when others do not. The server with limits has tests of
//! its own, in `hardened.rs`.

use std::io::Write;
use std::process::Stdio;

use anyhow::Context;
use routeguide::pb::Point;
use routeguide::places::{Place, Places};
use routeguide::{DATA, server};
use tempfile::NamedTempFile;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;
use tokio::time::timeout;

#[path = "../../testing.rs"]
mod testing;
use testing::{Kind, Method, STUCK, Server, alone, program};

/// The program of the lesson.
const PROGRAM: &str = env!("CARGO_BIN_EXE_routeguide");

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

/// A server of the lesson's places.
async fn serve() -> anyhow::Result<Server> {
    let places = Places::load(DATA)?;
    Server::start(|incoming, stop| server::run(incoming, places, stop)).await
}

#[test]
fn forgets_killed_clients() -> anyhow::Result<()> {
    alone("forgets_killed_clients", async || {
        testing::forgets_killed_clients(serve().await?, &METHODS).await
    })
}

#[test]
fn serves_ten_thousand_calls_on_a_thousand_connections() -> anyhow::Result<()> {
    alone("serves_ten_thousand_calls_on_a_thousand_connections", async || {
        testing::serves_ten_thousand_calls(serve().await?, &METHODS).await
    })
}

#[test]
fn cuts_garbage_off_and_lets_a_silent_connection_stay() -> anyhow::Result<()> {
    alone("cuts_garbage_off_and_lets_a_silent_connection_stay", async || {
        testing::serves_beside_bad_connections(serve().await?, &METHODS[0]).await
    })
}

#[test]
fn keeps_the_deadline_of_a_call_with_one_answer() -> anyhow::Result<()> {
    alone("keeps_the_deadline_of_a_call_with_one_answer", async || {
        // Those of streams: see hardened.rs.
        testing::keeps_deadlines(serve().await?, &METHODS[..2]).await
    })
}

#[test]
fn finishes_calls_and_waits_for_silent_connections() -> anyhow::Result<()> {
    alone("finishes_calls_and_waits_for_silent_connections", async || {
        testing::finishes_calls(serve().await?, &METHODS).await
    })
}

#[cfg(unix)]
#[test]
fn a_ctrl_c_finishes_calls_and_a_second_one_cuts_them() -> anyhow::Result<()> {
    alone("a_ctrl_c_finishes_calls_and_a_second_one_cuts_them", async || {
        for method in &METHODS {
            testing::a_ctrl_c_finishes_calls(PROGRAM, method).await?;
            testing::a_second_ctrl_c_cuts_calls(PROGRAM, method).await?;
        }
        Ok(())
    })
}

#[tokio::test]
async fn client_prints_what_it_has_and_says_that_the_call_failed() -> anyhow::Result<()> {
    // More places than fit into the windows of HTTP/2 and a pipe: 20 MB.
    let name = "x".repeat(100);
    let location = |n| Point { latitude: 405000000 + n, longitude: -747000000 };
    let places = (0..150_000).map(|n| Place { location: location(n), name: name.clone() });
    let json = places.map(|Place { location: Point { latitude, longitude }, name }| {
        serde_json::json!({
            "location": { "latitude": latitude, "longitude": longitude }, "name": name
        })
    });
    let mut data = NamedTempFile::new()?;
    serde_json::to_writer(&mut data, &json.collect::<Vec<_>>())?;
    data.flush()?;
    let (mut server, addr) = program(PROGRAM, Some(data.path())).await?;

    let mut client = Command::new(PROGRAM)
        .args(["client", &addr.to_string()])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let mut lines = BufReader::new(client.stdout.take().context("no output")?).lines();
    let mut printed = Vec::new();
    // It is in the middle of the list, and cannot get to its end before we read what it prints.
    while !printed.last().is_some_and(|line: &String| line.starts_with("Feature called xxx")) {
        printed.push(timeout(STUCK, lines.next_line()).await??.context("it has ended")?);
    }
    server.kill().await?;
    while let Some(line) = timeout(STUCK, lines.next_line()).await?? {
        printed.push(line);
    }
    let output = timeout(STUCK, client.wait_with_output()).await??;
    assert_eq!(output.status.code(), Some(1));
    let error = String::from_utf8(output.stderr)?;
    assert!(error.starts_with("error: the call failed: "), "{error}");
    assert_eq!(error.lines().count(), 1, "{error}");
    assert!((10..150_000).contains(&printed.len()), "{} lines", printed.len());
    let last = printed.pop().unwrap_or_default();
    assert!(last.ends_with(", -74.7000000"), "a whole line: {last:?}");
    Ok(())
}
