//! What has crossed a connection, as it is handed on to be shown.

use std::time::Duration;

use crate::End;
use crate::call::{Id, Message, Status, Total, Trailers};
use crate::frames::Frame;
use crate::headers::Header;
use crate::http1::Part;
use crate::tls::Record;

/// What has crossed a connection, and when.
pub struct Seen {
    pub at: Duration,
    /// Which one, from 1.
    pub connection: usize,
    /// To which server, from 1, if there are several.
    pub server: Option<usize>,
    pub from: End,
    pub what: What,
    /// All of it, but for a frame, which has its own; for a TLS record no more than its head.
    pub bytes: Vec<u8>,
    /// What is wrong with it, or why it cannot be read.
    pub wrong: Option<String>,
}

impl Seen {
    /// Its bytes.
    pub fn bytes(&self) -> &[u8] {
        match &self.what {
            What::Frame(frame, _) => &frame.bytes,
            _ => &self.bytes,
        }
    }
}

/// What it is.
pub enum What {
    Preface,
    Frame(Frame, Box<Told>),
    Part(Part, Box<Told>),
    Tls(Record),
    /// Bytes that we cannot read.
    Raw,
    /// This end sends no more.
    Closed,
}

/// What has crossed, its bytes if they are not in there, and what is wrong with it.
pub type Next = (What, Vec<u8>, Option<String>);

/// What a frame tells, or a part.
#[derive(Default)]
pub struct Told {
    /// In words.
    pub says: Vec<String>,
    pub headers: Vec<Header>,
    pub call: Option<Id>,
    pub messages: Vec<Message>,
    pub trailers: Option<Trailers>,
    pub status: Option<Status>,
    pub total: Option<Total>,
    /// Whether it ends the call without a status; what it says last is why.
    pub has_no_status: bool,
}
