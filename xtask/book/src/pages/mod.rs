//! Pages: what the book is written in, and what it shows.

pub mod files;
pub mod listing;
pub mod page;

/// The folder of the book, from that of the workspace.
pub const FOLDER: &str = "mdbook";
