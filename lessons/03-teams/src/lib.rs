//! Lesson 3, teams: the metadata of a call, and a proto without a package (document 002).

// ANCHOR: step4-module
pub mod client;
// ANCHOR_END: step4-module
pub mod listen;
// ANCHOR: step3-module
pub mod server;
// ANCHOR_END: step3-module
// ANCHOR: step2-pb

/// What `build.rs` has generated from `proto/teams.proto`: `_`, as that has no package.
#[allow(missing_docs)]
pub mod pb {
    tonic::include_proto!("_");
}
// ANCHOR_END: step2-pb
