//! Lesson 9, database: the teams of lesson 3, kept where they outlive the server (document 002).

// ANCHOR: step4-module
pub mod client;
// ANCHOR_END: step4-module
pub mod deadline;
// ANCHOR: step3-file-module
pub mod file;
// ANCHOR_END: step3-file-module
pub mod listen;
// ANCHOR: step5-once-module
mod once;
// ANCHOR_END: step5-once-module
// ANCHOR: step3-module
pub mod server;
pub mod store;
// ANCHOR_END: step3-module

/// The file that the server keeps its teams in, unless it is told another one.
pub const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/teams.db");
// ANCHOR: step2-pb

/// What `build.rs` has generated from `proto/teams.proto`: `_`, as that has no package.
#[allow(missing_docs)]
pub mod pb {
    tonic::include_proto!("_");
}
// ANCHOR_END: step2-pb
