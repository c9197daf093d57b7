//! The reader: somebody who follows the book, types its commands, and writes its lessons.

pub mod desk;
pub mod ports;
pub mod scene;
pub mod session;
