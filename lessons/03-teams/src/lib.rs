//! Lesson 3, teams: the metadata of a call, and a proto without a package (document 002).
// ANCHOR: step2-pb

/// What `build.rs` has generated from `proto/teams.proto`. A package would give the file its
/// name; without one it is called `_`.
#[allow(missing_docs)]
pub mod pb {
    tonic::include_proto!("_");
}
// ANCHOR_END: step2-pb
// ANCHOR: step3-module

pub mod server;
// ANCHOR_END: step3-module
// ANCHOR: step4-module

pub mod client;
// ANCHOR_END: step4-module
