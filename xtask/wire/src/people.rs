//! For people: a line a message, or a frame with its headers, or with all of its bytes.

use std::fmt::Write;
use std::iter::repeat;
use std::time::Duration;

use anstyle::{AnsiColor, Style};
use xtask::system::style::RED;

use crate::End;
use crate::call::{Id, Message, Trailers};
use crate::columns::{INDENT, WIDTH, hang, hang_in, raw, rows, rows_at};
use crate::fields;
use crate::frames::{self, Frame};
use crate::headers::Header;
use crate::http1::Part;
use crate::messages::{self, PREFIX};
use crate::seen::{Seen, Told, What};
use crate::tls::Encrypted;
use crate::words;

/// Lines of different calls are told apart by their colour.
const COLOURS: [AnsiColor; 5] =
    [AnsiColor::Cyan, AnsiColor::Yellow, AnsiColor::Magenta, AnsiColor::Green, AnsiColor::Blue];

const CUT_OFF: &str = "cut off: the connection ended first";

/// How closely one looks.
#[derive(Clone, Copy, PartialEq, PartialOrd)]
pub enum Depth {
    Messages,
    Frames,
    Bytes,
}

/// Writes what was seen as text. Writing to a `String` can't fail, so the results are dropped.
pub struct People {
    depth: Depth,
    /// Which connection the last line was about, and to which server it goes. At first, there is
    /// only one.
    connection: (usize, Option<usize>),
}

impl People {
    pub fn new(depth: Depth) -> People {
        People { depth, connection: (1, None) }
    }

    /// Adds what there is to say of `seen` to `out`.
    pub fn show(&mut self, seen: &Seen, out: &mut String) {
        let mut text = String::new();
        self.lines(seen, &mut text);
        let is_told_apart = self.depth >= Depth::Frames || seen.server.is_some();
        let connection = (seen.connection, seen.server);
        if is_told_apart && connection != self.connection && !text.is_empty() {
            self.connection = connection;
            let server = seen.server.map(|number| format!(", to server {number}"));
            _ = writeln!(out, "connection {}{}", seen.connection, server.unwrap_or_default());
        }
        *out += &text;
    }

    fn lines(&self, seen: &Seen, out: &mut String) {
        let is_close = self.depth >= Depth::Frames;
        let length = seen.bytes.len();
        match &seen.what {
            What::Frame(frame, told) if is_close => self.frame(seen, frame, told, out),
            What::Frame(frame, told) => {
                if let Some(wrong) = &seen.wrong {
                    is_wrong(seen, &format!("{}: {wrong}", frames::name(frame.kind)), out);
                }
                // Whoever says goodbye because of an error, says so at any depth.
                let is_error = frame.kind == frames::GOAWAY
                    && frame.payload().get(4..8).is_some_and(|code| code != [0; 4]);
                if let (true, Some(says)) = (is_error, told.says.first()) {
                    line(seen, says, out);
                }
                self.call(seen, told, out);
            }
            What::Part(part, told) if is_close => self.part(seen, part, told, out),
            What::Part(part, told) => {
                if let Some(wrong) = &seen.wrong {
                    is_wrong(seen, &format!("{}: {wrong}", part.name()), out);
                }
                if let Part::Head { answer: Some(answer), .. } = part {
                    line(seen, answer, out);
                }
                self.call(seen, told, out);
            }
            What::Preface if is_close => {
                line(seen, &format!("preface: {}", seen.bytes.escape_ascii()), out);
                if self.depth == Depth::Bytes {
                    rows(&seen.bytes, "this is HTTP/2", out);
                }
            }
            What::Preface => {}
            What::Tls(record) => {
                // Without a version, it may be the reason why there will be none.
                if is_close || record.kind == "alert" {
                    let length = fields::count(record.length);
                    line(seen, &format!("TLS: {}, {length}", record.kind), out);
                }
                if let Some(version) = record.version {
                    let text = format!(
                        "connection {} is encrypted, with {version}: gRPC can't be read here",
                        seen.connection
                    );
                    line(seen, &text, out);
                }
            }
            What::Raw => {
                if let Some(wrong) = &seen.wrong {
                    is_wrong(seen, wrong, out);
                }
                line(seen, &format!("{} that can't be read", fields::count(length)), out);
                raw(&seen.bytes, out);
            }
            What::Closed => {
                if let Some(wrong) = &seen.wrong {
                    is_wrong(seen, wrong, out);
                    raw(&seen.bytes, out);
                } else if is_close {
                    line(seen, "sends no more on this connection", out);
                }
            }
        }
    }

