//! Lesson 1, hello world: one service, one method, one call (document 000).

// ANCHOR: step4-module
pub mod client;
// ANCHOR_END: step4-module
pub mod listen;
// ANCHOR: step3-module
pub mod server;
// ANCHOR_END: step3-module
// ANCHOR: step2-pb

/// What `build.rs` has generated from `proto/helloworld.proto`.
#[allow(missing_docs)]
pub mod pb {
    tonic::include_proto!("helloworld");
}
// ANCHOR_END: step2-pb
