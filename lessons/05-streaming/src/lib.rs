//! Lesson 5, streaming: from the server, from the client, and both ways (documents 000 and 001).
// ANCHOR: step2-pb

/// What `build.rs` has generated from `proto/helloworld.proto`. Its types have the names that the
/// methods have on the wire, underscore and all.
#[allow(missing_docs, non_camel_case_types)]
pub mod pb {
    tonic::include_proto!("helloworld");
}
// ANCHOR_END: step2-pb
// ANCHOR: step7-pb

/// What `build.rs` has generated from `proto/request_streaming.proto`. It has a `Status` and an
/// `Empty`, names that others use too: so it is a module of its own.
#[allow(missing_docs)]
pub mod state_pb {
    tonic::include_proto!("my_package");
}
// ANCHOR_END: step7-pb
// ANCHOR: step3-module

pub mod server;
// ANCHOR_END: step3-module
// ANCHOR: step4-module

pub mod client;
// ANCHOR_END: step4-module
