//! What every server has to survive. Each fault is made once, and asks for the methods to make it
//! with.

use std::time::Duration;

use anyhow::Context;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tonic::Code;
use tonic::transport::Channel;

use crate::alone::{max_connections, open_files};
use crate::call::{Call, Method, call_raw};
use crate::net::{Network, nobody_listens};
use crate::server::Server;
use crate::{STUCK, until};

/// Half of what every HTTP/2 connection begins with.
const HALF_A_PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n";

/// `method` is sent bytes that are no message of its own, made from one that is. Each gets an error
/// as its answer, and the next good call works.
///
/// # Errors
///
/// If a call isn't answered at all.
pub async fn answers_hostile_bytes(channel: &Channel, method: &Method) -> anyhow::Result<()> {
    let mut cases = vec![
        ("no protobuf", vec![0xff; 4], Code::Internal),
        ("a first field that is cut short", b"\x0a\x05you".into(), Code::Internal),
        ("a message over 4 MiB", vec![0; (4 << 20) + 1], Code::OutOfRange),
    ];
    // An empty message has no fields, and skips what it doesn't know.
    if let [first, rest @ ..] = method.message
        && let [body @ .., _] = method.message
    {
        let garbage = b"\x0a\x02\xff\xff".into();
        // Wire type 0 is a varint, and 2 has a length.
        let other_type = [&[first ^ 2], rest].concat();
        // In a string that isn't UTF-8; of a number, there's more to come.
        let bad_end = [body, &[0xff]].concat();
        cases.extend([
            ("garbage in the first field", garbage, Code::Internal),
            ("a first field of another type", other_type, Code::Internal),
            ("a good message that is cut short", body.into(), Code::Internal),
            ("a good message that ends with 0xff", bad_end, Code::Internal),
        ]);
    }
    let Method { path, message, .. } = method;
    for (what, bytes, code) in cases {
        let found = call_raw(channel, path, &bytes).await.context(what)?;
        assert_eq!(found, code, "{path}: {what}");
        let next = call_raw(channel, path, message).await?;
        assert_eq!(next, Code::Ok, "{path}: after {what}");
    }
    Ok(())
}

/// A method of another name, in the same service or in one of another package, isn't there.
///
/// # Errors
///
/// If a call isn't answered at all.
pub async fn knows_no_other_method(channel: &Channel, path: &str) -> anyhow::Result<()> {
    for other in [format!("{path}_"), format!("/other.{}", path.trim_start_matches('/'))] {
        assert_eq!(call_raw(channel, &other, b"").await?, Code::Unimplemented, "{other}");
    }
    Ok(())
}

/// So many clients, `deaths`, die in the middle of a call, of one method after the other. The server
/// has nothing left of them, and answers the next call.
///
/// # Errors
///
/// If something of them is left, or the network of this machine fails.
pub async fn forgets_killed_clients(
    server: Server,
    methods: &[Method],
    deaths: usize,
) -> anyhow::Result<()> {
    const AT_ONCE: usize = 40;
    let files_before = open_files();
    for method in methods {
        for _ in 0..deaths.div_ceil(AT_ONCE * methods.len()) {
            let (mut calls, mut networks) = (Vec::new(), Vec::new());
            for _ in 0..AT_ONCE {
                let network = Network::to(server.addr).await?;
                let channel = server.transport.narrow(network.addr)?.connect_lazy();
                calls.push(Call::begin(&channel, method, None).await?);
                networks.push(network);
            }
            server.is_within(&calls, AT_ONCE).await.context(method.path)?;
            drop(networks);
            until("they are forgotten", || server.tasks() == 1).await.context(method.path)?;
        }
        let next =
            call_raw(&server.transport.connect(server.addr)?, method.path, method.message).await?;
        assert_eq!(next, Code::Ok, "{} afterwards", method.path);
    }
    server.is_idle(files_before).await
}

/// So many `calls`, of all methods, are in the middle at the same time, on so many `connections`.
/// All are answered, and the server has nothing left of them.
///
/// # Errors
///
/// If one isn't answered, or something is left of it.
pub async fn serves_many_calls(
    server: Server,
    methods: &[Method],
    calls: usize,
    connections: usize,
) -> anyhow::Result<()> {
    let files_before = open_files();
    let connections = connections.min(max_connections());
    eprintln!("{connections} connections");
    let mut channels = Vec::new();
    for _ in 0..connections {
        // Connected now, one after the other: the system lets 128 wait until they are accepted, and
        // may reset some of a thousand that come at once.
        channels.push(server.transport.narrow(server.addr)?.connect().await?);
    }
    let mut begun = Vec::new();
    for i in 0..calls {
        let (channel, method) = (&channels[i % connections], &methods[i % methods.len()]);
        begun.push(Call::begin(channel, method, None).await?);
    }
    server.is_within(&begun, connections).await?;
    let mut answers = JoinSet::new();
    for call in begun {
        answers.spawn(async move { anyhow::Ok((call.path, call.finish().await?)) });
    }
    while let Some(answer) = answers.join_next().await {
        let (path, code) = answer??;
        assert_eq!(code, Code::Ok, "{path}");
    }
    drop(channels);
    server.is_idle(files_before).await?;
    for method in methods {
        let next =
            call_raw(&server.transport.connect(server.addr)?, method.path, method.message).await?;
        assert_eq!(next, Code::Ok, "{} afterwards", method.path);
    }
    Ok(())
}

