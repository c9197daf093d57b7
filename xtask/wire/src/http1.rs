//! HTTP/1.1 (RFC 9112): where a head, a body and its chunks begin and end. httparse reads lines.

use std::fmt::Display;

use httparse::{EMPTY_HEADER, Error, Request, Response, Status, parse_chunk_size, parse_headers};

use crate::End;
use crate::headers::{Header, LONGEST_LIST, all, text};

/// How many headers of one head we read. Most servers take a hundred.
const MOST_HEADERS: usize = 1000;

/// A part of what one end sends.
pub enum Part {
    Head {
        /// The first one.
        line: String,
        /// In an answer: to what, and with which status, unless it is a call's.
        answer: Option<String>,
    },
    /// So many bytes of a body, as they came.
    Body(usize),
    /// So many bytes of a chunk.
    Chunk(usize),
    LastChunk,
}

impl Part {
    pub fn name(&self) -> &'static str {
        match self {
            Part::Head { .. } => "head",
            Part::Body(_) => "body",
            Part::Chunk(_) => "chunk",
            Part::LastChunk => "last chunk",
        }
    }
}

/// A request's head, or an answer's.
pub struct Head {
    pub length: usize,
    pub line: String,
    pub start: Start,
    pub headers: Vec<Header>,
}

/// What the first line says.
pub enum Start {
    Request { method: String, path: String },
    Answer { status: u16, reason: String },
}

impl Head {
    /// The head at the beginning of `bytes`, which `from` has sent. None if not all of it is there.
    ///
    /// # Errors
    ///
    /// If it is none, or too long: what is wrong, in words.
    pub fn read(from: End, bytes: &[u8]) -> Result<Option<Head>, String> {
        let mut room = [EMPTY_HEADER; MOST_HEADERS];
        let (status, start) = match from {
            End::Client => {
                let mut request = Request::new(&mut room);
                let status = request.parse(bytes);
                let [method, path] =
                    [request.method, request.path].map(|it| it.unwrap_or_default());
                (status, Start::Request { method: method.to_owned(), path: path.to_owned() })
            }
            End::Server => {
                let mut response = Response::new(&mut room);
                let status = response.parse(bytes);
                let reason = response.reason.unwrap_or_default().to_owned();
                (status, Start::Answer { status: response.code.unwrap_or_default(), reason })
            }
        };
        let Some(length) = whole(status, bytes)? else { return Ok(None) };
        // There may be an empty line before it.
        let mut lines = bytes[..length].split_inclusive(|byte| *byte == b'\n');
        let first = lines.find(|line| !line.trim_ascii().is_empty()).unwrap_or_default();
        let headers = room.iter().zip(lines).map_while(|(header, line)| of(header, line)).collect();
        Ok(Some(Head { length, line: text(first.trim_ascii()), start, headers }))
    }
}

/// The headers at the end of a body in chunks, or of one in gRPC-Web, and how long they are. None
/// if not all of them are there.
///
/// # Errors
///
/// If they are none, or too long: what is wrong, in words.
pub fn trailers(bytes: &[u8]) -> Result<Option<(usize, Vec<Header>)>, String> {
    let mut room = [EMPTY_HEADER; MOST_HEADERS];
    let status = match parse_headers(bytes, &mut room) {
        Ok(Status::Complete((length, _))) => Ok(Status::Complete(length)),
        Ok(Status::Partial) => Ok(Status::Partial),
        Err(error) => Err(error),
    };
    let Some(length) = whole(status, bytes)? else { return Ok(None) };
    let lines = bytes[..length].split_inclusive(|byte| *byte == b'\n');
    let headers = room.iter().zip(lines).map_while(|(header, line)| of(header, line)).collect();
    Ok(Some((length, headers)))
}

/// How long it is, if all of it is there.
fn whole(status: Result<Status<usize>, Error>, bytes: &[u8]) -> Result<Option<usize>, String> {
    match status {
        Ok(Status::Complete(length)) if length <= LONGEST_LIST => Ok(Some(length)),
        Ok(Status::Partial) if bytes.len() <= LONGEST_LIST => Ok(None),
        Ok(_) => Err(format!("headers that are more than {LONGEST_LIST} bytes")),
        Err(Error::TooManyHeaders) => Err(format!("more than {MOST_HEADERS} headers")),
        Err(error) => Err(gone_wrong(error)),
    }
}

/// A header, with the line that it was. None behind the last one.
fn of(header: &httparse::Header<'_>, line: &[u8]) -> Option<Header> {
    (!header.name.is_empty()).then(|| Header {
        name: header.name.to_owned(),
        value: text(header.value),
        bytes: line.to_vec(),
        is_known: false,
    })
}

