//! Lesson 2, displacement: messages in messages, and calls that fail (document 001).

// ANCHOR: step4-module
pub mod client;
// ANCHOR_END: step4-module
pub mod listen;
// ANCHOR: step3-module
pub mod server;
// ANCHOR_END: step3-module
// ANCHOR: step2-pb

/// What `build.rs` has generated from `proto/displacement.proto`.
#[allow(missing_docs)]
pub mod pb {
    tonic::include_proto!("my_package");
}
// ANCHOR_END: step2-pb
