//! `cargo xtask`: runs the lessons and checks what they print, at every step, and a learner's own.
//!
//! A library, because the book is woven from the same lessons, by a program of its own.
//!
//! Each folder is a floor: `cli` and `commands` on top, then `learner`, `run` and `steps`, `workspace`
//! and `report`, and `system` at the bottom. What stands on one uses what stands below it, never what
//! stands above.
//!
//! The book's program has no use for what is behind the feature `runner`, and compiles neither that nor
//! what it needs.

#![allow(missing_docs, reason = "public for the book's program only, and named for what they are")]

#[cfg(feature = "runner")]
pub mod cli;
pub mod commands;
pub mod learner;
#[cfg(feature = "runner")]
pub mod report;
pub mod run;
pub mod steps;
pub mod system;
pub mod workspace;
