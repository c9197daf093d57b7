//! The tests of the lesson and of its example `hardened`. What every server has to survive is in
//! `xtask/methods/tests`.

mod data;
mod hardened;
mod places;
mod server;
mod slow_reader;
