//! A call: a stream of HTTP/2, or a request of HTTP/1.1 and its answer, and what gRPC says there.

use std::sync::Arc;
use std::time::Duration;

use protox::prost_reflect::{DynamicMessage, MessageDescriptor, MethodDescriptor};

use crate::End;
use crate::fields;
use crate::headers::{Header, value};
use crate::http1;
use crate::messages::{Base64, Messages, PREFIX, Sent};
use crate::seen::Told;
use crate::words;

/// How much of its path we keep, in characters: there may be many calls, and paths as long as headers
/// may be.
const LONGEST_PATH: usize = 1000;

/// How much we keep of what is a word, if all is well.
const LONGEST_WORD: usize = 100;

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
    /// All of it, with the heads of frames and of HTTP/1.1.
    bytes: u64,
    form: Form,
    encoding: Option<String>,
    messages: Messages,
    has_headers: bool,
    has_ended: bool,
}

/// What one end sends, as its headers say.
#[derive(Default)]
enum Form {
    #[default]
    Other,
    Grpc,
    /// The trailers are in the body, too.
    Web,
    /// In base64.
    WebText(Base64),
}

impl Form {
    fn of(content_type: &str) -> Form {
        match content_type {
            it if it.starts_with("application/grpc-web-text") => Form::WebText(Base64::default()),
            it if it.starts_with("application/grpc-web") => Form::Web,
            it if it.starts_with("application/grpc") => Form::Grpc,
            _ => Form::Other,
        }
    }
}

/// The trailers of gRPC-Web, and what stands before them.
pub struct Trailers {
    pub prefix: [u8; PREFIX],
    pub headers: Vec<Header>,
}

impl Trailers {
    fn of(sent: &Sent, encoding: Option<&str>) -> Result<Trailers, String> {
        let mut lines = match &sent.body {
            None => return Err("too long to be shown".into()),
            Some(_) if sent.is_compressed() => sent.unpacked(encoding)?,
            Some(body) => body.clone(),
        };
        // What ends them in HTTP/1.1 they don't have here.
        lines.extend(b"\r\n\r\n");
        let headers = http1::trailers(&lines)?.map(|(_, headers)| headers).unwrap_or_default();
        Ok(Trailers { prefix: sent.prefix, headers })
    }
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

    /// Takes note of `headers`, and of the status of HTTP. Returns the one of gRPC, if it's there.
    pub fn headers(&mut self, end: End, headers: &[Header], http: Option<&str>) -> Option<Status> {
        let half = self.half(end);
        // An answer like 100 or 103 comes before the real one.
        let is_first = !half.has_headers && !http.is_some_and(|it| it.starts_with('1'));
        if is_first {
            half.has_headers = true;
            half.form = Form::of(value(headers, "content-type").unwrap_or_default());
            half.encoding = value(headers, "grpc-encoding").map(word);
        }
        if end == End::Client {
            return None;
        }
        // The last one: there may be a 100 or 103 before it.
        self.http_status = http.map(word).or(self.http_status.take());
        self.status(headers)
    }

    fn status(&mut self, headers: &[Header]) -> Option<Status> {
        let code = value(headers, "grpc-status")?.to_owned();
        self.has_status = true;
        let message = from_percent(value(headers, "grpc-message").unwrap_or_default());
        Some(Status { code, message })
    }

    /// Takes some of what `end` sends between its headers, and says in `told` what ends there. `room`
    /// is what there is for messages that don't.
    ///
    /// # Errors
    ///
    /// If some of it cannot be read: why, in words.
    pub fn data(
        &mut self,
        end: End,
        data: &[u8],
        is_last: bool,
        room: &mut usize,
        told: &mut Told,
    ) -> Result<(), String> {
        let kind = self.method.as_ref().map(|method| match end {
            End::Client => method.input(),
            End::Server => method.output(),
        });
        let half = self.half(end);
        let has_trailers = end == End::Server && !matches!(half.form, Form::Grpc);
        let mut plain = Vec::new();
        let (mut result, data) = match &mut half.form {
            Form::Other => {
                if !data.is_empty() {
                    told.says.push("not gRPC: its headers say another content-type".into());
                }
                return Ok(());
            }
            Form::WebText(base64) => (base64.take(data, &mut plain), &plain[..]),
            Form::Grpc | Form::Web => (Ok(()), data),
        };
        let sent = half.messages.take(data, room);
        let encoding = half.encoding.clone();
        if let (false, Some((so_far, all))) = (is_last, half.messages.unfinished()) {
            told.says.push(match all {
                Some(all) => format!("a message: {so_far} of {all} bytes so far"),
                None => "a message begins".into(),
            });
        }
        for sent in sent {
            let Some(lines) = sent.as_trailers().filter(|_| has_trailers) else {
                told.messages.push(Message::of(sent, kind.clone(), encoding.as_deref()));
                continue;
            };
            match Trailers::of(&lines, encoding.as_deref()) {
                Ok(trailers) => {
                    told.status = self.status(&trailers.headers);
                    told.trailers = Some(Trailers { prefix: sent.prefix, ..trailers });
                }
                Err(why) => result = Err(format!("trailers that can't be read: {why}")),
            }
        }
        result
    }

    /// What `end` is in the middle of, if it sends no more.
    pub fn cut(&mut self, end: End) -> Option<String> {
        let half = self.half(end);
        if let Form::WebText(base64) = &half.form
            && base64.is_within()
        {
            return Some("in the middle of four letters of base64".into());
        }
        let (so_far, all) = half.messages.unfinished()?;
        let all = all.map_or("at least 5".into(), |all| all.to_string());
        Some(format!("in the middle of a message: {so_far} of {all} bytes"))
    }

    /// One end sends no more. Returns whether the call is over.
    pub fn ends(&mut self, end: End) -> bool {
        self.half(end).has_ended = true;
        self.halves.iter().all(|half| half.has_ended)
    }

    /// It is over: says in `told` what it took, and if the answer `is_read` and has no status,
    /// that. Gives back what it takes of `room`.
    pub fn over(mut self, now: Duration, is_read: bool, room: &mut usize, told: &mut Told) {
        if let (true, false, Some(http)) = (is_read, self.has_status, &self.http_status) {
            told.says.push(format!("no grpc-status; HTTP status {http}"));
            told.has_no_status = true;
        }
        self.halves.iter_mut().for_each(|half| half.messages.forget(room));
        let [there, back] = self.halves.map(|half| half.bytes);
        told.total = Some(Total { there, back, time: now.saturating_sub(self.begun) });
    }
}

fn word(text: &str) -> String {
    text.chars().take(LONGEST_WORD).collect()
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
