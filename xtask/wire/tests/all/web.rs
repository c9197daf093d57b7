//! gRPC-Web, as a page speaks it: over HTTP/1.1, and over HTTP/2.

use std::future::pending;
use std::io::Write;

use anyhow::{Context, Result, ensure};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use browser::{origin, server};
use flate2::Compression;
use flate2::write::GzEncoder;
use testing::net::listen;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use wire::End;
use wire::schema::Schema;
use wire::show::{Form, Show};

use crate::several::Printed;
use crate::wire::{PROTO, Wire, call_as, frame, headers, message, objects, root, through};

const HELLO: &str = "/helloworld.Greeter/SayHello";

/// `HelloRequest { name: "you" }`, and a reply.
const YOU: &[u8] = b"\x0a\x03you";
const HELLO_YOU: &[u8] = b"\x0a\x0bHello, you!";

const OK: &[u8] = b"\x80\0\0\0\x0fgrpc-status:0\r\n";

/// A request with this first line, headers and body.
fn request(line: &str, head: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head = format!("{line} HTTP/1.1\r\nHost: here\r\nContent-Length: {length}\r\n{head}\r\n");
    [head.as_bytes(), body].concat()
}

/// A call in gRPC-Web.
fn call(kind: &str, body: &[u8]) -> Vec<u8> {
    request(&format!("POST {HELLO}"), &format!("content-type: {kind}\r\n"), body)
}

/// An answer in chunks.
fn answer(head: &str, chunks: &[&[u8]]) -> Vec<u8> {
    let mut all =
        format!("HTTP/1.1 200 OK\r\n{head}transfer-encoding: chunked\r\n\r\n").into_bytes();
    for chunk in chunks {
        all.extend(format!("{:X};what=ever\r\n", chunk.len()).bytes());
        all.extend(*chunk);
        all.extend(b"\r\n");
    }
    all.extend(b"0\r\n\r\n");
    all
}

const PLAIN: &str = "application/grpc-web+proto";
const TEXT: &str = "application/grpc-web-text";

fn kind(kind: &str) -> String {
    format!("Content-Type: {kind}\r\n")
}

/// What is shown of `there` and `back`, in pieces of `piece` bytes, but for the times.
fn shown(there: &[u8], back: &[u8], piece: usize) -> Result<Vec<String>> {
    let printed = Printed::default();
    let proto = root().join(PROTO[1]);
    let form = Form::of(None, false, false);
    let mut show = Show::new(form, Schema::of_files(&[proto])?, Box::new(printed.clone()));
    let mut connection = show.connection(None);
    for (from, bytes) in [(End::Client, there), (End::Server, back)] {
        for piece in bytes.chunks(piece) {
            show.sent(&mut connection, from, piece)?;
        }
        show.closed(&mut connection, from)?;
    }
    show.ended(&connection)?;
    let printed = printed.take()?;
    // `    0.1 ms → 1 SayHello  …`, and at the end `…, in 0.1 ms`.
    let lines = printed.lines().map(|line| {
        let line = line.split_once(" ms ").map_or(line, |(_, line)| line);
        line.split(", in ").next().unwrap_or_default().trim().to_owned()
    });
    Ok(lines.collect())
}

