//! The tests of the lesson and of its exercises. What every server has to survive is in
//! `xtask/methods/tests`.

mod deadline;
mod product_info;
mod server;

/// The exercise: its messages, and its server.
#[allow(missing_docs)]
mod pb {
    tonic::include_proto!("ecommerce");
}
#[path = "../../examples/product_info/server.rs"]
mod exercise;
