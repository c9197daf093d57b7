//! The fields of a message as they stand in its bytes: numbers, wire types and values, with names where a
//! proto has them.

use protox::prost_reflect::{FieldDescriptor, Kind, MessageDescriptor};

/// How deep messages may be in each other: as deep as prost takes them.
const DEEPEST: usize = 100;

/// How many fields we show of one message.
const MOST: usize = 10_000;

/// Bytes that belong together, and what they mean.
pub struct Row {
    /// How many messages they are in.
    pub depth: usize,
    pub bytes: Vec<u8>,
    pub means: String,
}

/// A field as it was sent.
struct Field<'a> {
    number: u64,
    key: &'a [u8],
    /// Between the key and the value, if the value says how long it is.
    length: &'a [u8],
    bytes: &'a [u8],
    value: Value<'a>,
}

enum Value<'a> {
    Varint(u64),
    I64([u8; 8]),
    I32([u8; 4]),
    Len(&'a [u8]),
    /// Where a group begins or ends.
    Group(&'static str),
}

/// Takes a field out of `rest`.
fn field<'a>(rest: &mut &'a [u8]) -> Result<Field<'a>, String> {
    let (key, key_bytes) = varint(rest)?;
    let mut length = &[][..];
    let (value, bytes) = match key & 7 {
        0 => {
            let (value, bytes) = varint(rest)?;
            (Value::Varint(value), bytes)
        }
        1 => {
            let bytes = rest.split_off(..8).ok_or("cut short in a number of 8 bytes")?;
            (Value::I64(bytes.try_into().unwrap_or_default()), bytes)
        }
        2 => {
            let (wanted, length_bytes) = varint(rest)?;
            length = length_bytes;
            let bytes = usize::try_from(wanted).ok().and_then(|wanted| rest.split_off(..wanted));
            let bytes =
                bytes.ok_or_else(|| format!("cut short: a value of {}", count(wanted as usize)))?;
            (Value::Len(bytes), bytes)
        }
        3 => (Value::Group("begins"), &[][..]),
        4 => (Value::Group("ends"), &[][..]),
        5 => {
            let bytes = rest.split_off(..4).ok_or("cut short in a number of 4 bytes")?;
            (Value::I32(bytes.try_into().unwrap_or_default()), bytes)
        }
        other => return Err(format!("there is no wire type {other}")),
    };
    match key >> 3 {
        0 => Err("there is no field 0".into()),
        number => Ok(Field { number, key: key_bytes, length, bytes, value }),
    }
}

/// Takes a varint out of `rest`: its value, and its bytes.
fn varint<'a>(rest: &mut &'a [u8]) -> Result<(u64, &'a [u8]), String> {
    let last = rest.iter().position(|byte| byte & 0x80 == 0).ok_or("a varint that doesn't end")?;
    let bytes = rest.split_off(..=last).unwrap_or_default();
    if bytes.len() > 10 {
        return Err("a varint of more than 10 bytes".into());
    }
    // The first byte has the lowest seven bits.
    let value = bytes.iter().rev().fold(0, |value, byte| value << 7 | u64::from(byte & 0x7f));
    Ok((value, bytes))
}

impl Value<'_> {
    /// The name of its wire type.
    fn wire_type(&self) -> &'static str {
        match self {
            Value::Varint(_) => "VARINT",
            Value::I64(_) => "I64",
            Value::I32(_) => "I32",
            Value::Len(_) => "LEN",
            Value::Group("begins") => "SGROUP",
            Value::Group(_) => "EGROUP",
        }
    }

    /// What it is if nothing says what it is meant to be.
    fn guess(&self) -> String {
        match self {
            Value::Varint(value) => value.to_string(),
            Value::I64(bytes) => {
                let number = u64::from_le_bytes(*bytes);
                format!("{number:#x} ({:?})", f64::from_bits(number))
            }
            Value::I32(bytes) => {
                let number = u32::from_le_bytes(*bytes);
                format!("{number:#x} ({:?})", f32::from_bits(number))
            }
            Value::Len(bytes) => text_or_bytes(bytes),
            Value::Group(what) => (*what).to_owned(),
        }
    }

    /// What it is as `kind` says; a guess, if it is not that.
    fn as_kind(&self, kind: &Kind) -> String {
        match (self, kind) {
            (Value::Varint(value), Kind::Bool) => (*value != 0).to_string(),
            (Value::Varint(value), Kind::Int32) => (*value as i32).to_string(),
            (Value::Varint(value), Kind::Int64) => (*value as i64).to_string(),
            (Value::Varint(value), Kind::Uint32) => (*value as u32).to_string(),
            (Value::Varint(value), Kind::Sint32 | Kind::Sint64) => {
                let is_short = *kind == Kind::Sint32;
                let value = if is_short { u64::from(*value as u32) } else { *value };
                ((value >> 1) as i64 ^ -((value & 1) as i64)).to_string()
            }
            (Value::Varint(value), Kind::Enum(kind)) => match kind.get_value(*value as i32) {
                Some(known) => format!("{}, {}", *value as i32, known.name()),
                None => (*value as i32).to_string(),
            },
            (Value::I64(bytes), Kind::Double) => format!("{:?}", f64::from_le_bytes(*bytes)),
            (Value::I64(bytes), Kind::Fixed64) => u64::from_le_bytes(*bytes).to_string(),
            (Value::I64(bytes), Kind::Sfixed64) => i64::from_le_bytes(*bytes).to_string(),
            (Value::I32(bytes), Kind::Float) => format!("{:?}", f32::from_le_bytes(*bytes)),
            (Value::I32(bytes), Kind::Fixed32) => u32::from_le_bytes(*bytes).to_string(),
            (Value::I32(bytes), Kind::Sfixed32) => i32::from_le_bytes(*bytes).to_string(),
            (Value::Len(bytes), Kind::Bytes) => format!("b\"{}\"", bytes.escape_ascii()),
            _ => self.guess(),
        }
    }
}

