//! Lesson 10, browser: a page that calls the Greeter (documents 000 and 002).

// ANCHOR: step4-module
pub mod client;
// ANCHOR_END: step4-module
pub mod listen;
// ANCHOR: step7-module
pub mod origin;
// ANCHOR_END: step7-module
// ANCHOR: step5-module
pub mod page;
// ANCHOR_END: step5-module
// ANCHOR: step3-module
pub mod server;
// ANCHOR_END: step3-module
// ANCHOR: step2-pb

/// What `build.rs` has generated from `proto/helloworld.proto`, underscores and all.
#[allow(missing_docs, non_camel_case_types)]
pub mod pb {
    tonic::include_proto!("helloworld");
}
// ANCHOR_END: step2-pb
