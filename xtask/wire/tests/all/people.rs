//! What people see: at 80 columns, and in words.

use anyhow::{Result, ensure};

use crate::wire::{PREFACE, PROTO, answer, call, frame, headers, message, through};

#[test]
fn no_line_is_longer_than_80_characters() -> Result<()> {
    let mut name = b"\x0a\xc8\x01".to_vec();
    name.extend("ö ".repeat(200 / 3).as_bytes());
    name.resize(203, b'x');
    let metadata = (
        "x-long",
        "a long value of several words, and one of sixty: 123456789012345678901234567890123456789012345678901234567890",
    );
    let there = call("/helloworld.Greeter/SayHello", &[metadata], &message(0, &name));
    let back = answer(&[metadata], &message(0, &name), "5");
    for depth in [&[][..], &["--frames"], &["--bytes"]] {
        let printed = through(&[PROTO, depth].concat(), &there, &back)?;
        for line in printed.lines() {
            ensure!(line.chars().count() <= 80, "{depth:?}: {line}");
        }
        ensure!(printed.contains("NOT_FOUND"), "{printed}");
        ensure!(!printed.contains('\u{1b}'), "colours, where nobody sees them");
    }
    Ok(())
}

#[test]
fn frames_are_said_in_words() -> Result<()> {
    let settings = [&[0, 4][..], &1_000_000_u32.to_be_bytes()].concat();
    let there = [
        PREFACE,
        &frame(4, 0, 0, &settings),
        &frame(6, 0, 0, b"12345678"),
        &frame(8, 0, 0, &1000_u32.to_be_bytes()),
    ]
    .concat();
    let back = [
        frame(4, 0x1, 0, &[]),
        frame(6, 0x1, 0, b"12345678"),
        frame(3, 0, 1, &[0, 0, 0, 8]),
        frame(7, 0, 0, b"\0\0\0\x05\0\0\0\x0bcalm"),
        frame(77, 0, 0, b"?"),
    ]
    .concat();
    let printed = through(&["--frames"], &there, &back)?;
    for words in [
        "INITIAL_WINDOW_SIZE = 1000000: send so many bytes of a stream, then\n",
        "are you still there?",
        "1000 more bytes of all streams together may come",
        "SETTINGS       connection       0 bytes  ACK\n",
        "I've read your settings",
        "still here",
        "this stream is over: CANCEL",
        "I take no new streams after 5: ENHANCE_YOUR_CALM (calm)",
        "UNKNOWN        connection        1 byte\n",
    ] {
        ensure!(printed.contains(words), "no `{words}` in\n{printed}");
    }
    // An error is said at any depth.
    let printed = through(&[], &there, &back)?;
    ensure!(printed.contains("← I take no new streams after 5: ENHANCE_YOUR_CALM"), "{printed}");
    Ok(())
}

#[test]
fn a_status_is_what_the_server_says() -> Result<()> {
    let there = call("/a/b", &[("grpc-status", "5")], &[]);
    let trailers = headers(&[("grpc-status", "9"), ("grpc-message", "%41 %+1")]);
    let back = [frame(4, 0, 0, &[]), frame(1, 0x5, 1, &trailers)].concat();
    let printed = through(&[], &there, &back)?;
    ensure!(!printed.contains("NOT_FOUND"), "{printed}");
    ensure!(printed.contains("← 1 b  FAILED_PRECONDITION: A %+1\n"), "{printed}");
    Ok(())
}

#[test]
fn numbers_are_what_the_proto_says() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let proto = folder.path().join("numbers.proto");
    let text = "syntax = \"proto3\"; package n;
        enum Kind { ZERO = 0; BELOW = -1; }
        message Number { Kind kind = 1; sint32 less = 2; }
        service Numbers { rpc Add(Number) returns (Number); }";
    std::fs::write(&proto, text)?;
    // An int32 of 64 bits, as it is for a negative number; and a sint32 of more than 32.
    let body = b"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x10\x81\x80\x80\x80\x10";
    let proto = proto.display().to_string();
    let there = call("/n.Numbers/Add", &[], &message(0, body));
    let printed = through(&["--proto", &proto, "--bytes"], &there, &answer(&[], &[], "0"))?;
    for means in ["    -1, BELOW\n", "81 80 80 80 10                -1\n"] {
        ensure!(printed.contains(means), "no `{means}` in\n{printed}");
    }
    Ok(())
}

#[test]
fn a_window_that_is_full_is_said() -> Result<()> {
    let half = |length: usize| frame(0, 0, 1, &vec![0; length]);
    let mut there = call("/a/b", &[], &[]);
    // The stream goes on.
    let end = there.len() - 9;
    there.truncate(end);
    let sent: Vec<u8> = [half(16_384), half(16_384), half(16_384), half(16_383)].concat();
    let printed = through(&["--frames"], &[there, sent].concat(), &answer(&[], &[], "0"))?;
    let full = printed.lines().filter(|line| line.contains("the window of this stream is full"));
    ensure!(full.count() == 1, "{printed}");
    Ok(())
}

#[test]
fn the_second_time_a_header_takes_one_byte() -> Result<()> {
    // With an index: the next time it is number 62.
    let block = b"\x83\x44\x04/a/b\x5f\x10application/grpc";
    let again = b"\x83\xbf\xbe";
    let there = [PREFACE, &frame(4, 0, 0, &[]), &frame(1, 0x5, 1, block), &frame(1, 0x5, 3, again)]
        .concat();
    let printed = through(&["--frames"], &there, &answer(&[], &[], "0"))?;
    let path: Vec<_> = printed.lines().filter(|line| line.contains(":path: /a/b")).collect();
    let [first, second] = path[..] else { anyhow::bail!("{printed}") };
    ensure!(first.ends_with(" 6 bytes") && second.ends_with(" 1 byte: known"), "{printed}");
    Ok(())
}
