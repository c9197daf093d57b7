//! What `cargo xtask wire` shows of what crosses the wire, and that it changes nothing of it.

mod between;
mod captured;
mod hostile;
mod lessons;
mod load;
mod people;
mod programs;
mod several;
mod tls;
mod tshark;
mod unreadable;
mod web;

/// `cargo xtask wire --listen`, between a client and a server of the tests' own.
mod wire;
