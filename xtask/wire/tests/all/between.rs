//! Between clients and servers of anybody's: `--listen` and `--to`.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use helloworld::pb::HelloRequest;
use helloworld::pb::greeter_client::GreeterClient;
use serde_json::Value;
use testing::until;
use xtask::run::pair::run_through;
use xtask::run::python::Python;
use xtask::workspace::Workspace;

use crate::wire::{PROTO, Wire, answer, call, message, objects, root, through};

#[test]
fn half_of_a_connection_may_be_closed() -> Result<()> {
    let server = TcpListener::bind("127.0.0.1:0")?;
    let wire = Wire::start(&server.local_addr()?.to_string(), &["--frames"])?;
    let mut client = TcpStream::connect(&wire.addr)?;
    let (mut stream, _) = server.accept()?;
    client.write_all(b"that is all")?;
    client.shutdown(Shutdown::Write)?;
    // It ends here, and only then is there an answer.
    let mut got = String::new();
    stream.read_to_string(&mut got)?;
    assert_eq!(got, "that is all");
    stream.write_all(b"and this the answer")?;
    drop(stream);
    got.clear();
    client.read_to_string(&mut got)?;
    assert_eq!(got, "and this the answer");
    let printed = wire.stop()?;
    let ends = printed.lines().filter(|line| line.ends_with("sends no more on this connection"));
    ensure!(ends.count() == 2, "{printed}");
    Ok(())
}

#[test]
fn a_connection_that_breaks_is_broken_for_both() -> Result<()> {
    let server = TcpListener::bind("127.0.0.1:0")?;
    let wire = Wire::start(&server.local_addr()?.to_string(), PROTO)?;
    let mut client = TcpStream::connect(&wire.addr)?;
    let (mut stream, _) = server.accept()?;
    let there = call("/helloworld.Greeter/SayHello", &[], &message(0, b"\x0a\x03you"));
    client.write_all(&there)?;
    let mut got = vec![0; there.len()];
    stream.read_exact(&mut got)?;
    // What is not read when a connection is closed breaks it.
    client.write_all(b"more")?;
    stream.read_exact(&mut got[..1])?;
    drop(stream);
    let broken = client.read_to_end(&mut got);
    ensure!(broken.is_err(), "the client was told of no break");
    let printed = wire.stop()?;
    ensure!(printed.contains("1 SayHello  cut off: the connection ended first\n"), "{printed}");
    Ok(())
}

/// Elsewhere a break may take with it what has arrived and isn't read yet.
#[cfg(target_os = "linux")]
#[test]
fn an_answer_arrives_though_nobody_reads_the_rest_of_the_request() -> Result<()> {
    let server = TcpListener::bind("127.0.0.1:0")?;
    let wire = Wire::start(&server.local_addr()?.to_string(), &[])?;
    let answer = [7; 30_000];
    // Which of both is seen first, the answer or the break, is a matter of luck.
    for round in 0..50 {
        let mut client = TcpStream::connect(&wire.addr)?;
        let (mut stream, _) = server.accept()?;
        let mut sends = client.try_clone()?;
        let send = std::thread::spawn(move || while sends.write_all(&[0; 20_000]).is_ok() {});
        stream.read_exact(&mut [0; 50_000])?;
        stream.write_all(&answer)?;
        drop(stream);
        let mut got = vec![0; answer.len()];
        client.read_exact(&mut got).with_context(|| format!("round {round}"))?;
        assert_eq!(got, answer);
        send.join().map_err(|_| anyhow::anyhow!("the client panicked"))?;
    }
    Ok(())
}

#[test]
fn after_ctrl_c_it_says_what_was_under_way() -> Result<()> {
    let server = TcpListener::bind("127.0.0.1:0")?;
    let wire = Wire::start(&server.local_addr()?.to_string(), PROTO)?;
    let mut client = TcpStream::connect(&wire.addr)?;
    let (mut stream, _) = server.accept()?;
    let there = call("/helloworld.Greeter/SayHello", &[], &message(0, b"\x0a\x03you"));
    client.write_all(&there)?;
    stream.read_exact(&mut vec![0; there.len()])?;
    let printed = wire.stop()?;
    if cfg!(unix) {
        ensure!(printed.contains("1 SayHello  cut off: the connection ended first\n"), "{printed}");
    }
    Ok(())
}

#[test]
fn a_server_that_is_not_there_is_said() -> Result<()> {
    let nobody = TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string();
    let mut wire = Command::new(env!("CARGO_BIN_EXE_wire"))
        .args(["--listen", "127.0.0.1:0", "--to", &nobody])
        .current_dir(root())
        .stderr(Stdio::piped())
        .spawn()?;
    let mut said = BufReader::new(wire.stderr.take().context("no standard error")?);
    let mut line = String::new();
    said.read_line(&mut line)?;
    let addr = line.split(' ').nth(2).context("no address")?.trim_end_matches(',');
    // It is closed at once.
    ensure!(TcpStream::connect(addr)?.read(&mut [0])? == 0, "it is not closed");
    line.clear();
    said.read_line(&mut line)?;
    ensure!(line.starts_with(&format!("error: no server at {nobody} (start one, or ")), "{line}");
    wire.kill()?;
    wire.wait()?;
    Ok(())
}

