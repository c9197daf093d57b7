//! Running: a side, a pair of them, and how what they print compares with a transcript.

pub mod cause;
pub mod compare;
pub mod outcome;
pub mod pair;
pub mod python;
pub mod side;
pub mod told;
pub mod transcript;
pub mod watcher;
