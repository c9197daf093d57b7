//! A connection of HTTP/2: its streams, each of them a call.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use crate::End;
use crate::call::{Call, Id};
use crate::connection::MOST_CALLS;
use crate::frames::{self, Frame};
use crate::half::{Block, Half};
use crate::headers::value;
use crate::messages::ROOM;
use crate::schema::Schema;
use crate::seen::{Next, Told, What};
use crate::words;

/// How long a block of headers may be for us to read it, in bytes.
const LONGEST_BLOCK: usize = 1 << 20;

/// Reads what crosses a connection of HTTP/2.
pub struct Streams {
    schema: Arc<Schema>,
    halves: [Half; 2],
    calls: HashMap<u32, Call>,
    /// How many bytes there is room for of messages that have not ended.
    room: usize,
}

impl Streams {
    pub fn new(schema: Arc<Schema>) -> Streams {
        Streams { schema, halves: Default::default(), calls: HashMap::new(), room: ROOM }
    }

    /// Takes the next frame of `from` out of `rest`. None if not all of it is there.
    ///
    /// # Errors
    ///
    /// If it cannot be read, and nothing behind it either: why, in words.
    pub fn next(
        &mut self,
        from: End,
        rest: &mut &[u8],
        at: Duration,
        calls: &mut usize,
    ) -> Result<Option<Next>, String> {
        let limit = self.halves[1 - from as usize].max_length;
        let frame = Frame::take(rest, limit).map_err(frames::gone_wrong)?;
        Ok(frame.map(|frame| {
            let (told, wrong) = self.read(from, &frame, at, calls);
            (What::Frame(frame, Box::new(told)), Vec::new(), wrong)
        }))
    }

    /// The calls that are still under way.
    pub fn under_way(&self) -> impl Iterator<Item = &Id> {
        self.calls.values().map(|call| &call.id)
    }

    /// What `frame` tells, and what is wrong with it.
    fn read(
        &mut self,
        from: End,
        frame: &Frame,
        at: Duration,
        calls: &mut usize,
    ) -> (Told, Option<String>) {
        let mut told = Told::default();
        let (kind, stream) = (frame.kind, frame.stream);
        if let Some(call) = self.calls.get_mut(&stream) {
            call.count(from, frame.bytes.len());
            told.call = Some(call.id.clone());
        }
        let is_block =
            [frames::HEADERS, frames::PUSH_PROMISE, frames::CONTINUATION].contains(&kind);
        let goes_on = self.halves[from as usize].block.is_some();
        let result = if is_block || goes_on {
            self.block(from, frame, &mut told, at, calls)
        } else if kind == frames::DATA {
            self.data(from, frame, &mut told)
        } else {
            words::of(frame).map_err(frames::gone_wrong).map(|says| {
                told.says = says;
                self.control(from, frame);
            })
        };
        let is_end = match kind {
            frames::RST_STREAM => true,
            frames::DATA => frame.has(frames::END_STREAM) && self.ends(from, stream),
            _ => false,
        };
        if is_end {
            self.ended(frame, &mut told, at);
        }
        (told, result.err())
    }

    /// Takes note of what the other end may send.
    fn control(&mut self, from: End, frame: &Frame) {
        if frame.kind == frames::SETTINGS && !frame.has(frames::ACK) {
            for (id, value) in words::settings(frame).into_iter().flatten() {
                if id == words::MAX_FRAME_SIZE {
                    let half = &mut self.halves[from as usize];
                    // The format of frames has room for 24 bits.
                    half.max_length = half.max_length.max((value as usize).min(0xff_ffff));
                }
            }
        }
        self.halves[1 - from as usize].windows.allowed(frame);
    }

    /// A frame with DATA.
    fn data(&mut self, from: End, frame: &Frame, told: &mut Told) -> Result<(), String> {
        let windows = &mut self.halves[from as usize].windows;
        let full = windows.sent(frame);
        let is_end = frame.has(frames::END_STREAM);
        let mut result = Ok(());
        if let Some(call) = self.calls.get_mut(&frame.stream) {
            let content = frame.content().map_err(frames::gone_wrong)?;
            result = call.data(from, content, is_end, &mut self.room, told);
        }
        told.says.extend(full.map(str::to_owned));
        if is_end { result.and(self.is_whole(from, frame.stream)) } else { result }
    }

