//! The commands of `cargo xtask`, a file each. They call what stands below them, never each other.

pub mod bench;
pub mod book;
pub mod check;
pub mod ci;
pub mod hint;
pub mod list;
pub mod start;
pub mod steps;
pub mod verify;
