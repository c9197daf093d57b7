//! Messages that a proto describes, as text and as JSON. What is not on the wire is not there either.

use std::fmt::Write;

use protox::prost_reflect::{DynamicMessage, Kind, MapKey, ReflectMessage, Value};
use serde_json::{Map, json};

/// `HelloRequest { name: "you" }`.
pub fn text(message: &DynamicMessage) -> String {
    let mut fields: Vec<String> = message
        .fields()
        .map(|(field, value)| format!("{}: {}", field.name(), of(value, &field.kind())))
        .collect();
    fields.extend(
        message.unknown_fields().map(|field| format!("{}: not in the proto", field.number())),
    );
    let descriptor = message.descriptor();
    let name = descriptor.name();
    if fields.is_empty() {
        format!("{name} {{}}")
    } else {
        format!("{name} {{ {} }}", fields.join(", "))
    }
}

fn of(value: &Value, kind: &Kind) -> String {
    match value {
        Value::Bool(value) => value.to_string(),
        Value::I32(value) => value.to_string(),
        Value::I64(value) => value.to_string(),
        Value::U32(value) => value.to_string(),
        Value::U64(value) => value.to_string(),
        Value::F32(value) => format!("{value:?}"),
        Value::F64(value) => format!("{value:?}"),
        Value::String(value) => format!("{value:?}"),
        Value::Bytes(value) => format!("b\"{}\"", value.escape_ascii()),
        Value::EnumNumber(number) => match name_of(*number, kind) {
            Some(name) => name,
            None => number.to_string(),
        },
        Value::Message(message) => text(message),
        Value::List(values) => {
            let values: Vec<_> = values.iter().map(|value| of(value, kind)).collect();
            format!("[{}]", values.join(", "))
        }
        Value::Map(map) => {
            let kind = &of_map(kind);
            let mut entries: Vec<_> = map
                .iter()
                .map(|(key, value)| format!("{}: {}", key_text(key), of(value, kind)))
                .collect();
            entries.sort();
            format!("{{{}}}", entries.join(", "))
        }
    }
}

/// The name of a value of an enum, if it has one.
fn name_of(number: i32, kind: &Kind) -> Option<String> {
    let Kind::Enum(kind) = kind else { return None };
    Some(kind.get_value(number)?.name().to_owned())
}

/// The kind of the values of a map, of which `kind` is the kind of the entries.
fn of_map(kind: &Kind) -> Kind {
    match kind {
        Kind::Message(entry) if entry.is_map_entry() => entry.map_entry_value_field().kind(),
        kind => kind.clone(),
    }
}

fn key_text(key: &MapKey) -> String {
    match key {
        MapKey::Bool(key) => key.to_string(),
        MapKey::I32(key) => key.to_string(),
        MapKey::I64(key) => key.to_string(),
        MapKey::U32(key) => key.to_string(),
        MapKey::U64(key) => key.to_string(),
        MapKey::String(key) => format!("{key:?}"),
    }
}

/// The same as JSON, with the names of the proto.
pub fn json(message: &DynamicMessage) -> serde_json::Value {
    let fields = message.fields();
    let fields =
        fields.map(|(field, value)| (field.name().to_owned(), json_of(value, &field.kind())));
    let unknown = message.unknown_fields();
    let unknown = unknown.map(|field| (field.number().to_string(), "not in the proto".into()));
    serde_json::Value::Object(fields.chain(unknown).collect())
}

fn json_of(value: &Value, kind: &Kind) -> serde_json::Value {
    match value {
        Value::Bool(value) => json!(value),
        Value::I32(value) => json!(value),
        Value::I64(value) => json!(value),
        Value::U32(value) => json!(value),
        Value::U64(value) => json!(value),
        // JSON has no infinity, and no NaN.
        Value::F32(value) if !value.is_finite() => json!(value.to_string()),
        Value::F64(value) if !value.is_finite() => json!(value.to_string()),
        Value::F32(value) => json!(value),
        Value::F64(value) => json!(value),
        Value::String(value) => json!(value),
        Value::Bytes(value) => json!(hex(value)),
        Value::EnumNumber(number) => {
            name_of(*number, kind).map_or(json!(number), |name| json!(name))
        }
        Value::Message(message) => json(message),
        Value::List(values) => values.iter().map(|value| json_of(value, kind)).collect(),
        Value::Map(map) => {
            let kind = &of_map(kind);
            let entries = map.iter().map(|(key, value)| {
                let key = key.as_str().map_or_else(|| key_text(key), str::to_owned);
                (key, json_of(value, kind))
            });
            serde_json::Value::Object(entries.collect::<Map<_, _>>())
        }
    }
}

/// Hexadecimal digits, two a byte.
pub fn hex(bytes: &[u8]) -> String {
    let mut digits = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        // A `String` takes all that is written to it.
        _ = write!(digits, "{byte:02x}");
    }
    digits
}
