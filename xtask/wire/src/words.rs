//! What the frames that carry no part of a call say, in words.

use xtask::workspace::requests::CODES;

use crate::fields;
use crate::frames::{self, Frame};

/// How long a setting is, in bytes.
pub const SETTING: usize = 6;

pub const MAX_FRAME_SIZE: u16 = 5;
pub const INITIAL_WINDOW_SIZE: u16 = 4;

/// The settings in a SETTINGS frame; none if it is not a list of them.
pub fn settings(frame: &Frame) -> Option<impl Iterator<Item = (u16, u32)>> {
    let (settings, rest) = frame.payload().as_chunks::<SETTING>();
    let setting = |[a, b, c, d, e, f]: &[u8; SETTING]| {
        (u16::from_be_bytes([*a, *b]), u32::from_be_bytes([*c, *d, *e, *f]))
    };
    rest.is_empty().then(|| settings.iter().map(setting))
}

/// The number in a frame that is four bytes long, without the first bit, which means nothing there.
pub fn number(frame: &Frame) -> Option<u32> {
    Some(u32::from_be_bytes(frame.payload().try_into().ok()?) & 0x7fff_ffff)
}

/// What `frame` says.
///
/// # Errors
///
/// If it is not as it has to be: what is wrong, in words.
pub fn of(frame: &Frame) -> Result<Vec<String>, String> {
    let length = frame.payload().len();
    let make = if length == 1 { "makes" } else { "make" };
    let wrong = || format!("{} {make} no {}", fields::count(length), frames::name(frame.kind));
    let said = match frame.kind {
        frames::SETTINGS if frame.has(frames::ACK) => "I've read your settings".into(),
        frames::SETTINGS => return Ok(settings(frame).ok_or_else(wrong)?.map(setting).collect()),
        frames::WINDOW_UPDATE => {
            let more = number(frame).ok_or_else(wrong)?;
            let of = if frame.stream == 0 { "of all streams together" } else { "of this stream" };
            let bytes = if more == 1 { "byte" } else { "bytes" };
            format!("{more} more {bytes} {of} may come")
        }
        frames::PING if length != 8 => return Err(wrong()),
        frames::PING if frame.has(frames::ACK) => "still here".into(),
        frames::PING => "are you still there?".into(),
        frames::RST_STREAM => {
            let code = u32::from_be_bytes(frame.payload().try_into().map_err(|_| wrong())?);
            format!("this stream is over: {}", error(code))
        }
        frames::GOAWAY => {
            let (last, rest) = frame.payload().split_first_chunk().ok_or_else(wrong)?;
            let (code, debug) = rest.split_first_chunk().ok_or_else(wrong)?;
            let last = u32::from_be_bytes(*last) & 0x7fff_ffff;
            let why = error(u32::from_be_bytes(*code));
            let debug = match debug {
                [] => String::new(),
                debug => format!(" ({})", debug.escape_ascii()),
            };
            format!("I take no new streams after {last}: {why}{debug}")
        }
        frames::PRIORITY => "what to send first; nobody heeds it any more".into(),
        _ => return Ok(Vec::new()),
    };
    Ok(vec![said])
}

fn setting((id, value): (u16, u32)) -> String {
    let (name, means) = match id {
        1 => ("HEADER_TABLE_SIZE", "I keep so many bytes of headers for you to refer to"),
        2 if value == 0 => ("ENABLE_PUSH", "send me nothing that I haven't asked for"),
        2 => ("ENABLE_PUSH", "you may send what I haven't asked for"),
        3 => ("MAX_CONCURRENT_STREAMS", "so many streams at a time"),
        INITIAL_WINDOW_SIZE => {
            ("INITIAL_WINDOW_SIZE", "send so many bytes of a stream, then wait for me")
        }
        MAX_FRAME_SIZE => ("MAX_FRAME_SIZE", "no longer frames than so many bytes"),
        6 => ("MAX_HEADER_LIST_SIZE", "no more bytes of headers than so many"),
        8 => ("ENABLE_CONNECT_PROTOCOL", "you may open WebSockets in here"),
        // gRPC's own, of the implementation in C.
        0xfe03 => ("GRPC_ALLOW_TRUE_BINARY_METADATA", "metadata needn't be text"),
        0xfe04 => ("GRPC_PREFERRED_RECEIVE_MESSAGE_SIZE", "messages of so many bytes suit me"),
        _ => return format!("setting {id:#06x} = {value}"),
    };
    format!("{name} = {value}: {means}")
}

/// The name of an error of HTTP/2.
pub fn error(code: u32) -> String {
    const NAMES: [&str; 14] = [
        "NO_ERROR",
        "PROTOCOL_ERROR",
        "INTERNAL_ERROR",
        "FLOW_CONTROL_ERROR",
        "SETTINGS_TIMEOUT",
        "STREAM_CLOSED",
        "FRAME_SIZE_ERROR",
        "REFUSED_STREAM",
        "CANCEL",
        "COMPRESSION_ERROR",
        "CONNECT_ERROR",
        "ENHANCE_YOUR_CALM",
        "INADEQUATE_SECURITY",
        "HTTP_1_1_REQUIRED",
    ];
    match NAMES.get(code as usize) {
        Some(name) => (*name).to_owned(),
        None => format!("error {code}"),
    }
}

/// The name of the gRPC status with this number, as the header has it.
pub fn status(code: &str) -> String {
    match code.parse().ok().and_then(|code: usize| CODES.get(code)) {
        Some(name) => (*name).to_owned(),
        None => format!("status {code}"),
    }
}
