//! The book: what it is woven from, and what checks that it is so.
//!
//! Each folder is a floor: `serve` on top, then `weave`, then `pictures`, `checks` and `reader`, and
//! `pages` at the bottom. What stands on one uses what stands below it, never what stands above.

#![allow(missing_docs, reason = "public for the tests only, and named for what they are")]

pub mod checks;
pub mod pages;
pub mod pictures;
pub mod reader;
#[cfg(feature = "serve")]
pub mod serve;
pub mod weave;
