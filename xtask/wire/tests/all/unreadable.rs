//! What cannot be read is named, shown as bytes, and passed on.

use std::io::Write;

use anyhow::{Result, ensure};
use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};

use crate::wire::{PREFACE, PROTO, answer, call, frame, headers, message, through};

const HELLO: &str = "/helloworld.Greeter/SayHello";

/// `HelloRequest { name: "you" }`, and a reply.
const YOU: &[u8] = b"\x0a\x03you";
const HELLO_YOU: &[u8] = b"\x0a\x0bHello, you!";

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

#[test]
fn what_is_not_http() -> Result<()> {
    shows(
        &[],
        b"\0\xffone two!",
        b"\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a",
        &[
            "→ not HTTP/2\n",
            "→ 10 bytes that can't be read\n",
            "00 ff 6f 6e 65 20 74 77 6f  ..one two\n",
            "← not HTTP/2\n",
        ],
    )?;
    // A server of the past, asked by a client of HTTP/2.
    shows(
        &[],
        &call(HELLO, &[], &message(0, YOU)),
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        &["HelloRequest { name: \"you\" }", "← not HTTP/2, but HTTP/1.1\n", "SayHello  cut off: "],
    )
}

#[test]
fn http_2_gone_wrong() -> Result<()> {
    let begin = |rest: &[u8]| [PREFACE, &frame(4, 0, 0, &[]), rest].concat();
    let fine = frame(4, 0, 0, &[]);
    let post = headers(&[(":path", "/a/b"), ("content-type", "application/grpc")]);
    let cases: &[(&[u8], &str)] = &[
        (&frame(0, 0, 1, &[7; 16_385]), "a frame of 16385 bytes, where 16384 are allowed"),
        (b"HTTP is no frame", "a frame of 4740180 bytes, where 16384 are allowed"),
        (&frame(1, 0x4, 1, b"\xff\xff\xff\xff\xff\xff"), "a header that is cut short"),
        (&frame(1, 0x4, 1, b"\xbe"), "no header: Header index out of bounds"),
        (&frame(1, 0x24, 1, b"\0\0"), "HEADERS is too short for what its flags say"),
        (&frame(1, 0xc, 1, b"\x09ab"), "HEADERS is too short for what its flags say"),
        (&frame(9, 0x4, 1, &post), "CONTINUATION of nothing"),
        (
            &[frame(1, 0, 1, &post), frame(6, 0, 0, &[0; 8])].concat(),
            "headers go on here, and this is no CONTINUATION of them",
        ),
        (&frame(6, 0, 0, b"1234"), "4 bytes make no PING"),
        (&frame(4, 0, 0, b"1234"), "4 bytes make no SETTINGS"),
        (&frame(6, 0, 0, b"1"), "1 byte makes no PING"),
        (&frame(8, 0, 0, b"12"), "2 bytes make no WINDOW_UPDATE"),
        (&frame(3, 0, 1, b""), "0 bytes make no RST_STREAM"),
        (&frame(7, 0, 0, b"abc"), "3 bytes make no GOAWAY"),
    ];
    for (bytes, expected) in cases {
        let expected = format!("HTTP/2 gone wrong: {expected}");
        let printed = through(&["--frames"], &begin(bytes), &fine)?;
        // It may go on in the next line.
        let printed = printed.split_whitespace().collect::<Vec<_>>().join(" ");
        ensure!(printed.contains(&expected), "no `{expected}` in {printed}");
    }
    // A call whose headers can't be read ends all the same, where they say so.
    shows(
        &[],
        &call(HELLO, &[], &message(0, YOU)),
        &[fine.clone(), frame(1, 0x5, 1, b"\xbe")].concat(),
        &["HEADERS: HTTP/2 gone wrong: ", "bytes there, 10 back"],
    )?;
    // What comes after the broken frame is shown as bytes; by default, too.
    shows(
        &[],
        &begin(cases[1].0),
        &fine,
        &["→ HTTP/2 gone wrong: ", "16 bytes that can't be read", "HTTP is n\n"].map(|it| it),
    )?;
    shows(
        &[],
        &begin(&frame(0, 0, 1, b"123456789")[..12]),
        &fine,
        &["→ cut short: it ends in the middle"],
    )
}

