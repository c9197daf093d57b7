//! Lesson 4, movies: data from a JSON file, then as a stream (document 003).

// ANCHOR: step4-module
pub mod client;
// ANCHOR_END: step4-module
pub mod listen;
// ANCHOR: step3-module
pub mod server;
// ANCHOR_END: step3-module

/// The data file that comes with the lesson: seven films.
pub const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../data/movies.json");
// ANCHOR: step2-pb

/// What `build.rs` has generated from `proto/movie.proto`.
#[allow(missing_docs)]
pub mod pb {
    tonic::include_proto!("_");
}
// ANCHOR_END: step2-pb
