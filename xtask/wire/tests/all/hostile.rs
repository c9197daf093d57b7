//! Bytes that nobody should send: nothing panics, and nothing is kept without bounds.

use std::fs;
use std::io;
use std::path::Path;

use anyhow::Result;
use testing::numbers::Numbers;
use wire::End;
use wire::schema::Schema;
use wire::show::{Form, Show};
use xtask::commands::wire::Format;

use crate::wire::{answer, call, frame, message, root};

/// Shows in all forms what comes of `there` and `back`, in pieces of `piece` bytes.
fn show(there: &[u8], back: &[u8], piece: usize) -> Result<()> {
    let proto = root().join("lessons/06-routeguide/proto/routeguide.proto");
    show_as(&proto, there, back, piece)
}

/// Does the same with another proto.
fn show_as(proto: &Path, there: &[u8], back: &[u8], piece: usize) -> Result<()> {
    for (format, frames, bytes) in [
        (None, false, false),
        (None, true, false),
        (None, false, true),
        (Some(Format::Json), false, true),
    ] {
        let schema = Schema::of_files(&[proto.to_owned()])?;
        let mut show = Show::new(Form::of(format, frames, bytes), schema, Box::new(io::sink()));
        let mut connection = show.connection(None);
        for (from, bytes) in [(End::Client, there), (End::Server, back)] {
            for piece in bytes.chunks(piece) {
                show.sent(&mut connection, from, piece)?;
            }
            show.closed(&mut connection, from)?;
        }
        show.ended(&connection)?;
    }
    Ok(())
}

#[test]
fn anything_may_come() -> Result<()> {
    let chat = b"\x0a\x0c\x08\xf2\xb5\xbf\xc3\x01\x10\xb6\xf9\xa6\x9c\x0d\x12\x05First";
    let body = [message(0, chat), message(1, b"\x1f\x8b\x08\0"), message(0, b"")].concat();
    let there = call("/routeguide.RouteGuide/RouteChat", &[("grpc-encoding", "gzip")], &body);
    let back = answer(&[("grpc-message", "%E2%82%AC %zz %")], &body, "0");
    // The same in gRPC-Web.
    let head = "Content-Type: application/grpc-web\r\nTransfer-Encoding: chunked\r\n\r\n";
    let chunks = |line: &str, body: &[u8]| {
        let begin = format!("{line}\r\n{head}{:x}\r\n", body.len());
        let once = [begin.as_bytes(), body, b"\r\n0\r\n\r\n"].concat();
        once.repeat(2)
    };
    let there_1 = chunks("POST /routeguide.RouteGuide/RouteChat HTTP/1.1", &body);
    let trailers = message(0x80, b"grpc-status: 0\r\ngrpc-message: %E2%82%AC\r\n");
    let back_1 = chunks("HTTP/1.1 200 OK", &[body, trailers].concat());
    let mut numbers = Numbers::default();
    for round in 0..400 {
        let is_web = round % 2 == 1;
        let (there, back) = if is_web { (&there_1, &back_1) } else { (&there, &back) };
        let (mut there, mut back) = (there.clone(), back.clone());
        for bytes in [&mut there, &mut back] {
            for _ in 0..numbers.within(0..=4) {
                let at = numbers.within(0..=bytes.len() as i32 - 1) as usize;
                match numbers.within(0..=3) {
                    0 => bytes[at] = numbers.any() as u8,
                    1 => bytes[at] ^= 1 << numbers.within(0..=7),
                    2 => bytes.truncate(at.max(1)),
                    _ => bytes.insert(at, numbers.any() as u8),
                }
            }
        }
        show(&there, &back, numbers.one_of(&[1, 7, 4096])).inspect_err(|_| eprintln!("{round}"))?;
    }
    // Headers of anything, and messages of anything, in frames that are in order.
    for _ in 0..300 {
        let noise: Vec<u8> = (0..numbers.within(0..=60)).map(|_| numbers.any() as u8).collect();
        let kind = numbers.one_of(&[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
        let more = frame(kind, numbers.any() as u8, 1, &noise);
        let data = call("/routeguide.RouteGuide/RouteChat", &[], &message(0, &noise));
        show(&[data, more.clone()].concat(), &[back.clone(), more].concat(), 16_384)?;
    }
    Ok(())
}

#[test]
fn messages_in_messages_end_somewhere() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let proto = folder.path().join("tree.proto");
    let text = "syntax = \"proto3\"; package t;
        message Tree { Tree tree = 1; }
        service Trees { rpc Plant(Tree) returns (Tree); }";
    fs::write(&proto, text)?;
    // Each is in the one before, with two bytes for its length: deeper than anybody reads.
    let mut body = Vec::new();
    for _ in 0..120 {
        let length = body.len();
        body = [&[0x0a, length as u8 | 0x80, (length >> 7) as u8], &body[..]].concat();
    }
    show_as(&proto, &call("/t.Trees/Plant", &[], &message(0, &body)), &answer(&[], &[], "0"), 4096)
}

#[test]
fn spaces_are_no_indent() -> Result<()> {
    show(&[b' '; 200], &[b' '; 200], 200)?;
    let name = " ".repeat(100);
    let there = call("/a/b", &[(name.as_str(), "value")], &[]);
    show(&there, &answer(&[(name.as_str(), "value")], &[], "0"), 4096)
}
