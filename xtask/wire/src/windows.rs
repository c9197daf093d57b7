//! Windows: how many bytes of DATA one side may still send before the other has to allow more.

use std::collections::HashMap;

use crate::frames::{self, Frame};
use crate::words;

/// What a window has room for at first, in bytes.
const AT_FIRST: i64 = 65_535;

/// What one side may send.
pub struct Windows {
    all: i64,
    at_first: i64,
    streams: HashMap<u32, i64>,
}

impl Default for Windows {
    fn default() -> Windows {
        Windows { all: AT_FIRST, at_first: AT_FIRST, streams: HashMap::new() }
    }
}

impl Windows {
    pub fn open(&mut self, stream: u32) {
        self.streams.insert(stream, self.at_first);
    }

    pub fn close(&mut self, stream: u32) {
        self.streams.remove(&stream);
    }

    /// Takes note of a frame with DATA from this side. Returns which window it has filled.
    pub fn sent(&mut self, frame: &Frame) -> Option<&'static str> {
        let length = frame.payload().len() as i64;
        self.all = self.all.saturating_sub(length);
        let stream = self.streams.get_mut(&frame.stream);
        let is_full = stream.is_some_and(|window| {
            *window = window.saturating_sub(length);
            *window <= 0
        });
        match (is_full, self.all <= 0) {
            _ if length == 0 => None,
            (true, _) => Some("the window of this stream is full: no more until it is opened"),
            (_, true) => Some("the window of all streams is full: no more until it is opened"),
            _ => None,
        }
    }

    /// Takes note of what the other side allows with `frame`.
    pub fn allowed(&mut self, frame: &Frame) {
        match frame.kind {
            frames::WINDOW_UPDATE => {
                let more = i64::from(words::number(frame).unwrap_or_default());
                let window = match frame.stream {
                    0 => Some(&mut self.all),
                    stream => self.streams.get_mut(&stream),
                };
                if let Some(window) = window {
                    *window = window.saturating_add(more);
                }
            }
            frames::SETTINGS => {
                for (id, value) in words::settings(frame).into_iter().flatten() {
                    if id == words::INITIAL_WINDOW_SIZE {
                        let change = i64::from(value) - self.at_first;
                        self.at_first = value.into();
                        self.streams.values_mut().for_each(|window| *window += change);
                    }
                }
            }
            _ => {}
        }
    }
}
