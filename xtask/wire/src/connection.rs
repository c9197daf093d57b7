//! A connection: what crosses it, piece by piece, whatever it may be.

use std::sync::Arc;
use std::time::Duration;

use crate::End;
use crate::call::Id;
use crate::exchanges::Exchanges;
use crate::frames::PREFACE;
use crate::protocol::{Reads, beginning, what_else};
use crate::schema::Schema;
use crate::seen::{Next, Seen, What};
use crate::streams::Streams;
use crate::tls::Encrypted;

/// How many calls at a time we follow on one connection.
pub const MOST_CALLS: usize = 10_000;

/// Reads what crosses a connection.
pub struct Connection {
    number: usize,
    server: Option<usize>,
    halves: [Half; 2],
    http2: Streams,
    http1: Exchanges,
    /// Which version of TLS it is, if that has been said.
    tls: Option<&'static str>,
}

/// What one end sends.
#[derive(Default)]
struct Half {
    reads: Reads,
    /// How many bytes it has sent.
    count: u64,
    /// Those that are not read yet.
    bytes: Vec<u8>,
}

impl Connection {
    /// The connection with this number, to the server with that one if there are several.
    pub fn new(number: usize, server: Option<usize>, schema: Arc<Schema>) -> Connection {
        let (http2, http1) = (Streams::new(schema.clone()), Exchanges::new(schema));
        Connection { number, server, halves: Default::default(), http2, http1, tls: None }
    }

    /// Takes what `from` has sent, returns what ends with it, and counts `calls` of all connections.
    pub fn take(&mut self, from: End, bytes: &[u8], at: Duration, calls: &mut usize) -> Vec<Seen> {
        let half = &mut self.halves[from as usize];
        half.count += bytes.len() as u64;
        let mut all = std::mem::take(&mut half.bytes);
        all.extend(bytes);
        let mut rest = &all[..];
        let mut seen = Vec::new();
        while let Some(next) = self.next(from, &mut rest, at, calls) {
            seen.push(self.seen(from, at, next));
        }
        let read = all.len() - rest.len();
        all.drain(..read);
        self.halves[from as usize].bytes = all;
        seen
    }

    /// `from` sends no more. Returns that, and before it what ends with it.
    pub fn closes(&mut self, from: End, at: Duration) -> Vec<Seen> {
        let half = &mut self.halves[from as usize];
        let bytes = std::mem::take(&mut half.bytes);
        let is_http1 = half.reads == Reads::Http1;
        let is_within = half.reads.is_within() || is_http1 && self.http1.is_within(from);
        let is_cut = !bytes.is_empty() || is_within;
        let wrong = is_cut.then(|| "cut short: it ends in the middle".to_owned());
        let end = if is_http1 { self.http1.closes(from, at) } else { None };
        let all = end.into_iter().chain([(What::Closed, bytes, wrong)]);
        all.map(|next| self.seen(from, at, next)).collect()
    }

    fn seen(&self, from: End, at: Duration, (what, bytes, wrong): Next) -> Seen {
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
        self.http2.under_way().chain(self.http1.under_way())
    }

    /// The requests of HTTP/1.1 that are no calls, and are still under way.
    pub fn requests(&self) -> impl Iterator<Item = String> {
        self.http1.requests()
    }

    /// Takes the next thing out of `rest`. None if not all of it is there.
    fn next(
        &mut self,
        from: End,
        rest: &mut &[u8],
        at: Duration,
        calls: &mut usize,
    ) -> Option<Next> {
        let raw = |rest: &mut &[u8], wrong| (What::Raw, std::mem::take(rest).to_vec(), wrong);
        let client = self.halves[End::Client as usize].reads;
        let reads = &mut self.halves[from as usize].reads;
        if *reads == Reads::Beginning {
            *reads = beginning(from, rest, client)?;
            match reads {
                Reads::Nothing => {
                    let why = what_else(rest, client).to_owned();
                    return Some(raw(rest, Some(why)));
                }
                Reads::Frames if from == End::Client => {
                    return Some((What::Preface, rest.split_off(..PREFACE.len())?.to_vec(), None));
                }
                _ => {}
            }
        }
        if *reads == Reads::Http1 && self.http1.has_switched {
            *reads = Reads::Nothing;
        }
        let next = match reads {
            Reads::Tls(stream) => {
                let record = stream.take(from, rest)?;
                self.tls = self.tls.or(record.version);
                let head = record.head.to_vec();
                return Some((What::Tls(record), head, None));
            }
            Reads::Frames => self.http2.next(from, rest, at, calls),
            Reads::Http1 => self.http1.next(from, rest, at, calls),
            Reads::Beginning | Reads::Nothing => Ok((!rest.is_empty()).then(|| raw(rest, None))),
        };
        next.unwrap_or_else(|why| {
            *reads = Reads::Nothing;
            Some(raw(rest, Some(why)))
        })
    }
}
