//! A connection: what crosses it, frame by frame, whatever it may be.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use crate::End;
use crate::call::{Call, Id};
use crate::frames::{self, Frame, PREFACE};
use crate::half::{Block, Half};
use crate::messages::ROOM;
use crate::protocol::{Reads, beginning, what_else};
use crate::schema::Schema;
use crate::seen::{Seen, Told, What};
use crate::tls::Encrypted;
use crate::words;

/// How many calls at a time we follow on one connection.
const MOST_CALLS: usize = 10_000;

/// How long a block of headers may be for us to read it, in bytes.
const LONGEST_BLOCK: usize = 1 << 20;

/// Reads what crosses a connection.
pub struct Connection {
    number: usize,
    server: Option<usize>,
    schema: Arc<Schema>,
    halves: [Half; 2],
    calls: HashMap<u32, Call>,
    /// How many bytes there is room for of messages that have not ended.
    room: usize,
    /// Which version of TLS it is, if that has been said.
    tls: Option<&'static str>,
}

impl Connection {
    /// The connection with this number, to the server with that one if there are several.
    pub fn new(number: usize, server: Option<usize>, schema: Arc<Schema>) -> Connection {
        let (halves, calls) = ([Half::default(), Half::default()], HashMap::new());
        Connection { number, server, schema, halves, calls, room: ROOM, tls: None }
    }

    /// Takes what `from` has sent, returns what ends with it, and counts `calls` of all connections.
    pub fn take(&mut self, from: End, bytes: &[u8], at: Duration, calls: &mut usize) -> Vec<Seen> {
        let half = &mut self.halves[from as usize];
        half.count += bytes.len() as u64;
        let mut all = std::mem::take(&mut half.bytes);
        all.extend(bytes);
        let mut rest = &all[..];
        let mut seen = Vec::new();
        while let Some((what, bytes, wrong)) = self.next(from, &mut rest, at, calls) {
            seen.push(self.seen(from, at, what, bytes, wrong));
        }
        let read = all.len() - rest.len();
        all.drain(..read);
        self.halves[from as usize].bytes = all;
        seen
    }

    /// `from` sends no more.
    pub fn closes(&mut self, from: End, at: Duration) -> Seen {
        let half = &mut self.halves[from as usize];
        let bytes = std::mem::take(&mut half.bytes);
        let is_cut = !bytes.is_empty() || half.reads.is_within();
        let wrong = is_cut.then(|| "cut short: it ends in the middle".to_owned());
        self.seen(from, at, What::Closed, bytes, wrong)
    }

    fn seen(
        &self,
        from: End,
        at: Duration,
        what: What,
        bytes: Vec<u8>,
        wrong: Option<String>,
    ) -> Seen {
        Seen { at, connection: self.number, server: self.server, from, what, bytes, wrong }
    }

    /// What there is to say of it, if its client speaks TLS.
    pub fn encrypted(&self) -> Option<Encrypted> {
        let [client, server] = &self.halves;
        matches!(client.reads, Reads::Tls(_)).then_some(Encrypted {
            connection: self.number,
            version: self.tls,
            there: client.count,
            back: server.count,
        })
    }

    /// The calls that are still under way.
    pub fn under_way(&self) -> impl Iterator<Item = &Id> {
        self.calls.values().map(|call| &call.id)
    }

    /// Takes the next thing out of `rest`, with its bytes and what is wrong with it. None if not all of
    /// it is there.
    fn next(
        &mut self,
        from: End,
        rest: &mut &[u8],
        at: Duration,
        calls: &mut usize,
    ) -> Option<(What, Vec<u8>, Option<String>)> {
        let [mine, other] =
            self.halves.get_disjoint_mut([from as usize, 1 - from as usize]).ok()?;
        let all_of = |rest: &mut &[u8]| std::mem::take(rest).to_vec();
        if mine.reads == Reads::Beginning {
            mine.reads = beginning(from, rest)?;
            match mine.reads {
                Reads::Nothing => {
                    let why = format!("not HTTP/2{}", what_else(rest));
                    return Some((What::Raw, all_of(rest), Some(why)));
                }
                Reads::Frames if from == End::Client => {
                    return Some((What::Preface, rest.split_off(..PREFACE.len())?.to_vec(), None));
                }
                _ => {}
            }
        }
        if let Reads::Tls(stream) = &mut mine.reads {
            let record = stream.take(from, rest)?;
            self.tls = self.tls.or(record.version);
            let head = record.head.to_vec();
            return Some((What::Tls(record), head, None));
        }
        if rest.is_empty() {
            return None;
        }
        if mine.reads == Reads::Nothing {
            return Some((What::Raw, all_of(rest), None));
        }
        match Frame::take(rest, other.max_length) {
            Ok(frame) => {
                let (told, wrong) = self.read(from, frame?, at, calls);
                Some((What::Frame(Box::new(told)), Vec::new(), wrong))
            }
            Err(why) => {
                mine.reads = Reads::Nothing;
                Some((What::Raw, all_of(rest), Some(frames::gone_wrong(why))))
            }
        }
    }

