//! The tests of the lesson and of its examples. What every server has to survive is in
//! `xtask/methods/tests`.

mod chat;
mod data;
mod hardened;
mod places;
mod server;
mod slow_reader;

/// The exercise: its server.
#[path = "../../examples/chat/server.rs"]
mod exercise;
