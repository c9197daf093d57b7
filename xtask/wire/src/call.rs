//! A call: a stream of HTTP/2, and what gRPC says on it.

use std::sync::Arc;
use std::time::Duration;

use protox::prost_reflect::{DynamicMessage, MessageDescriptor, MethodDescriptor};

use crate::End;
use crate::fields;
use crate::headers::Header;
use crate::messages::{Messages, Sent};
use crate::words;

/// How much of its path we keep, in characters: there may be many calls, and paths as long as headers
/// may be.
const LONGEST_PATH: usize = 1000;

/// A call that is under way.
pub struct Call {
    pub id: Id,
    method: Option<MethodDescriptor>,
    begun: Duration,
    /// What each end has sent.
    halves: [Half; 2],
    pub has_status: bool,
    /// The status of HTTP, as the server's headers have it.
    pub http_status: Option<String>,
}

/// Which call it is.
#[derive(Clone)]
pub struct Id {
    /// From 1, on whichever connection.
    pub number: usize,
    /// `/helloworld.Greeter/SayHello`.
    pub path: Arc<str>,
}

impl Id {
    pub fn new(number: usize, path: &str) -> Id {
        Id { number, path: path.chars().take(LONGEST_PATH).collect::<String>().into() }
    }

    /// The last part of the path.
    pub fn method(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or_default()
    }
}

/// What one end has sent of a call.
#[derive(Default)]
struct Half {
    /// All frames, with their heads.
    bytes: u64,
    /// Whether its messages are gRPC's.
    is_grpc: bool,
    encoding: Option<String>,
    messages: Messages,
    has_headers: bool,
    has_ended: bool,
}

/// How a call has ended, as the server says: the number of its status, and its message.
pub struct Status {
    pub code: String,
    pub message: String,
}

impl Status {
    /// The name of the status, and the message if there is one.
    pub fn text(&self) -> String {
        let name = words::status(&self.code);
        if self.message.is_empty() { name } else { format!("{name}: {}", self.message) }
    }
}

/// What a call took, when it is over.
pub struct Total {
    pub there: u64,
    pub back: u64,
    pub time: Duration,
}

/// A message, and what could be made of it.
pub struct Message {
    pub sent: Sent,
    /// What was compressed, if that could be read.
    pub unpacked: Option<Vec<u8>>,
    /// What it is, as the proto says.
    pub kind: Option<MessageDescriptor>,
    pub read: Option<DynamicMessage>,
    /// Why it could not be read, or not as the proto has it.
    pub wrong: Option<String>,
}

impl Message {
    fn of(sent: Sent, kind: Option<MessageDescriptor>, encoding: Option<&str>) -> Message {
        let mut message = Message { sent, unpacked: None, kind, read: None, wrong: None };
        if message.sent.body.is_none() {
            message.wrong = Some("too long to be shown".into());
            return message;
        }
        if message.sent.is_compressed() {
            match message.sent.unpacked(encoding) {
                Ok(unpacked) => message.unpacked = Some(unpacked),
                Err(why) => {
                    message.wrong = Some(why);
                    return message;
                }
            }
        }
        if let Some(kind) = &message.kind {
            match DynamicMessage::decode(kind.clone(), message.plain()) {
                Ok(read) => message.read = Some(read),
                Err(error) => {
                    message.wrong = Some(format!("not a {}: {error}", kind.name()));
                }
            }
        } else if let Err(why) = fields::by_number(message.plain()) {
            message.wrong = Some(format!("not a message of protocol buffers: {why}"));
        }
        message
    }

    /// Its bytes, unpacked; none if they are not there.
    pub fn plain(&self) -> &[u8] {
        self.unpacked.as_deref().or(self.sent.body.as_deref()).unwrap_or_default()
    }

