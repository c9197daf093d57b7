//! What one end of a connection sends, as far as it is read.

use crate::frames;
use crate::headers::Table;
use crate::protocol::Reads;
use crate::windows::Windows;

/// What one end has sent that is not read yet, and what is needed to read it.
pub struct Half {
    pub reads: Reads,
    /// How many bytes it has sent.
    pub count: u64,
    pub bytes: Vec<u8>,
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
            reads: Reads::Beginning,
            count: 0,
            bytes: Vec::new(),
            table: Some(Table::default()),
            block: None,
            windows: Windows::default(),
            max_length: frames::MAX_LENGTH,
        }
    }
}