    /// What `frame` tells, and what is wrong with it.
    fn read(
        &mut self,
        from: End,
        frame: Frame,
        at: Duration,
        calls: &mut usize,
    ) -> (Told, Option<String>) {
        let mut told = Told::of(frame);
        let (kind, stream) = (told.frame.kind, told.frame.stream);
        if let Some(call) = self.calls.get_mut(&stream) {
            call.count(from, told.frame.bytes.len());
            told.call = Some(call.id.clone());
        }
        let is_block =
            [frames::HEADERS, frames::PUSH_PROMISE, frames::CONTINUATION].contains(&kind);
        let goes_on = self.halves[from as usize].block.is_some();
        let result = if is_block || goes_on {
            self.block(from, &mut told, at, calls)
        } else if kind == frames::DATA {
            self.data(from, &mut told)
        } else {
            words::of(&told.frame).map_err(frames::gone_wrong).map(|says| {
                told.says = says;
                self.control(from, &told.frame);
            })
        };
        let is_end = match kind {
            frames::RST_STREAM => true,
            frames::DATA => told.frame.has(frames::END_STREAM) && self.ends(from, stream),
            _ => false,
        };
        if is_end {
            self.ended(&mut told, at);
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
    fn data(&mut self, from: End, told: &mut Told) -> Result<(), String> {
        let windows = &mut self.halves[from as usize].windows;
        let full = windows.sent(&told.frame);
        if let Some(call) = self.calls.get_mut(&told.frame.stream) {
            let content = told.frame.content().map_err(frames::gone_wrong)?;
            let (messages, is_grpc) = call.data(from, content, &mut self.room);
            told.messages = messages;
            if !is_grpc && !told.frame.payload().is_empty() {
                told.says.push("not gRPC: its headers say another content-type".into());
            }
            match call.unfinished(from) {
                _ if told.frame.has(frames::END_STREAM) => {}
                Some((so_far, Some(all))) => {
                    told.says.push(format!("a message: {so_far} of {all} bytes so far"));
                }
                Some(_) => told.says.push("a message begins".into()),
                None => {}
            }
        }
        told.says.extend(full.map(str::to_owned));
        let is_end = told.frame.has(frames::END_STREAM);
        if is_end { self.is_whole(from, told.frame.stream) } else { Ok(()) }
    }

    /// A frame with headers, or some of them.
    fn block(
        &mut self,
        from: End,
        told: &mut Told,
        at: Duration,
        calls: &mut usize,
    ) -> Result<(), String> {
        let half = &mut self.halves[from as usize];
        let frame = &told.frame;
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
        let read = self.headers(from, told, &block, at, calls);
        if !block.is_end {
            return read;
        }
        // Whether they could be read or not.
        let result = read.and(self.is_whole(from, block.stream));
        if self.ends(from, block.stream) {
            self.ended(told, at);
        }
        result
    }

    /// Headers of which all is there.
    fn headers(
        &mut self,
        from: End,
        told: &mut Told,
        block: &Block,
        at: Duration,
        calls: &mut usize,
    ) -> Result<(), String> {
        let half = &mut self.halves[from as usize];
        let table = half.table.as_mut().ok_or("headers before these could not be read")?;
        told.headers = table.read(&block.bytes).inspect_err(|_| half.table = None)?;
        if told.frame.kind == frames::PUSH_PROMISE {
            return Ok(());
        }
        let path = told.headers.iter().find(|header| header.name == ":path");
        if let (None, Some(path), End::Client) = (self.calls.get(&block.stream), path, from) {
            if self.calls.len() >= MOST_CALLS {
                return Err(format!(
                    "more than {MOST_CALLS} calls at a time: we lose sight of this one"
                ));
            }
            *calls += 1;
            let id = Id::new(*calls, &path.value);
            let mut call = Call::begin(id, self.schema.method(&path.value), at);
            call.count(from, block.length);
            self.halves.iter_mut().for_each(|half| half.windows.open(block.stream));
            told.call = Some(call.id.clone());
            self.calls.insert(block.stream, call);
        }
        if let Some(call) = self.calls.get_mut(&block.stream) {
            told.status = call.headers(from, &told.headers);
        }
        Ok(())
    }

    /// Whether `from` has sent no part of a message on `stream` that goes on.
    ///
    /// # Errors
    ///
    /// If it has: how much of it.
    fn is_whole(&mut self, from: End, stream: u32) -> Result<(), String> {
        let call = self.calls.get_mut(&stream);
        let Some((so_far, all)) = call.and_then(|call| call.unfinished(from)) else {
            return Ok(());
        };
        let all = all.map_or("at least 5".into(), |all| all.to_string());
        Err(format!("the stream ends in the middle of a message: {so_far} of {all} bytes"))
    }

    /// `from` sends no more on `stream`. Returns whether the call is over.
    fn ends(&mut self, from: End, stream: u32) -> bool {
        self.calls.get_mut(&stream).is_some_and(|call| call.ends(from))
    }

    /// The call of the frame is over.
    fn ended(&mut self, told: &mut Told, at: Duration) {
        let Some(call) = self.calls.remove(&told.frame.stream) else { return };
        self.halves.iter_mut().for_each(|half| half.windows.close(told.frame.stream));
        let is_reset = told.frame.kind == frames::RST_STREAM;
        told.has_no_status = is_reset && !call.has_status;
        // Headers that could not be read may have had one.
        let is_read = self.halves[End::Server as usize].table.is_some();
        if !is_reset
            && !call.has_status
            && is_read
            && let Some(http) = &call.http_status
        {
            told.says.push(format!("no grpc-status; HTTP status {http}"));
            told.has_no_status = true;
        }
        told.total = Some(call.total(at, &mut self.room));
    }
}
