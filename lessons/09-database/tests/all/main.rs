//! The tests of the lesson. It is built apart from the others: so what every server has to survive is
//! here as well, in `faults`.

mod busy;
mod faults;
mod files;
mod killed;
mod lists;
mod once;
mod programs;
mod scratch;
mod slow_reader;
mod teams;
mod trades;