    /// The message as text: as the proto has it, or by number and wire type, or as bytes.
    pub fn text(&self) -> String {
        if let Some(read) = &self.read {
            return crate::text::text(read);
        }
        if self.sent.body.is_none() || self.sent.is_compressed() && self.unpacked.is_none() {
            return fields::count(self.sent.length());
        }
        let plain = self.plain();
        let is_text = |text: &&str| !text.contains(char::is_control);
        fields::by_number(plain).unwrap_or_else(|_| {
            // JSON, perhaps.
            let text = str::from_utf8(plain).ok().filter(is_text);
            text.map_or_else(|| fields::text_or_bytes(plain), str::to_owned)
        })
    }
}

impl Call {
    pub fn begin(id: Id, method: Option<MethodDescriptor>, begun: Duration) -> Call {
        let halves = Default::default();
        Call { id, method, begun, halves, has_status: false, http_status: None }
    }

    fn half(&mut self, end: End) -> &mut Half {
        &mut self.halves[end as usize]
    }

    /// Takes note of a frame of so many bytes.
    pub fn count(&mut self, end: End, bytes: usize) {
        self.half(end).bytes += bytes as u64;
    }

    /// Takes note of `headers`. Returns the status, if they have one.
    pub fn headers(&mut self, end: End, headers: &[Header]) -> Option<Status> {
        let value = |name: &str| {
            headers.iter().find(|header| header.name == name).map(|header| header.value.as_str())
        };
        let half = self.half(end);
        // An answer like 100 or 103 comes before the real one.
        let is_first = !half.has_headers && !value(":status").is_some_and(|it| it.starts_with('1'));
        if is_first {
            half.has_headers = true;
            half.is_grpc =
                value("content-type").is_some_and(|it| it.starts_with("application/grpc"));
            half.encoding = value("grpc-encoding").map(str::to_owned);
        }
        if end == End::Client {
            return None;
        }
        // The last one: there may be a 100 or 103 before it.
        self.http_status = value(":status").map(str::to_owned).or(self.http_status.take());
        let code = value("grpc-status")?.to_owned();
        self.has_status = true;
        Some(Status { code, message: from_percent(value("grpc-message").unwrap_or_default()) })
    }

    /// Takes the content of a DATA frame. Returns the messages that end in it, and whether it is
    /// gRPC's at all.
    pub fn data(&mut self, end: End, data: &[u8], room: &mut usize) -> (Vec<Message>, bool) {
        let kind = self.method.as_ref().map(|method| match end {
            End::Client => method.input(),
            End::Server => method.output(),
        });
        let half = self.half(end);
        if !half.is_grpc {
            return (Vec::new(), false);
        }
        let sent = half.messages.take(data, room);
        let encoding = half.encoding.as_deref();
        let read = sent.into_iter().map(|sent| Message::of(sent, kind.clone(), encoding));
        (read.collect(), true)
    }

    /// What is there of a message that has not ended: see [`Messages::unfinished`].
    pub fn unfinished(&mut self, end: End) -> Option<(usize, Option<usize>)> {
        self.half(end).messages.unfinished()
    }

    /// One end sends no more. Returns whether the call is over.
    pub fn ends(&mut self, end: End) -> bool {
        self.half(end).has_ended = true;
        self.halves.iter().all(|half| half.has_ended)
    }

    /// What it took, at its end; gives back what it takes of `room`.
    pub fn total(mut self, now: Duration, room: &mut usize) -> Total {
        self.halves.iter_mut().for_each(|half| half.messages.forget(room));
        let [there, back] = self.halves.map(|half| half.bytes);
        Total { there, back, time: now.saturating_sub(self.begun) }
    }
}

/// `text` with what stands for `%20` and the like, as gRPC writes the message of a status.
fn from_percent(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let digits = after.get(..2).filter(|digits| digits.iter().all(u8::is_ascii_hexdigit));
        let digits = digits.filter(|_| *first == b'%').and_then(|it| str::from_utf8(it).ok());
        rest = after;
        match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &rest[2..];
            }
            None => bytes.push(*first),
        }
    }
    let text = String::from_utf8_lossy(&bytes);
    // So that it does nothing to a terminal.
    text.chars()
        .flat_map(|c| if c.is_control() { c.escape_default().collect() } else { vec![c] })
        .collect()
}
