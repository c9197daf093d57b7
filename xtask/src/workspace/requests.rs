//! The requests in a lesson's table, `requests.toml`: those that its server has to refuse, whoever
//! has written it, and those close to them that it must not.

use std::fmt;

use anyhow::{Context, bail, ensure};
use protox::prost_reflect::prost::Message;
use protox::prost_reflect::{DynamicMessage, Kind, MessageDescriptor, Value};
use toml_edit::{Array, InlineTable};

use crate::workspace::lesson::Lesson;
use crate::workspace::{manifest, proto};

/// The file in a lesson's folder with the table.
pub const REQUESTS: &str = "requests.toml";

/// The codes that gRPC has, each at its number.
pub const CODES: [&str; 17] = [
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
];

/// What to say of any other.
const NO_CODE: &str = "a code is one of gRPC's, such as \"NOT_FOUND\"";

/// A call, and what comes of it.
pub struct Request {
    /// With its package: `routeguide.RouteGuide.GetFeature`.
    pub method: String,
    /// What the client sends, as gRPC has it: each message behind a zero and its length.
    pub body: Vec<u8>,
    /// The same as the table has it.
    sent: String,
    /// The code of the answer, `INVALID_ARGUMENT`. None if any error will do.
    code: Option<String>,
    /// The field that the message of the answer has to name.
    names: Option<String>,
    /// The step from which on this is expected: 0 if it is as soon as there is the method.
    pub step: usize,
}

impl Request {
    /// Where the call goes: `/routeguide.RouteGuide/GetFeature`.
    pub fn path(&self) -> String {
        let (service, name) = self.method.rsplit_once('.').unwrap_or_default();
        format!("/{service}/{name}")
    }

    /// What the client sends, in hexadecimal digits.
    pub fn digits(&self) -> String {
        self.body.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Whether only one code will do.
    pub fn has_code(&self) -> bool {
        self.code.is_some()
    }

    /// What is wrong with an answer with this code and message, as it goes on after "it".
    pub fn wrong(&self, code: &str, message: &str) -> Option<String> {
        let is_expected = match &self.code {
            Some(expected) => code == expected,
            None => code != "OK",
        };
        // In whatever words, and whatever is added to the name: `start_point`, `LO`.
        let mut words = message.split(|it: char| !it.is_alphanumeric()).map(str::to_lowercase);
        let is_named =
            self.names.as_ref().is_none_or(|name| words.any(|word| word.starts_with(name)));
        if is_expected && is_named {
            return None;
        }
        let said = if message.is_empty() { String::new() } else { format!(" ({message:?})") };
        Some(format!("answered {code}{said} to {self}"))
    }
}

/// What was called with what, and what is expected.
impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (_, method) = self.method.rsplit_once('.').unwrap_or_default();
        let expected = self.code.as_deref().unwrap_or("an error");
        write!(f, "{method} with {}, expected {expected}", self.sent)?;
        let names = self.names.as_ref();
        names.map_or(Ok(()), |name| write!(f, " and a message that names `{name}`"))
    }
}

/// Reads the table of `lesson`. It is empty if there is none.
///
/// # Errors
///
/// If it is no table of requests, or they do not fit the lesson's protos.
pub fn read(lesson: &Lesson) -> anyhow::Result<Vec<Request>> {
    let path = lesson.folder.join(REQUESTS);
    let mut requests = Vec::new();
    if !path.is_file() {
        return Ok(requests);
    }
    for (method, rows) in manifest::read(&path)?.iter() {
        let place = || format!("{}: {method}", path.display());
        let declared = proto::method(&lesson.folder, method).map_err(anyhow::Error::msg)?;
        let input = declared.context("there is no such method").with_context(place)?.input();
        for row in rows.as_array().context("not an array").with_context(place)? {
            let row = row.as_inline_table().context("not a table");
            let request = row.and_then(|row| request(method, &input, row));
            requests.push(request.with_context(place)?);
        }
    }
    Ok(requests)
}

/// The request in a row of the table: `{ send = { x = 1 }, code = "NOT_FOUND", names = "x" }`. A
/// stream of requests is an array; `bytes` sends what need not be a message, and `step` says from which
/// step on the answer is expected, if that is not the method's own.
fn request(method: &str, input: &MessageDescriptor, row: &InlineTable) -> anyhow::Result<Request> {
    let (mut body, mut sent) = (Vec::new(), String::new());
    let (mut code, mut names, mut step) = (None, None, 0);
    for (key, value) in row {
        let text = || value.as_str().map(str::to_owned);
        match key {
            "send" => {
                let one = || vec![value];
                for fields in value.as_array().map_or_else(one, Vec::from_iter) {
                    let fields = fields.as_inline_table().context("a message is a table")?;
                    body.extend(framed(&message(input, fields)?.encode_to_vec())?);
                }
                sent = value.to_string().trim().to_owned();
            }
            "bytes" => {
                let bytes = value.as_array().and_then(bytes).context("bytes are from 0 to 255")?;
                sent = format!("the bytes {bytes:02x?}, which aren't a {}", input.name());
                body = framed(&bytes)?;
            }
            "code" => code = Some(text().filter(|it| CODES.contains(&&**it)).context(NO_CODE)?),
            "names" => names = Some(text().context("`names` is the name of a field")?),
            "step" => {
                let number = value.as_integer().and_then(|it| it.try_into().ok());
                step = number.context("`step` is a number")?;
            }
            _ => bail!("what is `{key}`?"),
        }
    }
    ensure!(!sent.is_empty(), "nothing to send");
    Ok(Request { method: method.to_owned(), body, sent, code, names, step })
}

fn bytes(numbers: &Array) -> Option<Vec<u8>> {
    numbers.iter().map(|it| u8::try_from(it.as_integer()?).ok()).collect()
}

/// The message of the type `kind` with these fields, by name.
fn message(kind: &MessageDescriptor, fields: &InlineTable) -> anyhow::Result<DynamicMessage> {
    let mut of_kind = DynamicMessage::new(kind.clone());
    for (name, value) in fields {
        let field = kind.get_field_by_name(name);
        let field = field.with_context(|| format!("{} has no field {name}", kind.full_name()))?;
        let wrong = || format!("{name} cannot be {value}");
        let value = match field.kind() {
            Kind::Int32 => {
                Value::I32(value.as_integer().with_context(wrong)?.try_into().with_context(wrong)?)
            }
            Kind::Uint32 => {
                Value::U32(value.as_integer().with_context(wrong)?.try_into().with_context(wrong)?)
            }
            Kind::String => Value::String(value.as_str().with_context(wrong)?.to_owned()),
            Kind::Message(kind) => {
                Value::Message(message(&kind, value.as_inline_table().with_context(wrong)?)?)
            }
            // No lesson sends any other.
            _ => bail!(wrong()),
        };
        of_kind.try_set_field(&field, value).with_context(wrong)?;
    }
    Ok(of_kind)
}

/// `message` behind a zero, because it is not compressed, and its length.
fn framed(message: &[u8]) -> anyhow::Result<Vec<u8>> {
    let length = u32::try_from(message.len())?.to_be_bytes();
    Ok([&[0], &length[..], message].concat())
}
