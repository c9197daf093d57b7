//! A connection of HTTP/1.1: requests, and the answers to them in the same order. Those that are
//! calls of gRPC-Web are read as such.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use crate::End;
use crate::call::{Call, Id};
use crate::connection::MOST_CALLS;
use crate::headers::value;
use crate::http1::{Body, Head, Part, Start};
use crate::messages::ROOM;
use crate::schema::Schema;
use crate::seen::{Next, Told, What};

/// How much of a request's method and path we keep, in characters, if it is no call.
const LONGEST: usize = 200;

/// Reads what crosses a connection of HTTP/1.1.
pub struct Exchanges {
    schema: Arc<Schema>,
    /// Those that have not ended.
    all: VecDeque<Exchange>,
    /// What each end is in the middle of.
    bodies: [Body; 2],
    /// How many bytes there is room for of messages that have not ended.
    room: usize,
    /// Whether both have agreed on another protocol.
    pub has_switched: bool,
}

/// A request, and the answer to it.
struct Exchange {
    method: String,
    path: String,
    call: Option<Call>,
    has_ended: [bool; 2],
}

/// A part, what it tells, and what is wrong with it.
type Read = (Part, Told, Option<String>);

impl Exchanges {
    pub fn new(schema: Arc<Schema>) -> Exchanges {
        let (all, bodies) = (VecDeque::new(), [Body::Left(0); 2]);
        Exchanges { schema, all, bodies, room: ROOM, has_switched: false }
    }

