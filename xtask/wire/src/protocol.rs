//! Which protocol it is: HTTP/2, TLS, which hides it, or another one.

use crate::End;
use crate::frames::{self, HEAD, PREFACE};
use crate::tls;

/// How what one end sends is read.
#[derive(Clone, Copy, PartialEq)]
pub enum Reads {
    /// Nothing has come yet.
    Beginning,
    Frames,
    Tls(tls::Stream),
    Nothing,
}

impl Reads {
    /// Whether it is in the middle of something of which nothing is kept.
    pub fn is_within(self) -> bool {
        matches!(self, Reads::Tls(stream) if stream.is_within())
    }
}

/// How what `from` sends is to be read, if `rest` is the beginning of it. None if that cannot be said
/// yet.
pub fn beginning(from: End, rest: &[u8]) -> Option<Reads> {
    let is_tls = matches!(rest, [0x14..=0x17, 3, ..]);
    Some(match from {
        // The server, too, if the client doesn't: it says so in a record.
        _ if is_tls => Reads::Tls(tls::Stream::default()),
        End::Client if rest.starts_with(PREFACE) => Reads::Frames,
        End::Client if PREFACE.starts_with(rest) || rest == [0x16] => return None,
        End::Client => Reads::Nothing,
        // Its first frame is SETTINGS, of the connection as a whole.
        End::Server => match rest.first_chunk::<HEAD>()? {
            [0, _, _, frames::SETTINGS, _, _, 0, 0, 0] => Reads::Frames,
            _ => Reads::Nothing,
        },
    })
}

/// What it is instead of HTTP/2, if that can be told.
pub fn what_else(bytes: &[u8]) -> &'static str {
    const METHODS: [&[u8]; 5] = [b"GET ", b"POST ", b"PUT ", b"HEAD ", b"OPTIONS "];
    let is_http = bytes.starts_with(b"HTTP/1.") || METHODS.iter().any(|it| bytes.starts_with(it));
    if is_http { ", but HTTP/1" } else { "" }
}
