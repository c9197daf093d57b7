//! Pages: what the book is written in, and what it shows.

pub mod files;
pub mod listing;
pub mod page;

/// The folder of the book, from that of the workspace.
pub const FOLDER: &str = "mdbook";

/// The crates that a page has somebody write from `cargo new` on, each in a folder.
pub const CRATES: &str = "mdbook/crates/";
