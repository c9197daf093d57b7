//! Lesson 1, hello world: one service, one method, one call (document 000).
// ANCHOR: step2-pb

/// What `build.rs` has generated from `proto/helloworld.proto`: the messages, the trait
/// that a servicer implements, and the stub that a client calls.
#[allow(missing_docs)]
pub mod pb {
    tonic::include_proto!("helloworld");
}
// ANCHOR_END: step2-pb
// ANCHOR: step3-module

pub mod server;
// ANCHOR_END: step3-module
// ANCHOR: step4-module

pub mod client;
// ANCHOR_END: step4-module
