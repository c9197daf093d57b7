//! Lesson 8, a fleet: the service of lesson 3 on several servers, any of which may fail (document
//! 002).

// ANCHOR: step6-module-backoff
pub mod backoff;
// ANCHOR_END: step6-module-backoff
// ANCHOR: step4-module
pub mod client;
// ANCHOR_END: step4-module
// ANCHOR: step8-module-drain
pub mod drain;
// ANCHOR_END: step8-module-drain
// ANCHOR: step6-module-fleet
pub mod fleet;
// ANCHOR_END: step6-module-fleet
pub mod listen;
// ANCHOR: step7-module-retries
pub mod retries;
// ANCHOR_END: step7-module-retries
// ANCHOR: step3-module
pub mod server;
// ANCHOR_END: step3-module
// ANCHOR: step8-module-trace
pub mod trace;
// ANCHOR_END: step8-module-trace
// ANCHOR: step2-pb

/// What `build.rs` has generated from `proto/teams.proto`: `_`, as that has no package.
#[allow(missing_docs)]
pub mod pb {
    tonic::include_proto!("_");
    // ANCHOR: step5-pb-descriptors
    pub const DESCRIPTORS: &[u8] = tonic::include_file_descriptor_set!("teams");
    // ANCHOR_END: step5-pb-descriptors
}
// ANCHOR_END: step2-pb
