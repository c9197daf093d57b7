//! What has crossed a connection, as it is handed on to be shown.

use std::time::Duration;

use crate::End;
use crate::call::{Id, Message, Status, Total};
use crate::frames::Frame;
use crate::headers::Header;
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
            What::Frame(told) => &told.frame.bytes,
            _ => &self.bytes,
        }
    }
}

/// What it is.
pub enum What {
    Preface,
    Frame(Box<Told>),
    Tls(Record),
    /// Bytes that we cannot read.
    Raw,
    /// This end sends no more.
    Closed,
}

/// A frame, and what it tells.
pub struct Told {
    pub frame: Frame,
    /// In words.
    pub says: Vec<String>,
    pub headers: Vec<Header>,
    pub call: Option<Id>,
    pub messages: Vec<Message>,
    pub status: Option<Status>,
    pub total: Option<Total>,
    /// Whether it ends the call without a status; what it says last is why.
    pub has_no_status: bool,
}

impl Told {
    pub fn of(frame: Frame) -> Told {
        Told {
            frame,
            says: Vec::new(),
            headers: Vec::new(),
            call: None,
            messages: Vec::new(),
            status: None,
            total: None,
            has_no_status: false,
        }
    }
}
