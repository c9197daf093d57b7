//! TLS (RFC 8446): what can be seen of it from outside. How it begins is in the clear, and says which
//! version it is; then there are only lengths.

use crate::End;

/// The head of a record: its type, a version that means nothing any more, and its length.
pub const HEAD: usize = 5;

const HANDSHAKE: u8 = 22;

/// The first message of a server's handshake, by its type.
const SERVER_HELLO: u8 = 2;

/// In that message: the version, and before the next field a random number.
const VERSION_AND_RANDOM: usize = 2 + 32;

/// The extension that has the version since 1.3.
const SUPPORTED_VERSIONS: u16 = 43;

/// What one end sends.
#[derive(Clone, Copy, Default, PartialEq)]
pub struct Stream {
    /// What is left of a record, in bytes.
    left: usize,
    has_begun: bool,
}

/// The head of a record, and what is known of the rest.
pub struct Record {
    pub kind: &'static str,
    pub length: usize,
    /// Which version it chooses.
    pub version: Option<&'static str>,
    pub head: [u8; HEAD],
}

/// What there is to say of a connection over TLS.
pub struct Encrypted {
    pub connection: usize,
    /// None if the two did not get that far.
    pub version: Option<&'static str>,
    /// How many bytes the client has sent, and the server.
    pub there: u64,
    pub back: u64,
}

impl Stream {
    /// Whether it is in the middle of a record.
    pub fn is_within(self) -> bool {
        self.left > 0
    }

    /// Takes the head of the next record of `from` out of `rest`, and what is left of the one before.
    /// None if not all of that is there. Of a server's first record all has to be there: it is its
    /// hello.
    pub fn take(&mut self, from: End, rest: &mut &[u8]) -> Option<Record> {
        let now = self.left.min(rest.len());
        rest.split_off(..now)?;
        self.left -= now;
        if self.is_within() {
            return None;
        }
        let head = *rest.first_chunk::<HEAD>()?;
        let [kind, .., high, low] = head;
        let length = usize::from(u16::from_be_bytes([high, low]));
        let mut version = None;
        if from == End::Server && kind == HANDSHAKE && !self.has_begun {
            version = version_in(rest.get(HEAD..HEAD + length)?);
        }
        self.has_begun = true;
        self.left = length;
        rest.split_off(..HEAD)?;
        Some(Record { kind: name(kind), length, version, head })
    }
}

/// The name of a type of records.
fn name(kind: u8) -> &'static str {
    match kind {
        20 => "change cipher spec",
        21 => "alert",
        HANDSHAKE => "handshake",
        23 => "application data",
        _ => "unknown",
    }
}

/// The version that a server chooses in its hello. None if it is none.
fn version_in(mut hello: &[u8]) -> Option<&'static str> {
    let [kind, _, _, _] = *hello.split_off(..4)? else { return None };
    if kind != SERVER_HELLO {
        return None;
    }
    let old = number(hello.split_off(..VERSION_AND_RANDOM)?.get(..2)?)?;
    let session = *hello.split_off_first()?;
    hello.split_off(..usize::from(session))?;
    // Which cipher, and how it is compressed.
    hello.split_off(..3)?;
    // Before 1.3 there need be no extensions.
    Some(match supported_version(hello).unwrap_or(old) {
        0x0304 => "TLS 1.3",
        0x0303 => "TLS 1.2",
        0x0302 => "TLS 1.1",
        0x0301 => "TLS 1.0",
        _ => "TLS of an unknown version",
    })
}

/// What the extension says that has the version, if it is among the extensions.
fn supported_version(mut extensions: &[u8]) -> Option<u16> {
    // How long they all are.
    extensions.split_off(..2)?;
    loop {
        let kind = number(extensions.split_off(..2)?)?;
        let length = number(extensions.split_off(..2)?)?;
        let content = extensions.split_off(..usize::from(length))?;
        if kind == SUPPORTED_VERSIONS {
            return number(content);
        }
    }
}

fn number(bytes: &[u8]) -> Option<u16> {
    Some(u16::from_be_bytes(bytes.try_into().ok()?))
}
