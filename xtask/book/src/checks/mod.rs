//! Checks: that what the book shows is so, as far as nobody has to read it for that.

pub mod check;
pub mod generated;