/// What is left of a body.
#[derive(Clone, Copy, PartialEq)]
pub enum Body {
    /// So many bytes; none between a body and the next head.
    Left(u64),
    /// So many bytes of a chunk, and then others.
    Chunks {
        left: u64,
        is_first: bool,
    },
    UntilClosed,
}

/// Some of a body.
pub struct Piece<'a> {
    pub part: Part,
    pub content: &'a [u8],
    /// Of the last chunk.
    pub headers: Vec<Header>,
    /// Whether there are more bytes of this chunk.
    pub goes_on: bool,
}

impl Body {
    /// The body behind the head of a request.
    ///
    /// # Errors
    ///
    /// If nobody can say where it ends: why, in words.
    pub fn of_request(headers: &[Header]) -> Result<Body, String> {
        match Body::said(headers, Body::Left(0))? {
            Body::UntilClosed => Err(gone_wrong("a request whose end nobody can see")),
            body => Ok(body),
        }
    }

    /// The body behind the head of an answer with this status to a request with this method.
    ///
    /// # Errors
    ///
    /// If nobody can say where it ends: why, in words.
    pub fn of_answer(headers: &[Header], status: u16, method: &str) -> Result<Body, String> {
        if method == "HEAD" || matches!(status, 100..=199 | 204 | 304) {
            return Ok(Body::Left(0));
        }
        Body::said(headers, Body::UntilClosed)
    }

    /// What `headers` say, and `otherwise` if they say nothing.
    fn said(headers: &[Header], otherwise: Body) -> Result<Body, String> {
        let values = |name| all(headers, name).flat_map(|it| it.split(',')).map(str::trim);
        if let Some(last) = values("transfer-encoding").last() {
            let is_chunked = last.eq_ignore_ascii_case("chunked");
            let chunks = Body::Chunks { left: 0, is_first: true };
            return Ok(if is_chunked { chunks } else { Body::UntilClosed });
        }
        let mut lengths = values("content-length");
        let Some(length) = lengths.next() else { return Ok(otherwise) };
        if lengths.any(|it| it != length) {
            return Err(gone_wrong("two lengths of one body"));
        }
        let is_number = length.bytes().all(|it| it.is_ascii_digit());
        let number = length.parse().ok().filter(|_| is_number);
        let number = number.ok_or_else(|| gone_wrong(format!("{length:?} is no length")))?;
        Ok(Body::Left(number))
    }

    /// Takes what has come of it out of `rest`. None if there is nothing yet.
    ///
    /// # Errors
    ///
    /// If a chunk is none: what is wrong, in words.
    pub fn take<'a>(&mut self, rest: &mut &'a [u8]) -> Result<Option<Piece<'a>>, String> {
        let mut ahead = *rest;
        if let Body::Chunks { left: 0, is_first } = *self {
            if !is_first {
                match ahead.split_off(..2) {
                    Some(b"\r\n") => {}
                    None if b"\r\n".starts_with(ahead) => return Ok(None),
                    _ => return Err(gone_wrong("a chunk that is longer than it says")),
                }
            }
            let (length, size) = match parse_chunk_size(ahead) {
                Ok(Status::Complete(read)) => read,
                Ok(Status::Partial) if ahead.len() <= LONGEST_LIST => return Ok(None),
                _ => return Err(gone_wrong("no length of a chunk")),
            };
            ahead = &ahead[length..];
            *self = match size {
                0 => {
                    let Some((length, headers)) = trailers(ahead)? else { return Ok(None) };
                    *rest = &ahead[length..];
                    *self = Body::Left(0);
                    let part = Part::LastChunk;
                    return Ok(Some(Piece { part, content: &[], headers, goes_on: false }));
                }
                // Its length comes with what it is the length of.
                _ if ahead.is_empty() => return Ok(None),
                left => Body::Chunks { left, is_first: false },
            };
        }
        if ahead.is_empty() {
            return Ok(None);
        }
        let most = match *self {
            Body::Left(left) | Body::Chunks { left, .. } => left,
            Body::UntilClosed => u64::MAX,
        };
        let now = ahead.len().min(usize::try_from(most).unwrap_or(usize::MAX));
        let (content, behind) = ahead.split_at(now);
        *rest = behind;
        let (part, goes_on) = match self {
            Body::Left(left) => {
                *left -= now as u64;
                (Part::Body(now), false)
            }
            Body::Chunks { left, .. } => {
                *left -= now as u64;
                (Part::Chunk(now), *left > 0)
            }
            Body::UntilClosed => (Part::Body(now), false),
        };
        Ok(Some(Piece { part, content, headers: Vec::new(), goes_on }))
    }
}

/// Says of what is wrong that it is HTTP/1.1 that is, and none of our own limits.
pub fn gone_wrong(why: impl Display) -> String {
    format!("HTTP/1.1 gone wrong: {why}")
}