/// Garbage instead of HTTP/2 is cut off. A connection that says nothing, or half of what it should
/// begin with, stays as long as its client does, unless the server waits for TLS. Others are served
/// beside it.
///
/// # Errors
///
/// If they aren't, or something of the connections is left.
pub async fn serves_beside_bad_connections(server: Server, method: &Method) -> anyhow::Result<()> {
    let files_before = open_files();
    let silent = TcpStream::connect(server.addr).await?;
    let mut half = TcpStream::connect(server.addr).await?;
    half.write_all(HALF_A_PREFACE).await?;
    for garbage in [&b"GET / HTTP/1.0\r\n\r\n"[..], &[0xff; 1024]] {
        let mut client = TcpStream::connect(server.addr).await?;
        client.write_all(garbage).await?;
        // However the end of a connection looks here, there is one: after an answer, too, in HTTP/1.0.
        let end = timeout(STUCK, client.read_to_end(&mut Vec::new())).await;
        assert!(end.is_ok(), "garbage is left alone");
    }
    for _ in 0..20 {
        let next =
            call_raw(&server.transport.connect(server.addr)?, method.path, method.message).await?;
        assert_eq!(next, Code::Ok, "beside bad connections");
    }
    if !server.transport.is_tls() {
        until("only two connections are left", || server.tasks() == 3).await?;
    }
    drop((silent, half));
    server.is_idle(files_before).await
}

/// The deadline of a call passes while the network loses all that its client sends: the server
/// ends its work by itself. For calls with one answer; with many, the call is answered, as far as
/// tonic is concerned, as soon as its answers may come.
///
/// # Errors
///
/// If it doesn't.
pub async fn keeps_deadlines(
    server: Server,
    methods: impl IntoIterator<Item = &Method>,
) -> anyhow::Result<()> {
    for method in methods {
        let mut deadline = Duration::from_millis(100);
        // If the machine is so slow that the call doesn't arrive in time: another try.
        let (network, code) = loop {
            let network = Network::to(server.addr).await?;
            let channel = server.transport.connect(network.addr)?;
            let call = Call::begin(&channel, method, Some(deadline)).await?;
            until("the call is under way, or over", || {
                server.tasks() == 3 || call.response.is_finished()
            })
            .await?;
            if !call.response.is_finished() {
                network.loses_what_the_client_sends();
                break (network, call.end().await?);
            }
            deadline *= 2;
        };
        // What tonic makes of it on either side; other gRPC libraries say DEADLINE_EXCEEDED.
        assert_eq!(code, Code::Cancelled, "{}", method.path);
        until("only the connection is left", || server.tasks() == 2).await.context(method.path)?;
        drop(network);
        until("the server has one task", || server.tasks() == 1).await?;
    }
    Ok(())
}

/// The server has to stop while a call of each method is in the middle: they are answered, new ones
/// are refused. A client that is only connected doesn't keep it, but a connection does that hasn't
/// even sent what HTTP/2 begins with: unless the server `has_http1`, in which nothing begins like that.
/// Over TLS, it would be none yet: so there are no such ones.
///
/// # Errors
///
/// If a call isn't answered, or the server doesn't stop.
pub async fn finishes_calls(
    mut server: Server,
    methods: &[Method],
    has_http1: bool,
) -> anyhow::Result<()> {
    let mut unfinished = Vec::new();
    if !server.transport.is_tls() {
        for begin in [b"", HALF_A_PREFACE] {
            let mut connection = TcpStream::connect(server.addr).await?;
            connection.write_all(begin).await?;
            unfinished.push(connection);
        }
    }
    let idle = server.transport.connect(server.addr)?;
    let mut calls = Vec::new();
    for method in methods {
        assert_eq!(call_raw(&idle, method.path, method.message).await?, Code::Ok);
        let channel = server.transport.narrow(server.addr)?.connect_lazy();
        calls.push(Call::begin(&channel, method, None).await?);
    }
    server.is_within(&calls, methods.len() + 1 + unfinished.len()).await?;
    server.stop()?;
    nobody_listens(server.addr).await?;
    assert!(!server.has_stopped(), "the server has not waited");
    for call in calls {
        let path = call.path;
        assert_eq!(call.finish().await?, Code::Ok, "{path}");
    }
    if !unfinished.is_empty() && !has_http1 {
        until("two connections without a call are left", || server.tasks() == 3).await?;
        assert!(!server.has_stopped(), "the server has not waited for them");
    }
    drop(unfinished);
    server.stopped().await?;
    drop(idle);
    Ok(())
}
