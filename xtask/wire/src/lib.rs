//! What crosses the wire between a client and a server of gRPC: passed on as it came, and shown.
//!
//! - `proxy` stands between the two, and passes on bytes
//! - `connection` reads them: `protocol` says whether they are HTTP/2, HTTP/1.1 or `tls`
//! - `streams`, `half`, `frames`, `headers`, `words` and `windows` are HTTP/2, `exchanges` and `http1`
//!   HTTP/1.1, `call` and `messages` gRPC, `schema`, `text` and `fields` protocol buffers
//! - `show` writes down what was read, `people` for people, in the lines of `columns`, and `json` for programs
//! - `pair` starts a lesson's client and server, or a learner's

#![allow(missing_docs, reason = "public for the tests only, and named for what they are")]

pub mod call;
pub mod columns;
pub mod connection;
pub mod exchanges;
pub mod fields;
pub mod frames;
pub mod half;
pub mod headers;
pub mod http1;
pub mod json;
pub mod messages;
pub mod pair;
pub mod people;
pub mod protocol;
pub mod proxy;
pub mod schema;
pub mod seen;
pub mod show;
pub mod streams;
pub mod text;
pub mod tls;
pub mod windows;
pub mod words;

/// Who has sent something.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum End {
    Client,
    Server,
}
