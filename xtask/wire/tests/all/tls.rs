//! TLS: which version it is, and how much crosses; nothing else can be read.

use anyhow::{Result, ensure};

use crate::wire::{PROTO, answer, call, message, objects, through};

fn record(kind: u8, body: &[u8]) -> Vec<u8> {
    let length = (body.len() as u16).to_be_bytes();
    [&[kind, 3, 3], &length[..], body].concat()
}

/// A server's first record: its hello with `extensions`, or without any.
fn hello(extensions: Option<&[u8]>) -> Vec<u8> {
    let session = [32; 33];
    let mut body = [&[3, 3], &[7; 32][..], &session, &[0x13, 1, 0]].concat();
    if let Some(extensions) = extensions {
        body.extend((extensions.len() as u16).to_be_bytes());
        body.extend(extensions);
    }
    let [.., high, low] = (body.len() as u32).to_be_bytes();
    record(22, &[&[2, 0, high, low], &body[..]].concat())
}

/// An extension that means nothing here, and the one that has the version 1.3.
const VERSION_1_3: &[u8] = b"\0\x33\0\x02xx\0\x2b\0\x02\x03\x04";

#[test]
fn a_connection_says_which_version_it_is_and_how_much_crosses() -> Result<()> {
    let there = [record(22, b"hello"), record(20, &[1]), record(23, &[9; 40])].concat();
    for (hello, version) in [
        (hello(Some(VERSION_1_3)), "TLS 1.3"),
        (hello(Some(&VERSION_1_3[..6])), "TLS 1.2"),
        (hello(None), "TLS 1.2"),
    ] {
        let back = [&hello[..], &record(23, &[9; 50])].concat();
        let printed = through(PROTO, &there, &back)?;
        let lines: Vec<_> = printed.lines().map(str::trim).collect();
        let [begin, end] = lines[..] else { anyhow::bail!("{printed}") };
        let expected =
            format!("← connection 1 is encrypted, with {version}: gRPC can't be read here");
        ensure!(begin.ends_with(&expected), "{printed}");
        let (there, back) = (there.len(), back.len());
        assert_eq!(end, format!("connection 1: {version}, {there} bytes there, {back} back"));
    }

    let back = [hello(Some(VERSION_1_3)), record(23, &[9; 50])].concat();
    let printed = through(&[PROTO, &["--frames"]].concat(), &there, &back)?;
    for expected in [
        "→ TLS: handshake, 5 bytes\n",
        "→ TLS: change cipher spec, 1 byte\n",
        "→ TLS: application data, 40 bytes\n",
        "← connection 1 is encrypted, with TLS 1.3: ",
        "← TLS: application data, 50 bytes\n",
    ] {
        ensure!(printed.contains(expected), "no {expected} in {printed}");
    }

    let printed = through(&[PROTO, &["--format", "json"]].concat(), &there, &back)?;
    let objects = objects(&printed)?;
    let versions: Vec<_> = objects.iter().filter_map(|it| it["version"].as_str()).collect();
    assert_eq!(versions, ["TLS 1.3"]);
    Ok(())
}

#[test]
fn a_hello_that_is_none_says_no_version() -> Result<()> {
    let there = record(22, b"hello");
    let whole = hello(Some(VERSION_1_3));
    let session_too_long = {
        let mut hello = whole.clone();
        hello[5 + 4 + 34] = 200;
        hello
    };
    let no_server_hello = {
        let mut hello = whole.clone();
        hello[5] = 1;
        hello
    };
    for (back, what) in [
        (record(22, b""), "TLS that the two didn't agree on"),
        (record(22, &whole[5..20]), "TLS that the two didn't agree on"),
        (session_too_long, "TLS that the two didn't agree on"),
        (no_server_hello, "TLS that the two didn't agree on"),
        // It ends in the middle.
        (whole[..30].to_vec(), "TLS that the two didn't agree on"),
    ] {
        let printed = through(PROTO, &there, &back)?;
        ensure!(printed.contains(&format!("connection 1: {what}, ")), "{back:?}: {printed}");
        ensure!(!printed.contains("is encrypted"), "{back:?}: {printed}");
    }
    Ok(())
}

#[test]
fn two_that_do_not_agree_on_tls() -> Result<()> {
    // A client that trusts the server not.
    let there = [record(22, b"hello"), record(21, &[2, 48])].concat();
    let printed = through(PROTO, &there, &hello(Some(VERSION_1_3)))?;
    ensure!(printed.contains("→ TLS: alert, 2 bytes\n"), "{printed}");

    // A client without it, and a server that wants it.
    let there = call("/helloworld.Greeter/SayHello", &[], &message(0, b"\x0a\x03you"));
    let printed = through(PROTO, &there, &record(21, &[2, 70]))?;
    ensure!(printed.contains("→ 1 SayHello  "), "{printed}");
    ensure!(printed.contains("← TLS: alert, 2 bytes\n"), "{printed}");
    ensure!(!printed.contains("connection 1"), "{printed}");

    // A client with it, and a server without.
    let back = answer(&[], &message(0, b""), "0");
    let printed = through(PROTO, &record(22, b"hello"), &back)?;
    ensure!(printed.contains("connection 1: TLS that the two didn't agree on, "), "{printed}");
    Ok(())
}
