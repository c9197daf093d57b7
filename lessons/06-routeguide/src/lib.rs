//! Lesson 6, RouteGuide: a service with all four kinds of call (document 004).

// ANCHOR: step4-module
pub mod client;
// ANCHOR_END: step4-module
pub mod deadline;
// ANCHOR: step6-module
mod distance;
// ANCHOR_END: step6-module
pub mod listen;
// ANCHOR: step3-module
pub mod places;
pub mod server;
// ANCHOR_END: step3-module

/// The data file that comes with the lesson: a hundred places.
pub const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../data/route_guide_db.json");
// ANCHOR: step2-pb

/// What `build.rs` has generated from `proto/routeguide.proto`.
#[allow(missing_docs)]
pub mod pb {
    tonic::include_proto!("routeguide");
}
// ANCHOR_END: step2-pb