#[test]
fn messages_that_are_not_what_the_proto_says() -> Result<()> {
    shows(
        &[],
        &call(HELLO, &[], &message(0, b"\x08\x07")),
        &answer(&[], &message(0, b"\x0a\x7fno"), "0"),
        &[
            "→ 1 SayHello  { 1 VARINT 7 }\n",
            "not a HelloRequest: ",
            "← 1 SayHello  \"\\n\\u{7f}no\"\n",
            "not a HelloReply: ",
            "← 1 SayHello  OK\n",
        ],
    )?;
    // The bytes as far as they can be read.
    shows(
        &["--bytes"],
        &call(HELLO, &[], &message(0, b"\x0a\x01a\x12\x7f")),
        &answer(&[], &[], "0"),
        &[
            "0a                          field 1, name: LEN\n",
            "01                            1 byte",
            "61                            \"a\"\n",
            "12 7f                       cut short: a value of 127 bytes\n",
        ],
    )?;
    // Less of it than its first bytes say.
    let back = [
        frame(4, 0, 0, &[]),
        frame(1, 0x4, 1, &headers(&[("content-type", "application/grpc")])),
        frame(0, 0, 1, &message(0, HELLO_YOU)[..4]),
        frame(1, 0x5, 1, &headers(&[("grpc-status", "0")])),
    ];
    shows(
        &["--frames"],
        &call(HELLO, &[], &message(0, YOU)[..7]),
        &back.concat(),
        &[
            "  the stream ends in the middle of a message: 7 of 10 bytes\n",
            "  the stream ends in the middle of a message: 4 of at least 5 bytes\n",
        ],
    )?;
    // A newer proto, or an older one.
    shows(
        &[],
        &call(HELLO, &[], &message(0, b"\x0a\x03you\x10\x05")),
        &answer(&[], &[], "0"),
        &["HelloRequest { name: \"you\", 2: not in the proto }\n"],
    )
}

#[test]
fn messages_without_a_proto_by_number_and_wire_type() -> Result<()> {
    let body = b"\x08\x96\x01\x12\x02hi\x1d\x00\x00\x80\x3f\x21\x00\x00\x00\x00\x00\x00\xf0\x3f\x2a\x01\xff";
    let there = call("/other.Service/Do", &[], &message(0, body));
    shows(
        &[],
        &there,
        &answer(&[], &[], "12"),
        &[
            "→ 1 Do  { 1 VARINT 150, 2 LEN \"hi\", 3 I32 0x3f800000 (1.0), 4 I64",
            "0x3ff0000000000000 (1.0), 5 LEN b\"\\xff\" }\n",
            "← 1 Do  UNIMPLEMENTED\n",
        ],
    )?;
    shows(
        &["--bytes"],
        &there,
        &answer(&[], &[], "12"),
        &[
            "08                          field 1: VARINT\n",
            "96 01                         150\n",
            "12                          field 2: LEN\n",
        ],
    )
}

#[test]
fn compressed_messages_are_read_if_it_is_gzip() -> Result<()> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    gzip.write_all(YOU)?;
    let mut zlib = ZlibEncoder::new(Vec::new(), Compression::best());
    zlib.write_all(HELLO_YOU)?;
    let there = message(1, &gzip.finish()?);
    let back = message(1, &zlib.finish()?);
    shows(
        &[],
        &call(HELLO, &[("grpc-encoding", "gzip")], &there),
        &answer(&[("grpc-encoding", "deflate")], &back, "0"),
        &[
            "HelloRequest { name: \"you\" }\n",
            "compressed: 25 bytes instead of 5\n",
            "HelloReply { message: \"Hello, you!\" }\n",
        ],
    )?;
    shows(
        &["--bytes"],
        &call(HELLO, &[("grpc-encoding", "gzip")], &there),
        &answer(&[], &[], "0"),
        &[
            "01                          compressed\n",
            "1f 8b 08",
            "unpacked:\n",
            "0a                          field 1, name: LEN\n",
        ],
    )?;
    for (encoding, why) in [
        ("snappy", "compressed with snappy, which we can't read"),
        ("identity", "compressed, and no header says how"),
        ("gzip", "compressed, but not as it should be: "),
    ] {
        let there = call(HELLO, &[("grpc-encoding", encoding)], &message(1, b"abc"));
        shows(&[], &there, &answer(&[], &[], "0"), &["→ 1 SayHello  3 bytes\n", why])?;
    }
    // A bomb: a thousand times as long as it was sent.
    let mut bomb = GzEncoder::new(Vec::new(), Compression::best());
    bomb.write_all(&vec![0; 8 << 20])?;
    let there = call(HELLO, &[("grpc-encoding", "gzip")], &message(1, &bomb.finish()?));
    shows(&[], &there, &answer(&[], &[], "0"), &["compressed, of more than 4194304 bytes\n"])
}

#[test]
fn what_is_not_grpc() -> Result<()> {
    let html = headers(&[(":status", "502"), ("content-type", "text/html")]);
    let back = [frame(4, 0, 0, &[]), frame(1, 0x4, 1, &html), frame(0, 0x1, 1, b"<h1>No</h1>")];
    shows(
        &["--frames"],
        &call(HELLO, &[], &message(0, YOU)),
        &back.concat(),
        &[":status: 502", "not gRPC: its headers say another content-type\n"],
    )?;
    shows(
        &[],
        &call(HELLO, &[], &message(0, YOU)),
        &back.concat(),
        &["← 1 SayHello  no grpc-status; HTTP status 502\n"],
    )
}
