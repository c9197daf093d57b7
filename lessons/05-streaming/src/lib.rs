//! Lesson 5, streaming: from the server, from the client, and both ways (documents 000 and 001).

// ANCHOR: step4-module
pub mod client;
// ANCHOR_END: step4-module
pub mod listen;
// ANCHOR: step3-module
pub mod server;
// ANCHOR_END: step3-module
// ANCHOR: step2-pb

/// What `build.rs` has generated from `proto/helloworld.proto`, underscores and all.
#[allow(missing_docs, non_camel_case_types)]
pub mod pb {
    tonic::include_proto!("helloworld");
}
// ANCHOR_END: step2-pb
// ANCHOR: step7-pb

/// What it has generated from `proto/request_streaming.proto`: this `Status` is not tonic's.
#[allow(missing_docs)]
pub mod state_pb {
    tonic::include_proto!("my_package");
}
// ANCHOR_END: step7-pb
