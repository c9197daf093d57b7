//! Much of it: nothing is kept that has been passed on, and nothing is read that nobody takes.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use crate::wire::{PREFACE, Wire, call, frame, headers, message};

const PLACES: usize = 1_000_000;

/// More memory than it needs for anything, in KiB, and far less than what crosses.
const MOST: u64 = 40 * 1024;

/// A place as RouteGuide has it, of some 60 bytes.
fn place() -> Vec<u8> {
    let mut place = b"\x0a\x2eBerkshire Valley Management Area Trail, Jersey".to_vec();
    place.extend(b"\x12\x0c\x08\xf2\xb5\xbf\xc3\x01\x10\xb6\xf9\xa6\x9c\x0d");
    place
}

#[test]
#[ignore = "slow: cargo xtask ci runs it"]
fn a_million_places_for_a_slow_reader() -> Result<()> {
    if !cfg!(target_os = "linux") {
        testing::skipped("nothing here says how much memory a process has");
        return Ok(());
    }
    let server = TcpListener::bind("127.0.0.1:0")?;
    let proto = ["--proto", "lessons/06-routeguide/proto/routeguide.proto"];
    let wire = Wire::start(&server.local_addr()?.to_string(), &proto)?;
    let mut client = TcpStream::connect(&wire.addr)?;
    let request = call("/routeguide.RouteGuide/ListFeatures", &[], &message(0, b""));
    client.write_all(&request)?;
    let (mut stream, _) = server.accept()?;

    let head = headers(&[(":status", "200"), ("content-type", "application/grpc")]);
    let head = [frame(4, 0, 0, &[]), frame(1, 0x4, 1, &head)].concat();
    let end = frame(1, 0x5, 1, &headers(&[("grpc-status", "0")]));
    // Some of them end in the middle of a frame.
    let places = message(0, &place()).repeat(1_000);
    let thousand: Vec<u8> = places.chunks(16_000).flat_map(|part| frame(0, 0, 1, part)).collect();
    let length = head.len() + thousand.len() * PLACES / 1_000 + end.len();
    let sent = Arc::new(AtomicUsize::new(0));
    let count = sent.clone();
    let serve = thread::spawn(move || -> Result<()> {
        let mut request = vec![0; request.len()];
        stream.read_exact(&mut request)?;
        stream.write_all(&head)?;
        for _ in 0..PLACES / 1_000 {
            stream.write_all(&thousand)?;
            count.fetch_add(thousand.len(), Ordering::Relaxed);
        }
        stream.write_all(&end)?;
        Ok(())
    });

    // The client reads nothing, until the server can't send more. If it could, it would be done here.
    let mut before = 0;
    loop {
        thread::sleep(Duration::from_millis(500));
        let now = sent.load(Ordering::Relaxed);
        if now > 0 && now == before {
            break;
        }
        before = now;
    }
    ensure!(before < length / 2, "{before} bytes of {length} were taken, and nobody reads");
    let mut piece = vec![0; 1 << 20];
    let mut got = 0;
    while got < length {
        let read = client.read(&mut piece)?;
        ensure!(read > 0, "{got} bytes of {length}");
        got += read;
    }
    serve.join().ok().context("the server panicked")??;
    let memory = wire.most_memory()?;
    ensure!(memory < MOST, "{memory} KiB");
    let printed = wire.stop()?;
    let places = printed.lines().filter(|line| line.contains(" ← 1 ListFeatures  Feature {"));
    assert_eq!(places.count(), PLACES);
    ensure!(printed.contains("← 1 ListFeatures  OK"), "no status");
    Ok(())
}

#[test]
fn messages_and_calls_without_an_end_take_no_more_than_their_room() -> Result<()> {
    if !cfg!(target_os = "linux") {
        testing::skipped("nothing here says how much memory a process has");
        return Ok(());
    }
    let server = TcpListener::bind("127.0.0.1:0")?;
    let wire = Wire::start(&server.local_addr()?.to_string(), &["--format", "json"])?;
    let mut client = TcpStream::connect(&wire.addr)?;
    let (mut stream, _) = server.accept()?;
    let read = thread::spawn(move || std::io::copy(&mut stream, &mut std::io::sink()));
    let head = headers(&[(":path", "/a/b"), ("content-type", "application/grpc")]);
    client.write_all(&[PREFACE, &frame(4, 0, 0, &[])].concat())?;
    // A hundred messages of 4 MiB, none of which ends.
    let begin = message(0, &[]);
    let begin = [&begin[..1], &(4_u32 << 20).to_be_bytes()].concat();
    for stream in (1..200).step_by(2) {
        client.write_all(&frame(1, 0x4, stream, &head))?;
        client.write_all(&frame(0, 0, stream, &begin))?;
        for _ in 0..60 {
            client.write_all(&frame(0, 0, stream, &[7; 16_384]))?;
        }
    }
    // And more calls than anybody has at a time.
    for stream in (201..60_000).step_by(2) {
        client.write_all(&frame(1, 0x4, stream, &head))?;
    }
    // Headers without an end, at last.
    client.write_all(&frame(1, 0, 99_999, &head))?;
    for _ in 0..100 {
        client.write_all(&frame(9, 0, 99_999, &headers(&[("a", "b")]).repeat(3_000)))?;
    }
    drop(client);
    read.join().ok().context("the server panicked")??;
    let memory = wire.most_memory()?;
    ensure!(memory < 2 * MOST, "{memory} KiB");
    let printed = wire.stop()?;
    for said in ["more than 10000 calls at a time", "headers of more than 1048576 bytes"] {
        ensure!(printed.contains(said), "not said: {said}");
    }
    Ok(())
}

#[test]
fn requests_without_answers_take_no_more_than_their_room() -> Result<()> {
    if !cfg!(target_os = "linux") {
        testing::skipped("nothing here says how much memory a process has");
        return Ok(());
    }
    let server = TcpListener::bind("127.0.0.1:0")?;
    let wire = Wire::start(&server.local_addr()?.to_string(), &["--format", "json"])?;
    let mut client = TcpStream::connect(&wire.addr)?;
    let (mut stream, _) = server.accept()?;
    let read = thread::spawn(move || std::io::copy(&mut stream, &mut std::io::sink()));
    // A hundred messages of 4 MiB, none of which ends.
    let begin = [&[0], &(4_u32 << 20).to_be_bytes()[..], &[7; 900_000]].concat();
    let head = format!(
        "POST /a/b HTTP/1.1\r\ncontent-type: application/grpc-web\r\ncontent-length: {}\r\n\r\n",
        begin.len()
    );
    let call = [head.as_bytes(), &begin].concat();
    for _ in 0..100 {
        client.write_all(&call)?;
    }
    // And more requests than anybody sends ahead, each with long headers.
    let long = format!("GET /{0} HTTP/1.1\r\n{0}: {0}\r\n\r\n", "a".repeat(1_000));
    client.write_all(&long.repeat(10_000).into_bytes())?;
    drop(client);
    read.join().ok().context("the server panicked")??;
    let memory = wire.most_memory()?;
    ensure!(memory < 2 * MOST, "{memory} KiB");
    let printed = wire.stop()?;
    ensure!(printed.contains("more than 10000 requests without an answer"), "not said");
    Ok(())
}
