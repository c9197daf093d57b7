//! For programs: an object a frame, as `cargo xtask wire --help` describes it.

use serde_json::{Map, Value, json};

use crate::End;
use crate::call::Message;
use crate::frames;
use crate::headers::Header;
use crate::http1::Part;
use crate::seen::{Seen, Told, What};
use crate::text::{hex, json as value};

/// What was seen, with its bytes or without.
pub fn object(seen: &Seen, with_bytes: bool) -> Value {
    let mut object = Map::new();
    let mut set = |name: &str, value: Value| {
        object.insert(name.into(), value);
    };
    set("ms", json!(seen.at.as_micros() as f64 / 1000.0));
    set("connection", json!(seen.connection));
    if let Some(server) = seen.server {
        set("server", json!(server));
    }
    set("from", json!(if seen.from == End::Client { "client" } else { "server" }));
    let (what, length) = match &seen.what {
        What::Preface => ("preface", seen.bytes.len()),
        What::Frame(frame, _) => ("frame", frame.payload().len()),
        What::Part(part, _) => match part {
            Part::Head { .. } => (part.name(), seen.bytes.len()),
            Part::Body(length) | Part::Chunk(length) => (part.name(), *length),
            Part::LastChunk => (part.name(), 0),
        },
        What::Tls(record) => ("tls", record.length),
        What::Raw => ("raw", seen.bytes.len()),
        What::Closed => ("closed", seen.bytes.len()),
    };
    set("what", json!(what));
    set("length", json!(length));
    match &seen.what {
        What::Frame(frame, told) => {
            set("frame", json!(frames::name(frame.kind)));
            set("flags", json!(frame.flag_names()));
            set("stream", json!(frame.stream));
            of_told(told, &mut set);
        }
        What::Part(part, told) => {
            if let Part::Head { line, .. } = part {
                set("line", json!(line));
            }
            of_told(told, &mut set);
        }
        What::Tls(record) => {
            set("record", json!(record.kind));
            if let Some(version) = record.version {
                set("version", json!(version));
            }
        }
        _ => {}
    }
    if let Some(wrong) = &seen.wrong {
        set("wrong", json!(wrong));
    }
    if with_bytes {
        set("bytes", json!(hex(seen.bytes())));
    }
    Value::Object(object)
}

fn of_told(told: &Told, set: &mut impl FnMut(&str, Value)) {
    if !told.says.is_empty() {
        set("says", json!(told.says));
    }
    if !told.headers.is_empty() {
        set("headers", told.headers.iter().map(of_header).collect());
    }
    if let Some(id) = &told.call {
        set("call", json!(id.number));
        set("method", json!(&*id.path));
    }
    if !told.messages.is_empty() {
        set("messages", told.messages.iter().map(of_message).collect());
    }
    if let Some(trailers) = &told.trailers {
        set("trailers", trailers.headers.iter().map(of_header).collect());
    }
    if let Some(status) = &told.status {
        set("status", json!(crate::words::status(&status.code)));
        set("message", json!(status.message));
    }
    if let Some(total) = &told.total {
        set("ended", json!({ "there": total.there, "back": total.back }));
    }
}

fn of_header(it: &Header) -> Value {
    let bytes = it.bytes.len();
    json!({ "name": it.name, "value": it.value, "bytes": bytes, "known": it.is_known })
}

fn of_message(message: &Message) -> Value {
    let mut object = Map::new();
    object.insert("type".into(), json!(message.kind.as_ref().map(|kind| kind.full_name())));
    object.insert("length".into(), json!(message.sent.length()));
    object.insert("compressed".into(), json!(message.sent.is_compressed()));
    match &message.read {
        Some(read) => object.insert("value".into(), value(read)),
        None => object.insert("text".into(), json!(message.text())),
    };
    if let Some(wrong) = &message.wrong {
        object.insert("wrong".into(), json!(wrong));
    }
    Value::Object(object)
}
