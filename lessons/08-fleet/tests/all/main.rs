//! The tests of the lesson and of its examples. It's built apart from the others, so what every
//! server has to survive is here, too.

mod fake;
#[cfg(unix)]
mod faults;
mod fleet;
mod health;
mod hostile;
mod ready;
mod reflection;
mod retries;
mod trace;
