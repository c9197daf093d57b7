//! Lesson 7, secure: encryption, names and rights, for the catalogue of products (document 000).

// ANCHOR: step6-modules
pub mod caller;
// ANCHOR_END: step6-modules
pub mod certificates;
// ANCHOR: step4-module
pub mod client;
// ANCHOR_END: step4-module
pub mod connect;
pub mod listen;
// ANCHOR: step7-module
pub mod rights;
// ANCHOR_END: step7-module
// ANCHOR: step3-module
pub mod server;
// ANCHOR_END: step3-module
// ANCHOR: step6-token-module
pub mod token;
// ANCHOR_END: step6-token-module
// ANCHOR: step2-pb

/// What `build.rs` has generated from `proto/product_info.proto`.
#[allow(missing_docs)]
pub mod pb {
    tonic::include_proto!("ecommerce");
}
// ANCHOR_END: step2-pb
