//! The commands of `cargo xtask`, a file each. They call what stands below them, never each other.

#[cfg(feature = "runner")]
pub mod bench;
#[cfg(feature = "runner")]
pub mod book;
#[cfg(feature = "runner")]
pub mod check;
pub mod ci;
#[cfg(feature = "runner")]
pub mod hint;
#[cfg(feature = "runner")]
pub mod list;
#[cfg(feature = "runner")]
pub mod start;
#[cfg(feature = "runner")]
pub mod steps;
#[cfg(feature = "runner")]
pub mod verify;
#[cfg(feature = "runner")]
pub mod wire;
