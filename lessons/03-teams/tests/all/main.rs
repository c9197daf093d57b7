//! The tests of the lesson and of its exercise. What every server has to survive is in
//! `xtask/methods/tests`.

mod team_stream;

/// The exercise: its messages, and its server.
#[allow(missing_docs)]
mod pb {
    tonic::include_proto!("team_stream");
}
#[path = "../../examples/team_stream/server.rs"]
mod exercise;
