//! The tests of the lesson and of its examples. It's built apart from the others, so what every
//! server has to survive is here, too.

mod certificates;
mod compression;
mod connections;
mod handshakes;
mod hostile;
mod made;
mod names;
mod rights;
mod rotation;
mod secrets;
#[cfg(unix)]
mod unix_socket;