    /// Adds a line about a call that was under way when its connection ended.
    pub fn is_left(&self, id: &Id, out: &mut String) {
        let style = style(id);
        hang(out, INDENT, &format!("{style}{} {}{style:#}  ", id.number, id.method()), CUT_OFF);
    }

    /// Adds a line about a connection over TLS that has ended.
    pub fn was_encrypted(&self, it: &Encrypted, out: &mut String) {
        let version = it.version.unwrap_or("TLS that the two didn't agree on");
        let head = format!("{:INDENT$}connection {}: ", "", it.connection);
        hang(out, INDENT, &head, &format!("{version}, {} bytes there, {} back", it.there, it.back));
    }

    /// What a frame says of its call: messages, a status, and what the call took.
    fn call(&self, seen: &Seen, told: &Told, out: &mut String) {
        let Some(id) = &told.call else { return };
        let style = style(id);
        // Beside a frame, the time is known.
        let time =
            if self.depth == Depth::Messages { time(seen.at) } else { " ".repeat(INDENT - 3) };
        let head =
            format!("{time} {style}{} {} {}{style:#}  ", arrow(seen.from), id.number, id.method());
        for message in &told.messages {
            hang(out, INDENT, &head, &message.text());
            if let Some(wrong) = &message.wrong {
                hang_in(RED, out, INDENT, &" ".repeat(INDENT), wrong);
            } else if message.sent.is_compressed() {
                let (sent, plain) = (message.sent.length(), message.plain().len());
                let sent = fields::count(sent);
                _ = writeln!(out, "{:INDENT$}compressed: {sent} instead of {plain}", "");
            }
            if self.depth == Depth::Bytes {
                bytes_of(message, out);
            }
        }
        if let (Some(trailers), true) = (&told.trailers, self.depth >= Depth::Frames) {
            self.trailers(trailers, out);
        }
        if let Some(status) = &told.status {
            hang(out, INDENT, &head, &status.text());
        }
        if told.has_no_status {
            let why = told.says.last().map_or("this stream is over", String::as_str);
            hang(out, INDENT, &head, why);
        }
        if let Some(total) = &told.total {
            let head = format!("{:INDENT$}{style}{} {}{style:#}  ", "", id.number, id.method());
            let (there, back, ms) = (total.there, total.back, ms(total.time));
            hang(out, INDENT, &head, &format!("{there} bytes there, {back} back, in {ms}"));
        }
    }

    fn frame(&self, seen: &Seen, frame: &Frame, told: &Told, out: &mut String) {
        let (name, length) = (frames::name(frame.kind), frame.payload().len());
        let stream = match frame.stream {
            0 => "connection".to_owned(),
            stream => format!("stream {stream}"),
        };
        let flags = frame.flag_names().join(", ");
        let text = format!("{name:<14} {stream:<11} {:>12}  {flags}", fields::count(length));
        line(seen, text.trim_end(), out);
        if self.depth == Depth::Bytes {
            let means = format!(
                "{}, type {}, flags {:#04x}, stream {}",
                fields::count(length),
                frame.kind,
                frame.flags,
                frame.stream
            );
            rows(&frame.bytes[..frames::HEAD], &means, out);
        }
        // Headers and messages show their own bytes.
        let has_own =
            !told.headers.is_empty() || !told.messages.is_empty() || told.trailers.is_some();
        if self.depth == Depth::Bytes && !has_own && length > 0 {
            let each = if frame.kind == frames::SETTINGS { words::SETTING } else { length };
            let says = told.says.iter().map(String::as_str).chain(repeat(""));
            frame.payload().chunks(each).zip(says).for_each(|(bytes, says)| rows(bytes, says, out));
        } else {
            told.says.iter().for_each(|says| hang(out, INDENT + 2, &" ".repeat(INDENT), says));
        }
        for header in &told.headers {
            self.header(header, out);
        }
        if let Some(wrong) = &seen.wrong {
            hang_in(RED, out, INDENT + 2, &" ".repeat(INDENT), wrong);
        }
        self.call(seen, told, out);
    }

