//! The tests of the lesson and of its examples. What every server has to survive is in
//! `xtask/methods/tests`.

mod fake;
#[cfg(unix)]
mod faults;
mod fleet;
mod health;
mod reflection;
mod retries;
mod trace;
