//! What one end of a connection of HTTP/2 has sent, as far as it's needed to read on.

use crate::frames;
use crate::headers::Table;
use crate::windows::Windows;

/// What is needed to read the frames of one end.
pub struct Half {
    /// None once it was broken: then no headers can be read any more.
    pub table: Option<Table>,
    pub block: Option<Block>,
    pub windows: Windows,
    /// How long a frame this end takes.
    pub max_length: usize,
}

/// Headers that go on in the next frame.
pub struct Block {
    pub stream: u32,
    pub is_end: bool,
    pub bytes: Vec<u8>,
    /// How long its frames were.
    pub length: usize,
}

impl Default for Half {
    fn default() -> Half {
        Half {
            table: Some(Table::default()),
            block: None,
            windows: Windows::default(),
            max_length: frames::MAX_LENGTH,
        }
    }
}