    /// A part of HTTP/1.1, as [`People::frame`] shows a frame.
    fn part(&self, seen: &Seen, part: &Part, told: &Told, out: &mut String) {
        let text = match part {
            Part::Head { line, .. } => line.clone(),
            Part::Body(length) | Part::Chunk(length) => {
                format!("{:<26} {:>12}", part.name(), fields::count(*length))
            }
            Part::LastChunk => part.name().into(),
        };
        line(seen, &text, out);
        let headers: usize = told.headers.iter().map(|header| header.bytes.len()).sum();
        let (content, end, means) = match part {
            Part::Body(length) => (*length, 0, ""),
            Part::Chunk(length) => (*length, 0, "how long this chunk is"),
            Part::Head { .. } => (0, end(&seen.bytes), ""),
            Part::LastChunk => (0, end(&seen.bytes), "a chunk of 0 bytes is the last one"),
        };
        let before = seen.bytes.len().saturating_sub(headers + content + end);
        let is_bytes = self.depth == Depth::Bytes;
        if is_bytes && before > 0 {
            rows(&seen.bytes[..before], means, out);
        }
        told.headers.iter().for_each(|header| self.header(header, out));
        if is_bytes && end > 0 {
            rows(&seen.bytes[seen.bytes.len() - end..], "here it ends", out);
        }
        // Messages show their own bytes.
        if is_bytes && told.messages.is_empty() && told.trailers.is_none() {
            raw(&seen.bytes[seen.bytes.len() - content..], out);
        }
        told.says.iter().for_each(|says| hang(out, INDENT + 2, &" ".repeat(INDENT), says));
        if let Some(wrong) = &seen.wrong {
            hang_in(RED, out, INDENT + 2, &" ".repeat(INDENT), wrong);
        }
        self.call(seen, told, out);
    }

    /// The trailers of gRPC-Web.
    fn trailers(&self, trailers: &Trailers, out: &mut String) {
        let [first, length @ ..] = &trailers.prefix;
        let of = fields::count(messages::length(&trailers.prefix));
        if self.depth == Depth::Bytes {
            rows(&[*first], "trailers instead of a message", out);
            rows(length, &format!("{of} of them"), out);
        } else {
            _ = writeln!(out, "{:INDENT$}trailers, {of}", "");
        }
        trailers.headers.iter().for_each(|header| self.header(header, out));
    }

    fn header(&self, header: &Header, out: &mut String) {
        let text = format!("{}: {}", header.name, header.value);
        let took = match header.is_known {
            true => format!("{}: known", fields::count(header.bytes.len())),
            false => fields::count(header.bytes.len()),
        };
        if self.depth == Depth::Bytes {
            return rows(&header.bytes, &format!("{text} ({took})"), out);
        }
        let room = WIDTH - INDENT - 14;
        if text.chars().count() <= room {
            _ = writeln!(out, "{:INDENT$}{text:<room$} {took:>13}", "");
        } else {
            hang(out, INDENT + 2, &" ".repeat(INDENT), &format!("{text} ({took})"));
        }
    }
}

/// Adds a line about a request that is no call and was under way when its connection ended.
pub fn is_cut_off(request: &str, out: &mut String) {
    hang(out, INDENT, &format!("{request}  "), CUT_OFF);
}

/// How long the empty line at the end of `bytes` is.
fn end(bytes: &[u8]) -> usize {
    if bytes.ends_with(b"\r\n") { 2 } else { 1 }
}

/// The bytes of a message, field by field.
fn bytes_of(message: &Message, out: &mut String) {
    let [compressed, length @ ..] = &message.sent.prefix;
    const { assert!(PREFIX == 5) };
    let is_compressed = if *compressed == 0 { "not compressed" } else { "compressed" };
    rows(&[*compressed], is_compressed, out);
    rows(length, &format!("a message of {}", fields::count(message.sent.length())), out);
    if let (true, Some(body)) = (message.sent.is_compressed(), &message.sent.body) {
        rows(body, "", out);
        if message.unpacked.is_some() {
            _ = writeln!(out, "{:INDENT$}unpacked:", "");
        }
    }
    if message.sent.is_compressed() && message.unpacked.is_none() {
        return;
    }
    for row in fields::rows(message.plain(), message.kind.as_ref()) {
        rows_at(2 * row.depth, &row.bytes, &row.means, out);
    }
}

/// Adds a line with the time and the direction.
fn line(seen: &Seen, text: &str, out: &mut String) {
    hang(out, INDENT, &format!("{} {} ", time(seen.at), arrow(seen.from)), text);
}

/// Adds a line about what is wrong.
fn is_wrong(seen: &Seen, text: &str, out: &mut String) {
    hang_in(RED, out, INDENT, &format!("{} {} ", time(seen.at), arrow(seen.from)), text);
}

fn style(id: &Id) -> Style {
    COLOURS[id.number % COLOURS.len()].on_default()
}

fn arrow(from: End) -> char {
    if from == End::Client { '→' } else { '←' }
}

fn ms(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1000.0)
}

fn time(at: Duration) -> String {
    format!("{:>10}", ms(at))
}
