//! Which protocol it is: HTTP/2, HTTP/1.1, TLS, which hides it, or another one.

use crate::End;
use crate::frames::{self, HEAD, PREFACE};
use crate::tls;

/// What a request of HTTP/1.1 may begin with.
const METHODS: [&[u8]; 9] = [
    b"GET ",
    b"POST ",
    b"PUT ",
    b"HEAD ",
    b"OPTIONS ",
    b"DELETE ",
    b"PATCH ",
    b"TRACE ",
    b"CONNECT ",
];

/// What its answer begins with.
const ANSWER: &[u8] = b"HTTP/1.";

/// How what one end sends is read.
#[derive(Clone, Copy, Default, PartialEq)]
pub enum Reads {
    /// Nothing has come yet.
    #[default]
    Beginning,
    Frames,
    Http1,
    Tls(tls::Stream),
    Nothing,
}

impl Reads {
    /// Whether it is in the middle of something of which nothing is kept.
    pub fn is_within(self) -> bool {
        matches!(self, Reads::Tls(stream) if stream.is_within())
    }
}

/// How what `from` sends is to be read, if `rest` is the beginning of it, and what the client sends
/// is read as `client` says. None if that cannot be said yet.
pub fn beginning(from: End, rest: &[u8], client: Reads) -> Option<Reads> {
    let is_tls = matches!(rest, [0x14..=0x17, 3, ..]);
    let begins = |beginning: &&[u8]| beginning.starts_with(rest);
    Some(match from {
        // The server, too, if the client doesn't: it says so in a record.
        _ if is_tls => Reads::Tls(tls::Stream::default()),
        End::Client if rest.starts_with(PREFACE) => Reads::Frames,
        End::Client if METHODS.iter().any(|it| rest.starts_with(it)) => Reads::Http1,
        End::Client if PREFACE.starts_with(rest) || rest == [0x16] => return None,
        End::Client if METHODS.iter().any(begins) => return None,
        End::Client => Reads::Nothing,
        End::Server if client == Reads::Http1 && rest.starts_with(ANSWER) => Reads::Http1,
        // Its first frame is SETTINGS, of the connection as a whole.
        End::Server => match rest.first_chunk::<HEAD>()? {
            [0, _, _, frames::SETTINGS, _, _, 0, 0, 0] => Reads::Frames,
            _ => Reads::Nothing,
        },
    })
}

/// What is wrong with `bytes`, which are no beginning of what can be read.
pub fn what_else(bytes: &[u8], client: Reads) -> &'static str {
    match client {
        Reads::Http1 => "not HTTP/1.1",
        _ if bytes.starts_with(ANSWER) => "not HTTP/2, but HTTP/1.1",
        _ => "not HTTP/2",
    }
}