    /// Takes the next part of what `from` has sent out of `rest`. None if there is none yet.
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
        let before = *rest;
        let read = match self.bodies[from as usize] {
            Body::Left(0) => self.head(from, rest, at, calls)?,
            _ => self.body(from, rest, at)?,
        };
        let bytes = before[..before.len() - rest.len()].to_vec();
        Ok(read.map(|(part, told, wrong)| (What::Part(part, Box::new(told)), bytes, wrong)))
    }

    /// `from` sends no more: if that is how a body ends, it has ended.
    pub fn closes(&mut self, from: End, at: Duration) -> Option<Next> {
        if self.bodies[from as usize] != Body::UntilClosed {
            return None;
        }
        let mut told = Told::default();
        let wrong = self.ended(from, &mut told, at).err();
        Some((What::Part(Part::Body(0), Box::new(told)), Vec::new(), wrong))
    }

    /// Whether `from` is in the middle of a body.
    pub fn is_within(&self, from: End) -> bool {
        !matches!(self.bodies[from as usize], Body::Left(0) | Body::UntilClosed)
    }

    /// The calls that are still under way.
    pub fn under_way(&self) -> impl Iterator<Item = &Id> {
        self.all.iter().filter_map(|it| Some(&it.call.as_ref()?.id))
    }

    /// The requests that are no calls, and are still under way.
    pub fn requests(&self) -> impl Iterator<Item = String> {
        self.all.iter().filter(|it| it.call.is_none()).map(Exchange::title)
    }

    /// Which one `from` is in the middle of: the client has begun the last one, and the server
    /// answers the first one.
    fn current(&mut self, from: End) -> Option<&mut Exchange> {
        let exchange = match from {
            End::Client => self.all.back_mut(),
            End::Server => self.all.front_mut(),
        };
        exchange.filter(|it| !it.has_ended[from as usize])
    }

    fn head(
        &mut self,
        from: End,
        rest: &mut &[u8],
        at: Duration,
        calls: &mut usize,
    ) -> Result<Option<Read>, String> {
        if rest.is_empty() {
            return Ok(None);
        }
        let Some(Head { length, line, start, headers }) = Head::read(from, rest)? else {
            return Ok(None);
        };
        let mut told = Told::default();
        let (body, status, answer) = match start {
            Start::Request { method, path } => {
                let body = Body::of_request(&headers)?;
                if self.all.len() >= MOST_CALLS {
                    return Err(format!("more than {MOST_CALLS} requests without an answer"));
                }
                let kind = value(&headers, "content-type").unwrap_or_default();
                let call = kind.starts_with("application/grpc").then(|| {
                    *calls += 1;
                    Call::begin(Id::new(*calls, &path), self.schema.method(&path), at)
                });
                let [method, path] = [method, path].map(|it| it.chars().take(LONGEST).collect());
                self.all.push_back(Exchange { method, path, call, has_ended: [false; 2] });
                (body, None, None)
            }
            Start::Answer { status, reason } => {
                let exchange = self.current(from);
                let method = exchange.as_ref().map_or("", |it| &it.method);
                let body = Body::of_answer(&headers, status, method)?;
                let is_tunnel = method == "CONNECT" && (200..300).contains(&status);
                let title = match &exchange {
                    None => Some("nobody has asked".into()),
                    Some(exchange) if exchange.call.is_none() => Some(exchange.title()),
                    Some(_) => None,
                };
                // There's another one after 100 or 103.
                let is_last = status >= 200 || status == 101;
                let title = title.filter(|_| is_last);
                let answer = title.map(|it| format!("{it}  {status} {reason}").trim().to_owned());
                self.has_switched |= status == 101 || is_tunnel;
                (body, Some(status), answer)
            }
        };
        *rest = &rest[length..];
        if let Some(call) = self.current(from).and_then(|it| it.call.as_mut()) {
            call.count(from, length);
            told.call = Some(call.id.clone());
            let status = status.map(|it| it.to_string());
            told.status = call.headers(from, &headers, status.as_deref());
        }
        told.headers = headers;
        self.bodies[from as usize] = body;
        let is_over = body == Body::Left(0) && status.is_none_or(|it| it >= 200);
        let wrong = if is_over { self.ended(from, &mut told, at).err() } else { None };
        Ok(Some((Part::Head { line, answer }, told, wrong)))
    }

    fn body(&mut self, from: End, rest: &mut &[u8], at: Duration) -> Result<Option<Read>, String> {
        let before = rest.len();
        let body = &mut self.bodies[from as usize];
        let Some(piece) = body.take(rest)? else { return Ok(None) };
        let is_over = *body == Body::Left(0);
        let length = before - rest.len();
        let mut told = Told::default();
        let mut result = Ok(());
        let mut room = self.room;
        if let Some(call) = self.current(from).and_then(|it| it.call.as_mut()) {
            call.count(from, length);
            told.call = Some(call.id.clone());
            result = call.data(from, piece.content, is_over, &mut room, &mut told);
            told.status = call.headers(from, &piece.headers, None).or(told.status.take());
        }
        self.room = room;
        if piece.goes_on {
            told.says.push("this chunk goes on".into());
        }
        told.headers = piece.headers;
        if is_over {
            result = result.and(self.ended(from, &mut told, at));
        }
        Ok(Some((piece.part, told, result.err())))
    }

    /// `from` has sent all of its request, or of its answer.
    ///
    /// # Errors
    ///
    /// If a message goes on: how much of it is there.
    fn ended(&mut self, from: End, told: &mut Told, at: Duration) -> Result<(), String> {
        self.bodies[from as usize] = Body::Left(0);
        let Some(exchange) = self.current(from) else { return Ok(()) };
        exchange.has_ended[from as usize] = true;
        let cut = exchange.call.as_mut().and_then(|call| call.cut(from));
        if let Some(call) = &exchange.call {
            told.call = Some(call.id.clone());
        }
        if exchange.has_ended == [true; 2] {
            // Its answer has ended, so it's the first one.
            let call = self.all.pop_front().and_then(|it| it.call);
            call.into_iter().for_each(|call| call.over(at, true, &mut self.room, told));
        }
        cut.map_or(Ok(()), |cut| Err(format!("the body ends {cut}")))
    }
}

impl Exchange {
    fn title(&self) -> String {
        format!("{} {}", self.method, self.path)
    }
}