#[test]
fn programs_read_an_object_a_frame() -> Result<()> {
    let there = call("/helloworld.Greeter/SayHello", &[], &message(0, b"\x0a\x03you"));
    let back = answer(&[], &message(0, b"\x0a\x0bHello, you!"), "0");
    let printed = through(&[PROTO, &["--format", "json", "--bytes"]].concat(), &there, &back)?;
    let objects = objects(&printed)?;
    // Together they are all that has crossed.
    for (from, sent) in [("client", there), ("server", back)] {
        let hex: String = sent.iter().map(|byte| format!("{byte:02x}")).collect();
        let theirs = objects.iter().filter(|object| object["from"] == from);
        assert_eq!(theirs.filter_map(|object| object["bytes"].as_str()).collect::<String>(), hex);
    }
    let data = objects.iter().find(|object| object["frame"] == "DATA").context("no DATA")?;
    assert_eq!(data["flags"][0], "END_STREAM");
    assert_eq!(data["method"], "/helloworld.Greeter/SayHello");
    assert_eq!(data["messages"][0]["type"], "helloworld.HelloRequest");
    assert_eq!(data["messages"][0]["value"]["name"], "you");
    let last = objects.iter().rfind(|object| object["frame"] == "HEADERS").context("no HEADERS")?;
    assert_eq!(last["status"], "OK");
    assert_eq!(last["headers"][0]["name"], "grpc-status");
    ensure!(last["ended"]["there"].as_u64() > Some(0), "{last}");
    Ok(())
}

#[test]
fn whoever_has_seen_enough_ends_it() -> Result<()> {
    let server = TcpListener::bind("127.0.0.1:0")?;
    let addr = server.local_addr()?.to_string();
    let mut wire = Command::new(env!("CARGO_BIN_EXE_wire"))
        .args(["--listen", "127.0.0.1:0", "--to", &addr, "--frames"])
        .current_dir(root())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let mut said = BufReader::new(wire.stderr.take().context("no standard error")?);
    let mut line = String::new();
    said.read_line(&mut line)?;
    // As `head` does it.
    drop(wire.stdout.take());
    let addr = line.split(' ').nth(2).context("no address")?;
    TcpStream::connect(addr.trim_end_matches(','))?.write_all(b"anything")?;
    let ended = wire.wait()?;
    let mut rest = String::new();
    said.read_to_string(&mut rest)?;
    ensure!(ended.success() && !rest.contains("error"), "{ended}: {rest}");
    Ok(())
}

#[tokio::test]
#[ignore = "slow: cargo xtask ci runs it"]
async fn the_pairs_in_python() -> Result<()> {
    let workspace = Workspace::load().await?;
    let python = match Python::prepare(&workspace).await {
        Ok(python) => python,
        Err(error) => {
            testing::skipped(&format!("{error:#}"));
            return Ok(());
        }
    };
    for lesson in &workspace.lessons {
        let side =
            async |name| python.side(lesson, name).await?.with_context(|| lesson.name.clone());
        let (server, client) = (side("server").await?, side("client").await?);
        let mut wires = Vec::new();
        let protos = xtask::workspace::lesson::proto_files(&lesson.folder.join("proto"))?;
        let mut args = vec!["--format", "json"];
        for proto in &protos {
            args.extend(["--proto", proto.to_str().context("a path that is no text")?]);
        }
        let servers = lesson.pairs[0].servers;
        let outcome = run_through(&server, servers, &client, async |addrs| {
            let mut told = Vec::new();
            for addr in addrs {
                let between = Wire::start(&addr.to_string(), &args)?;
                told.push(between.addr.parse()?);
                wires.push(between);
            }
            Ok(told)
        });
        let outcome = outcome.await?;
        let failures: Vec<_> = outcome.failures().collect();
        ensure!(failures.is_empty(), "{}: {failures:?}", lesson.name);
        let mut seen = Vec::new();
        for wire in wires {
            seen.extend(objects(&wire.stop()?)?);
        }
        ensure!(seen.iter().all(|object| object["wrong"].is_null()), "{}: {seen:?}", lesson.name);
        let is_ok = |object: &Value| object["status"] == "OK" || object["what"] == "tls";
        ensure!(seen.iter().any(is_ok), "{}: {seen:?}", lesson.name);
    }
    Ok(())
}

#[tokio::test]
#[ignore = "slow: cargo xtask ci runs it"]
async fn every_one_of_many_calls_is_shown() -> Result<()> {
    let workspace = Workspace::load().await?;
    let lesson = workspace.the("helloworld")?;
    let programs = workspace.build(&[lesson], false).await?;
    let (_server, addr) =
        testing::program::start(programs.path(&lesson.pairs[0].server)?, None).await?;
    let wire = Wire::start(&addr.to_string(), PROTO)?;
    const CALLS: usize = 500;
    let mut stub = GreeterClient::connect(format!("http://{}", wire.addr)).await?;
    for _ in 0..CALLS {
        stub.say_hello(HelloRequest { name: "you".into() }).await?;
    }
    let all = || wire.printed().is_ok_and(|it| it.matches("  OK\n").count() == CALLS);
    until("every call has been shown", all).await
}