    /// A frame with headers, or some of them.
    fn block(
        &mut self,
        from: End,
        frame: &Frame,
        told: &mut Told,
        at: Duration,
        calls: &mut usize,
    ) -> Result<(), String> {
        let half = &mut self.halves[from as usize];
        let mut block = match half.block.take() {
            Some(block) if frame.kind == frames::CONTINUATION && block.stream == frame.stream => {
                block
            }
            None if frame.kind != frames::CONTINUATION => Block {
                stream: frame.stream,
                is_end: frame.has(frames::END_STREAM) && frame.kind == frames::HEADERS,
                bytes: Vec::new(),
                length: 0,
            },
            None => return Err(frames::gone_wrong("CONTINUATION of nothing")),
            Some(_) => {
                half.table = None;
                let why = "headers go on here, and this is no CONTINUATION of them";
                return Err(frames::gone_wrong(why));
            }
        };
        let content = frame.content().inspect_err(|_| half.table = None);
        block.bytes.extend(content.map_err(frames::gone_wrong)?);
        block.length += frame.bytes.len();
        if !frame.has(frames::END_HEADERS) {
            if block.bytes.len() > LONGEST_BLOCK {
                half.table = None;
                return Err(format!("headers of more than {LONGEST_BLOCK} bytes"));
            }
            half.block = Some(block);
            return Ok(());
        }
        let read = self.headers(from, frame, told, &block, at, calls);
        if !block.is_end {
            return read;
        }
        // Whether they could be read or not.
        let result = read.and(self.is_whole(from, block.stream));
        if self.ends(from, block.stream) {
            self.ended(frame, told, at);
        }
        result
    }

    /// Headers of which all is there.
    fn headers(
        &mut self,
        from: End,
        frame: &Frame,
        told: &mut Told,
        block: &Block,
        at: Duration,
        calls: &mut usize,
    ) -> Result<(), String> {
        let half = &mut self.halves[from as usize];
        let table = half.table.as_mut().ok_or("headers before these could not be read")?;
        told.headers = table.read(&block.bytes).inspect_err(|_| half.table = None)?;
        if frame.kind == frames::PUSH_PROMISE {
            return Ok(());
        }
        let path = value(&told.headers, ":path");
        if let (None, Some(path), End::Client) = (self.calls.get(&block.stream), path, from) {
            if self.calls.len() >= MOST_CALLS {
                return Err(format!(
                    "more than {MOST_CALLS} calls at a time: we lose sight of this one"
                ));
            }
            *calls += 1;
            let id = Id::new(*calls, path);
            let mut call = Call::begin(id, self.schema.method(path), at);
            call.count(from, block.length);
            self.halves.iter_mut().for_each(|half| half.windows.open(block.stream));
            told.call = Some(call.id.clone());
            self.calls.insert(block.stream, call);
        }
        if let Some(call) = self.calls.get_mut(&block.stream) {
            told.status = call.headers(from, &told.headers, value(&told.headers, ":status"));
        }
        Ok(())
    }

    /// Whether `from` has sent no part of a message on `stream` that goes on.
    ///
    /// # Errors
    ///
    /// If it has: how much of it.
    fn is_whole(&mut self, from: End, stream: u32) -> Result<(), String> {
        let cut = self.calls.get_mut(&stream).and_then(|call| call.cut(from));
        cut.map_or(Ok(()), |cut| Err(format!("the stream ends {cut}")))
    }

    /// `from` sends no more on `stream`. Returns whether the call is over.
    fn ends(&mut self, from: End, stream: u32) -> bool {
        self.calls.get_mut(&stream).is_some_and(|call| call.ends(from))
    }

    /// The call of the frame is over.
    fn ended(&mut self, frame: &Frame, told: &mut Told, at: Duration) {
        let Some(call) = self.calls.remove(&frame.stream) else { return };
        self.halves.iter_mut().for_each(|half| half.windows.close(frame.stream));
        let is_reset = frame.kind == frames::RST_STREAM;
        told.has_no_status = is_reset && !call.has_status;
        // Headers that could not be read may have had one.
        let is_read = self.halves[End::Server as usize].table.is_some();
        call.over(at, is_read && !is_reset, &mut self.room, told);
    }
}
