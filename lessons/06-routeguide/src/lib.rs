//! Lesson 6, RouteGuide: a service with all four kinds of call (document 004).
// ANCHOR: step2-pb

/// What `build.rs` has generated from `proto/routeguide.proto`.
#[allow(missing_docs)]
pub mod pb {
    tonic::include_proto!("routeguide");
}
// ANCHOR_END: step2-pb
// ANCHOR: step3-module

pub mod places;
pub mod server;
// ANCHOR_END: step3-module
// ANCHOR: step4-module

pub mod client;
// ANCHOR_END: step4-module
// ANCHOR: step6-module

pub mod limits;
// ANCHOR_END: step6-module
// ANCHOR: step8-module

mod bounded;
mod connections;
// ANCHOR_END: step8-module
