//! Frames of HTTP/2 (RFC 9113): where one begins and ends, what its type and its flags are called.
//!
//! The frames of `h2`, which tonic runs on, are its own: nothing else can read one.

use std::fmt::Display;

/// What a client sends first, so that nobody takes it for another protocol.
pub const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// How long the head of a frame is, in bytes.
pub const HEAD: usize = 9;

/// How long the content of a frame may be, in bytes, unless somebody has said otherwise.
pub const MAX_LENGTH: usize = 16_384;

pub const DATA: u8 = 0;
pub const HEADERS: u8 = 1;
pub const PRIORITY: u8 = 2;
pub const RST_STREAM: u8 = 3;
pub const SETTINGS: u8 = 4;
pub const PUSH_PROMISE: u8 = 5;
pub const PING: u8 = 6;
pub const GOAWAY: u8 = 7;
pub const WINDOW_UPDATE: u8 = 8;
pub const CONTINUATION: u8 = 9;

pub const ACK: u8 = 0x1;
pub const END_STREAM: u8 = 0x1;
pub const END_HEADERS: u8 = 0x4;
pub const PADDED: u8 = 0x8;
const HAS_PRIORITY: u8 = 0x20;

/// A frame as it came.
pub struct Frame {
    pub kind: u8,
    pub flags: u8,
    pub stream: u32,
    /// All of it: its head, and its content.
    pub bytes: Vec<u8>,
}

impl Frame {
    /// The frame at the beginning of `bytes`, as far as its head goes, and the length of its content.
    /// None if not all of the head is there.
    fn head(bytes: &[u8]) -> Option<(Frame, usize)> {
        let [a, b, c, kind, flags, stream @ ..] = bytes.first_chunk::<HEAD>()?;
        let length = u32::from_be_bytes([0, *a, *b, *c]) as usize;
        // The first bit means nothing.
        let stream = u32::from_be_bytes(*stream) & 0x7fff_ffff;
        Some((Frame { kind: *kind, flags: *flags, stream, bytes: Vec::new() }, length))
    }

    /// Takes the first frame out of `bytes`, which may be longer than `limit` only if somebody has said
    /// so. None if not all of it is there.
    ///
    /// # Errors
    ///
    /// If it is too long: what that is, in words.
    pub fn take(bytes: &mut &[u8], limit: usize) -> Result<Option<Frame>, String> {
        let Some((mut frame, length)) = Frame::head(bytes) else { return Ok(None) };
        if length > limit {
            return Err(format!("a frame of {length} bytes, where {limit} are allowed"));
        }
        let Some(all) = bytes.split_off(..HEAD + length) else { return Ok(None) };
        frame.bytes = all.to_vec();
        Ok(Some(frame))
    }

    /// What comes after the head.
    pub fn payload(&self) -> &[u8] {
        self.bytes.get(HEAD..).unwrap_or_default()
    }

    pub fn has(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }

    /// What a DATA, HEADERS or PUSH_PROMISE frame is about, without the padding and the numbers before
    /// it.
    ///
    /// # Errors
    ///
    /// If it is too short for these: what is wrong, in words.
    pub fn content(&self) -> Result<&[u8], String> {
        let mut rest = self.payload();
        let short = || format!("{} is too short for what its flags say", name(self.kind));
        if self.has(PADDED) && [DATA, HEADERS, PUSH_PROMISE].contains(&self.kind) {
            let padding = *rest.split_off_first().ok_or_else(short)? as usize;
            let length = rest.len().checked_sub(padding).ok_or_else(short)?;
            rest = &rest[..length];
        }
        let numbers = match self.kind {
            HEADERS if self.has(HAS_PRIORITY) => 5,
            PUSH_PROMISE => 4,
            _ => 0,
        };
        rest.get(numbers..).ok_or_else(short)
    }

    /// The names of its flags.
    pub fn flag_names(&self) -> Vec<&'static str> {
        let names: &[(u8, &str)] = match self.kind {
            DATA => &[(END_STREAM, "END_STREAM"), (PADDED, "PADDED")],
            HEADERS => &[
                (END_STREAM, "END_STREAM"),
                (END_HEADERS, "END_HEADERS"),
                (PADDED, "PADDED"),
                (HAS_PRIORITY, "PRIORITY"),
            ],
            SETTINGS | PING => &[(ACK, "ACK")],
            PUSH_PROMISE => &[(END_HEADERS, "END_HEADERS"), (PADDED, "PADDED")],
            CONTINUATION => &[(END_HEADERS, "END_HEADERS")],
            _ => &[],
        };
        names.iter().filter(|(flag, _)| self.has(*flag)).map(|(_, name)| *name).collect()
    }
}

/// Says of what is wrong that it is HTTP/2 that is, and none of our own limits.
pub fn gone_wrong(why: impl Display) -> String {
    format!("HTTP/2 gone wrong: {why}")
}

/// The name of a type of frames.
pub fn name(kind: u8) -> &'static str {
    const NAMES: [&str; 10] = [
        "DATA",
        "HEADERS",
        "PRIORITY",
        "RST_STREAM",
        "SETTINGS",
        "PUSH_PROMISE",
        "PING",
        "GOAWAY",
        "WINDOW_UPDATE",
        "CONTINUATION",
    ];
    NAMES.get(usize::from(kind)).copied().unwrap_or("UNKNOWN")
}