/// So many bytes, in words.
pub fn count(bytes: usize) -> String {
    if bytes == 1 { "1 byte".into() } else { format!("{bytes} bytes") }
}

/// `bytes` as text if they are text, or else as they are.
pub fn text_or_bytes(bytes: &[u8]) -> String {
    match str::from_utf8(bytes) {
        Ok(text) => format!("{text:?}"),
        Err(_) => format!("b\"{}\"", bytes.escape_ascii()),
    }
}

/// A message without a proto, as text: the number, the wire type and the value of each field.
///
/// # Errors
///
/// If it is no message: what is wrong, in words.
pub fn by_number(mut rest: &[u8]) -> Result<String, String> {
    let mut fields = Vec::new();
    while !rest.is_empty() {
        let Field { number, value, .. } = field(&mut rest)?;
        if fields.len() > MOST {
            continue;
        }
        fields.push(format!("{number} {} {}", value.wire_type(), value.guess()));
    }
    Ok(if fields.is_empty() { "{}".into() } else { format!("{{ {} }}", fields.join(", ")) })
}

/// A message, byte by byte. What cannot be read any more is the last row.
pub fn rows(message: &[u8], kind: Option<&MessageDescriptor>) -> Vec<Row> {
    let mut rows = Vec::new();
    take_apart(message, kind, 0, &mut rows);
    rows
}

fn take_apart(
    mut rest: &[u8],
    kind: Option<&MessageDescriptor>,
    depth: usize,
    rows: &mut Vec<Row>,
) {
    while !rest.is_empty() && rows.len() < MOST {
        let all = rest;
        let Field { number, key, length, bytes, value } = match field(&mut rest) {
            Ok(field) => field,
            Err(why) => return rows.push(Row { depth, bytes: all.to_vec(), means: why }),
        };
        let known = u32::try_from(number).ok().and_then(|number| kind?.get_field(number));
        let name = known.as_ref().map_or("no such field", FieldDescriptor::name);
        let name = if kind.is_none() { String::new() } else { format!(", {name}") };
        let wire_type = value.wire_type();
        let mut row = |depth, bytes: &[u8], means| {
            rows.push(Row { depth, bytes: bytes.to_vec(), means });
        };
        row(depth, key, format!("field {number}{name}: {wire_type}"));
        if let Value::Group(_) = value {
            continue;
        }
        let depth = depth + 1;
        if !length.is_empty() {
            row(depth, length, count(bytes.len()));
        }
        let Some(known) = known else {
            row(depth, bytes, value.guess());
            continue;
        };
        match (&value, known.kind()) {
            (Value::Len(_), Kind::Message(kind)) if depth < DEEPEST => {
                take_apart(bytes, Some(&kind), depth, rows);
            }
            (Value::Len(_), kind) if known.is_list() && !is_len(&kind) => {
                let values = match packed(bytes, &kind) {
                    Ok(values) => values.iter().map(|it| it.as_kind(&kind)).collect(),
                    Err(_) => vec![value.guess()],
                };
                row(depth, bytes, values.join(", "));
            }
            (_, kind) => row(depth, bytes, value.as_kind(&kind)),
        }
    }
}

/// Whether a value of this kind says how long it is.
fn is_len(kind: &Kind) -> bool {
    matches!(kind, Kind::String | Kind::Bytes | Kind::Message(_))
}

/// The numbers of a list that stand one behind the other.
fn packed<'a>(mut rest: &'a [u8], kind: &Kind) -> Result<Vec<Value<'a>>, String> {
    let mut values = Vec::new();
    while !rest.is_empty() {
        values.push(match kind {
            Kind::Double | Kind::Fixed64 | Kind::Sfixed64 => {
                let bytes = rest.split_off(..8).and_then(|bytes| bytes.try_into().ok());
                Value::I64(bytes.ok_or("cut short")?)
            }
            Kind::Float | Kind::Fixed32 | Kind::Sfixed32 => {
                let bytes = rest.split_off(..4).and_then(|bytes| bytes.try_into().ok());
                Value::I32(bytes.ok_or("cut short")?)
            }
            _ => Value::Varint(varint(&mut rest)?.0),
        });
    }
    Ok(values)
}
