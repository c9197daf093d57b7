//! The tests of the lesson and of its server that speaks JSON. What every server has to survive
//! is in `xtask/methods/tests`.

mod data;
mod json_codec;
mod server;

/// The example: its codec, the code of its service, and its server.
#[path = "../../examples/json_codec/codec.rs"]
mod codec;
#[allow(missing_docs)]
mod json {
    tonic::include_proto!("json.Movie");
}
#[path = "../../examples/json_codec/server.rs"]
mod example;
