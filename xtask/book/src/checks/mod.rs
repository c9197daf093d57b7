//! Checks: whether what the book shows is so.

pub mod check;
pub mod generated;