/// Sends both through `wire`, which shows all of `expected`, in this order.
fn shows(args: &[&str], there: &[u8], back: &[u8], expected: &[&str]) -> Result<()> {
    let printed = through(&[PROTO, args].concat(), there, back)?;
    let mut rest = &printed[..];
    for text in expected {
        let at = rest.find(text);
        ensure!(at.is_some(), "no `{text}` in its place in\n{printed}");
        rest = &rest[at.unwrap_or_default() + text.len()..];
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_and_a_server_of_tonic() -> Result<()> {
    let (incoming, _) = listen().await?;
    let to = incoming.local_addr()?.to_string();
    let page = "http://localhost:8000";
    tokio::spawn(server::run(incoming, origin::allow(page, server::routes())?, pending()));
    let wire = Wire::start(&to, &["--proto", "lessons/10-browser/proto/helloworld.proto"])?;
    let stream = |pause: &[u8]| message(0, &[YOU, b"\x10", pause].concat());
    let web = |method: &str, body: &[u8]| {
        request(&format!("POST /helloworld.Greeter/{method}"), &kind(PLAIN), body)
    };
    let preflight =
        format!("Origin: {page}\r\naccess-control-request-method: POST\r\nX-Host: {to}\r\n");
    // One behind the other, on one connection.
    let there = [
        request("GET /", "", b""),
        request(&format!("OPTIONS {HELLO}"), &preflight, b""),
        web("SayHello", &message(0, YOU)),
        web("SayHello_v1", &stream(b"\x01")),
        web("SayHello_v1", &stream(b"\xe9\x07")),
        web("SayHello_v2", &message(0, YOU)),
        request(
            &format!("POST {HELLO}"),
            &format!("{}Accept: {TEXT}\r\nconnection: close\r\n", kind(TEXT)),
            STANDARD.encode(message(0, YOU)).as_bytes(),
        ),
    ];
    let mut page = TcpStream::connect(&wire.addr).await?;
    page.write_all(&there.concat()).await?;
    page.read_to_end(&mut Vec::new()).await?;
    drop(page);
    let printed = wire.stop()?;
    let lines: Vec<_> = printed.lines().filter_map(|line| line.split_once(" ← ")).collect();
    let lines: Vec<_> = lines.into_iter().map(|(_, line)| line).collect();
    let streamed: Vec<_> = (0..5)
        .map(|i| format!("2 SayHello_v1  HelloReply {{ message: \"Hello, you! - {i}\" }}"))
        .collect();
    let streamed: Vec<_> = streamed.iter().map(String::as_str).collect();
    let expected = [
        &[
            "GET /  200 OK",
            "OPTIONS /helloworld.Greeter/SayHello  200 OK",
            "1 SayHello  HelloReply { message: \"Hello, you!\" }",
            "1 SayHello  OK",
        ][..],
        &streamed,
        &[
            "2 SayHello_v1  OK",
            "3 SayHello_v1  INVALID_ARGUMENT: pause_ms 1001 is more than 1000",
            "4 SayHello_v2  UNIMPLEMENTED",
            "5 SayHello  HelloReply { message: \"Hello, you!\" }",
            "5 SayHello  OK",
        ],
    ];
    assert_eq!(lines, expected.concat(), "{printed}");
    Ok(())
}

#[test]
fn it_is_read_the_same_wherever_it_is_cut() -> Result<()> {
    let (you, hello) = (message(0, YOU), message(0, HELLO_YOU));
    // Each message with its own padding, and the trailers too.
    let [text, text_ok] = [&hello[..], OK].map(|it| STANDARD.encode(it).into_bytes());
    let text = [&text[..], &text, &text_ok].concat();
    let there = [
        call(PLAIN, &you),
        b"\r\n".to_vec(),
        request("GET /greeter.js", "", b""),
        call(TEXT, STANDARD.encode(&you).as_bytes()),
        request("HEAD /", "", b""),
        call("application/grpc-web", &you),
    ];
    let back = [
        // A message in two chunks, and two things in one.
        answer(&kind(PLAIN), &[&hello[..7], &[&hello[7..], OK].concat()]),
        answer("", &[b"// 18 bytes of it", b"!"]),
        answer(&kind(TEXT), &[&text[..9], &text[9..]]),
        b"HTTP/1.1 200 OK\r\ncontent-length: 863\r\n\r\n".to_vec(),
        b"HTTP/1.1 100 Continue\r\n\r\n".to_vec(),
        // Until it closes.
        [b"HTTP/1.1 200 \r\nContent-Type: application/grpc-web\r\n\r\n", OK].concat(),
    ];
    let took = |number: usize, there: &[u8], back: &[&[u8]]| {
        let back = back.concat().len();
        format!("{number} SayHello  {} bytes there, {back} back", there.len())
    };
    let took = [
        took(1, &there[0], &[&back[0]]),
        took(2, &there[3], &[&back[2]]),
        took(3, &there[5], &[&back[4], &back[5]]),
    ];
    let (there, back) = (there.concat(), back.concat());
    let whole = shown(&there, &back, usize::MAX)?;
    let hello = "SayHello  HelloReply { message: \"Hello, you!\" }";
    let expected = [
        "→ 1 SayHello  HelloRequest { name: \"you\" }".to_owned(),
        "→ 2 SayHello  HelloRequest { name: \"you\" }".to_owned(),
        "→ 3 SayHello  HelloRequest { name: \"you\" }".to_owned(),
        format!("← 1 {hello}"),
        "← 1 SayHello  OK".to_owned(),
        took[0].clone(),
        "← GET /greeter.js  200 OK".to_owned(),
        format!("← 2 {hello}"),
        format!("← 2 {hello}"),
        "← 2 SayHello  OK".to_owned(),
        took[1].clone(),
        "← HEAD /  200 OK".to_owned(),
        "← 3 SayHello  OK".to_owned(),
        took[2].clone(),
    ];
    assert_eq!(whole, expected);
    for piece in [1, 2, 3, 5, 7, 11, 64] {
        assert_eq!(shown(&there, &back, piece)?, whole, "{piece}");
    }
    Ok(())
}

#[test]
fn trailers_are_in_the_body_over_http_2_too() -> Result<()> {
    let head = headers(&[(":status", "200"), ("content-type", "application/grpc-web")]);
    let data =
        [message(0, HELLO_YOU), message(0x80, b"grpc-status:5\r\ngrpc-message:no%20such\r\n")];
    let back = [frame(4, 0, 0, &[]), frame(1, 0x4, 1, &head), frame(0, 0x1, 1, &data.concat())];
    shows(
        &["--frames"],
        &call_as(PLAIN, HELLO, &[], &message(0, YOU)),
        &back.concat(),
        &[
            "→ 1 SayHello  HelloRequest { name: \"you\" }\n",
            "← 1 SayHello  HelloReply { message: \"Hello, you!\" }\n",
            "             trailers, 39 bytes\n",
            "grpc-status: 5                                             15 bytes\n",
            "← 1 SayHello  NOT_FOUND: no such\n",
            "bytes there, ",
        ],
    )?;
    // In gRPC itself, there are no such messages.
    let grpc = headers(&[(":status", "200"), ("content-type", "application/grpc")]);
    let back = [frame(4, 0, 0, &[]), frame(1, 0x4, 1, &grpc), frame(0, 0x1, 1, OK)];
    shows(
        &[],
        &call_as("application/grpc", HELLO, &[], &message(0, YOU)),
        &back.concat(),
        &["its first byte is 128\n", "no grpc-status; HTTP status 200\n"],
    )
}

#[test]
fn a_status_is_in_the_head_if_there_is_no_message() -> Result<()> {
    let back = "HTTP/1.1 200 OK\r\nContent-Type: application/grpc-web\r\nGRPC-Status: 12\r\n\
        Content-Length: 0\r\n\r\n";
    let there = call(PLAIN, &message(0, YOU));
    shows(
        &[],
        &there,
        back.as_bytes(),
        &["← 1 SayHello  UNIMPLEMENTED\n", "130 bytes there, 91 back"],
    )?;
    let back =
        b"HTTP/1.1 502 Bad Gateway\r\ncontent-type: text/html\r\ncontent-length: 2\r\n\r\nNo";
    shows(&[], &there, back, &["← 1 SayHello  no grpc-status; HTTP status 502\n"])
}

#[test]
fn what_is_compressed_is_read() -> Result<()> {
    let zip = |bytes: &[u8]| -> Result<Vec<u8>> {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
        gzip.write_all(bytes)?;
        Ok(gzip.finish()?)
    };
    let head = format!("{}grpc-encoding: gzip\r\n", kind(PLAIN));
    let body = [message(1, &zip(HELLO_YOU)?), message(0x81, &zip(b"grpc-status: 3")?)];
    shows(
        &[],
        &call(PLAIN, &message(0, YOU)),
        &answer(&head, &[&body.concat()]),
        &[
            "← 1 SayHello  HelloReply { message: \"Hello, you!\" }\n",
            "compressed: 33 bytes instead of 13\n",
            "← 1 SayHello  INVALID_ARGUMENT\n",
        ],
    )
}

#[test]
fn what_is_no_call_is_a_line() -> Result<()> {
    let there =
        [request("GET /a", "", b""), request("POST /b", "", b"{}"), request("PUT /c", "", b"")];
    let back = [
        "HTTP/1.1 404 Not Found\r\ncontent-length: 2\r\n\r\nNo",
        "HTTP/1.1 204 No Content\r\n\r\n",
        "HTTP/1.1 304 Not Modified\r\ncontent-length: 2\r\n\r\n",
        "HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\n\r\n",
    ];
    shows(
        &[],
        &there.concat(),
        back.concat().as_bytes(),
        &[
            "← GET /a  404 Not Found\n",
            "← POST /b  204 No Content\n",
            "← PUT /c  304 Not Modified\n",
            "← nobody has asked  408 Request Timeout\n",
        ],
    )?;
    // Another protocol from here on.
    shows(
        &[],
        &request("GET /socket", "Upgrade: websocket\r\n", b""),
        b"HTTP/1.1 101 Switching Protocols\r\n\r\n\x81\x02hi",
        &["← GET /socket  101 Switching Protocols\n", "← 4 bytes that can't be read\n"],
    )?;
    let there = [request("GET /a", "", b""), call(PLAIN, &message(0, YOU))].concat();
    shows(
        &[],
        &there,
        b"",
        &["1 SayHello  cut off: the connection", "\nGET /a  cut off: the connection ended first"],
    )
}

#[test]
fn http_1_gone_wrong() -> Result<()> {
    let fine = answer(&kind(PLAIN), &[OK]);
    let chunked =
        |body: &str| format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{body}");
    let there = call(PLAIN, &message(0, YOU));
    let long = format!("GET / HTTP/1.1\r\na: {}", "b".repeat(300_000));
    let many = format!("GET / HTTP/1.1\r\n{}\r\n", "a: b\r\n".repeat(1001));
    for (sent, why) in [
        ("POST / HTTP/1.1\r\na b: c\r\n\r\n", "→ HTTP/1.1 gone wrong: invalid header name\n"),
        ("GET /\r\n\r\n", "→ HTTP/1.1 gone wrong: invalid token\n"),
        ("GET / HTTP/3\r\n\r\n", "→ HTTP/1.1 gone wrong: invalid HTTP version\n"),
        ("POST / HTTP/1.1\r\ncontent-length: +2\r\n\r\nab", "wrong: \"+2\" is no length\n"),
        ("POST / HTTP/1.1\r\ncontent-length: 2, 3\r\n\r\nab", "wrong: two lengths of one body\n"),
        (
            "POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n",
            "a request whose end nobody can see\n",
        ),
        (&long, "→ headers that are more than 262144 bytes\n"),
        (&many, "→ more than 1000 headers\n"),
        ("GET / HTTP/1.1\r\na: b", "→ cut short: it ends in the middle\n"),
        ("POST / HTTP/1.1\r\ncontent-length: 2\r\n\r\na", "→ cut short: it ends in the middle\n"),
    ] {
        shows(&[], sent.as_bytes(), &fine, &[why])?;
    }
    for (answered, why) in [
        ("SSH-2.0-OpenSSH", "← not HTTP/1.1\n"),
        ("HTTP/1.1 abc\r\n\r\n", "← HTTP/1.1 gone wrong: invalid response status\n"),
        (&chunked("x\r\n"), "← HTTP/1.1 gone wrong: no length of a chunk\n"),
        (&chunked("1\r\nab\r\n"), "← HTTP/1.1 gone wrong: a chunk that is longer than it says\n"),
        (&chunked("0\r\na b: c\r\n\r\n"), "← HTTP/1.1 gone wrong: invalid header name\n"),
        (&chunked("5\r\nab"), "← cut short: it ends in the middle\n"),
    ] {
        let expected = [why, "1 SayHello  cut off: the connection ended first\n"];
        shows(&[], &there, answered.as_bytes(), &expected)?;
    }
    Ok(())
}

#[test]
fn a_body_gone_wrong() -> Result<()> {
    let there = call(PLAIN, &message(0, YOU));
    let long = [&b"\x80"[..], &(5_u32 << 20).to_be_bytes(), &vec![7; 5 << 20]].concat();
    for (kind_of, body, why) in [
        (
            PLAIN,
            &message(0, HELLO_YOU)[..9],
            "the body ends in the middle of a message: 9 of 18 bytes\n",
        ),
        (
            PLAIN,
            b"\x80\0\0\0\x02\xffx",
            "trailers that can't be read: HTTP/1.1 gone wrong: invalid header",
        ),
        (PLAIN, &long, "trailers that can't be read: too long to be shown\n"),
        (
            PLAIN,
            b"\x81\0\0\0\x01x",
            "trailers that can't be read: compressed, and no header says how\n",
        ),
        (TEXT, b"AAAA*AAA", "chunk: \"*AAA\" is no base64\n"),
        (TEXT, b"AAAAAAA", "the body ends in the middle of four letters of base64\n"),
    ] {
        let back = answer(&kind(kind_of), &[body]);
        let printed = through(PROTO, &there, &back)?;
        // It may go on in the next line.
        let printed = printed.split_whitespace().collect::<Vec<_>>().join(" ");
        ensure!(printed.contains(why.trim()), "no `{why}` in {printed}");
        ensure!(printed.contains("no grpc-status; HTTP status 200"), "{printed}");
    }
    // The request, too.
    shows(
        &[],
        &call(PLAIN, &message(0, YOU)[..7]),
        b"",
        &["→ body: the body ends in the middle of a"],
    )
}

#[test]
fn heads_and_chunks_stand_where_frames_would() -> Result<()> {
    let there = [call(PLAIN, &message(0, YOU)), request("GET /", "", b"")].concat();
    let hello = message(0, HELLO_YOU);
    let back = [
        answer(&kind(PLAIN), &[&hello[..7], &[&hello[7..], OK].concat()]),
        answer("", &[b"<p>Hi"]),
    ];
    let back = back.concat();
    shows(
        &["--frames"],
        &there,
        &back,
        &[
            "→ POST /helloworld.Greeter/SayHello HTTP/1.1\n",
            "             content-type: application/grpc-web+proto                   42 bytes\n",
            "→ body                           10 bytes\n",
            "           → 1 SayHello  HelloRequest { name: \"you\" }\n",
            "← HTTP/1.1 200 OK\n",
            "← chunk                           7 bytes\n",
            "             a message: 7 of 18 bytes so far\n",
            "← chunk                          31 bytes\n",
            "           ← 1 SayHello  HelloReply { message: \"Hello, you!\" }\n",
            "             trailers, 15 bytes\n",
            "             grpc-status: 0                                             15 bytes\n",
            "           ← 1 SayHello  OK\n",
            "← last chunk\n",
            "bytes there, ",
        ],
    )?;
    shows(
        &["--bytes"],
        &there,
        &back,
        &[
            "50 4f 53 54 20 2f 68 65 6c\n",
            "0d 0a                       here it ends\n",
            "0a                          field 1, name: LEN\n",
            "37 3b 77 68 61 74 3d 65 76  how long this chunk is\n",
            "0b                            11 bytes\n",
            "80                          trailers instead of a message\n",
            "00 00 00 0f                 15 bytes of them\n",
            "67 72 70 63 2d 73 74 61 74  grpc-status: 0 (15 bytes)\n",
            "0d 0a 30 0d 0a              a chunk of 0 bytes is the last one\n",
            "3c 70 3e 48 69              <p>Hi\n",
        ],
    )?;
    for depth in ["--frames", "--bytes"] {
        let printed = through(&[PROTO, &[depth]].concat(), &there, &back)?;
        for line in printed.lines() {
            ensure!(line.chars().count() <= 80, "{depth}: {line}");
        }
    }
    Ok(())
}

#[test]
fn programs_read_an_object_a_head_or_a_piece() -> Result<()> {
    let there = call(PLAIN, &message(0, YOU));
    let back = answer(&kind(PLAIN), &[&message(0, HELLO_YOU), OK]);
    let printed = through(&[PROTO, &["--format", "json", "--bytes"]].concat(), &there, &back)?;
    let objects = objects(&printed)?;
    // Together they are all that has crossed.
    for (from, sent) in [("client", there), ("server", back)] {
        let hex: String = sent.iter().map(|byte| format!("{byte:02x}")).collect();
        let theirs = objects.iter().filter(|object| object["from"] == from);
        assert_eq!(theirs.filter_map(|object| object["bytes"].as_str()).collect::<String>(), hex);
    }
    let what: Vec<_> = objects.iter().filter_map(|it| it["what"].as_str()).collect();
    let expected = ["head", "body", "head", "chunk", "chunk", "last chunk", "closed", "closed"];
    assert_eq!(what, expected);
    let [head, body, _, chunk, trailers, last, ..] = &objects[..] else { unreachable!() };
    assert_eq!(head["line"], "POST /helloworld.Greeter/SayHello HTTP/1.1");
    assert_eq!(head["headers"][0]["name"], "Host");
    assert_eq!(body["messages"][0]["value"]["name"], "you");
    assert_eq!(chunk["length"], 18);
    assert_eq!(trailers["trailers"][0]["name"], "grpc-status");
    assert_eq!(trailers["status"], "OK");
    let back = last["ended"]["back"].as_u64().context("no end")?;
    ensure!(back > 0, "{last}");
    Ok(())
}
