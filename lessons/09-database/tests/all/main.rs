//! The tests of the lesson. It is built apart from the others: so what every server has to survive
//! is here as well, in `faults`.

mod busy;
mod faults;
mod files;
mod killed;
mod lists;
mod once;
mod programs;
mod scratch;
mod search;
mod slow_reader;
mod teams;
mod trades;

/// The exercise: its messages, and its server.
#[allow(missing_docs)]
mod pb {
    tonic::include_proto!("search");
}
#[path = "../../examples/search/server.rs"]
mod exercise;
