//! The tests of the lesson and of its examples.

mod fake;
#[cfg(unix)]
mod faults;
mod fleet;
mod health;
mod ready;
mod reflection;
mod retries;
mod trace;
