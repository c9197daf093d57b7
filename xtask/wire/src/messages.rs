//! Messages as gRPC puts them into a body: each after five bytes, which say whether it is compressed
//! and how long it is. Wherever one ends, it is here as a whole. In gRPC-Web, so are the trailers;
//! and all of it may be text.

use std::io::Read;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::read::{GzDecoder, ZlibDecoder};

/// How long a message may be for us to look at it, in bytes: what gRPC takes unless it is told
/// otherwise.
pub const LONGEST: usize = 4 << 20;

/// How much of unfinished messages we keep for one connection, in bytes.
pub const ROOM: usize = 16 << 20;

/// How long what stands before a message is.
pub const PREFIX: usize = 5;

/// In the first byte of them: what follows are trailers.
const IS_TRAILERS: u8 = 0x80;

/// A message as it was sent.
pub struct Sent {
    pub prefix: [u8; PREFIX],
    /// None if it was too long to be kept.
    pub body: Option<Vec<u8>>,
}

impl Sent {
    pub fn is_compressed(&self) -> bool {
        self.prefix[0] != 0
    }

    /// How long it is, without the prefix.
    pub fn length(&self) -> usize {
        length(&self.prefix)
    }

    /// The trailers that it is in gRPC-Web, if it is none itself.
    pub fn as_trailers(&self) -> Option<Sent> {
        let [first, a, b, c, d] = self.prefix;
        let prefix = [first & !IS_TRAILERS, a, b, c, d];
        (first & IS_TRAILERS != 0).then(|| Sent { prefix, body: self.body.clone() })
    }

    /// What was compressed with `encoding`, as a header has said.
    ///
    /// # Errors
    ///
    /// If it cannot be read: why, in words.
    pub fn unpacked(&self, encoding: Option<&str>) -> Result<Vec<u8>, String> {
        let body = self.body.as_deref().unwrap_or_default();
        let mut plain = Vec::new();
        let limit = LONGEST as u64 + 1;
        let read = match encoding {
            _ if self.prefix[0] > 1 => return Err(format!("its first byte is {}", self.prefix[0])),
            None | Some("identity") => return Err("compressed, and no header says how".into()),
            Some("gzip") => GzDecoder::new(body).take(limit).read_to_end(&mut plain),
            Some("deflate") => ZlibDecoder::new(body).take(limit).read_to_end(&mut plain),
            Some(other) => return Err(format!("compressed with {other}, which we can't read")),
        };
        match read {
            Err(error) => Err(format!("compressed, but not as it should be: {error}")),
            Ok(_) if plain.len() > LONGEST => {
                Err(format!("compressed, of more than {LONGEST} bytes"))
            }
            Ok(_) => Ok(plain),
        }
    }
}

/// How long what comes behind `prefix` is.
pub fn length(prefix: &[u8; PREFIX]) -> usize {
    let [_, a, b, c, d] = *prefix;
    u32::from_be_bytes([a, b, c, d]) as usize
}

/// The messages of one side of a call, as they come.
#[derive(Default)]
pub struct Messages {
    prefix: Vec<u8>,
    body: Vec<u8>,
    /// How much of a message that is not kept has come.
    skipped: Option<usize>,
}

impl Messages {
    /// Takes `bytes`, and returns the messages that end in them. `room` is what there is for messages
    /// that don't.
    pub fn take(&mut self, mut bytes: &[u8], room: &mut usize) -> Vec<Sent> {
        let mut done = Vec::new();
        loop {
            let missing = PREFIX - self.prefix.len();
            self.prefix.extend(split(&mut bytes, missing));
            let Ok(prefix) = <[u8; PREFIX]>::try_from(&*self.prefix) else { return done };
            let length = length(&prefix);
            let begun = self.skipped.unwrap_or(self.body.len());
            let more = split(&mut bytes, length - begun);
            let is_whole = begun + more.len() == length;
            // What ends here does not take up room for long.
            let fits = length <= LONGEST && (is_whole || more.len() <= *room);
            if fits && self.skipped.is_none() {
                if !is_whole {
                    *room -= more.len();
                }
                self.body.extend(more);
            } else {
                self.forget(room);
                self.skipped = Some(begun + more.len());
            }
            if !is_whole {
                return done;
            }
            *room += if self.skipped.is_none() { begun } else { 0 };
            let body = std::mem::take(&mut self.body);
            done.push(Sent { prefix, body: self.skipped.is_none().then_some(body) });
            self.prefix.clear();
            self.skipped = None;
        }
    }

    /// How much of a message is there that has not ended, in bytes, and how much it will be; none if
    /// there is no such message.
    pub fn unfinished(&self) -> Option<(usize, Option<usize>)> {
        let prefix = <&[u8; PREFIX]>::try_from(&*self.prefix).ok();
        let begun = self.prefix.len() + self.skipped.unwrap_or(self.body.len());
        (begun > 0).then(|| (begun, prefix.map(|prefix| PREFIX + length(prefix))))
    }

    /// Gives back what it takes of `room`.
    pub fn forget(&mut self, room: &mut usize) {
        *room += self.body.len();
        self.body = Vec::new();
    }
}

/// Text that stands for bytes, four letters for three of them. Wherever the bytes were cut, there
/// may be padding, and then it goes on.
#[derive(Default)]
pub struct Base64 {
    /// Letters that are not four yet.
    left: Vec<u8>,
    is_broken: bool,
}

impl Base64 {
    /// Takes `text`, and adds the bytes to `out`.
    ///
    /// # Errors
    ///
    /// If it is no base64: what that is, in words. Then nothing that follows is read.
    pub fn take(&mut self, text: &[u8], out: &mut Vec<u8>) -> Result<(), String> {
        if self.is_broken {
            return Ok(());
        }
        self.left.extend(text);
        let (fours, rest) = self.left.as_chunks::<4>();
        for four in fours {
            if STANDARD.decode_vec(four, out).is_err() {
                let why = format!("\"{}\" is no base64", four.escape_ascii());
                *self = Base64 { left: Vec::new(), is_broken: true };
                return Err(why);
            }
        }
        self.left = rest.to_vec();
        Ok(())
    }

    /// Whether some letters wait for others.
    pub fn is_within(&self) -> bool {
        !self.left.is_empty()
    }
}

/// Takes up to `length` bytes from the front of `bytes`.
fn split<'a>(bytes: &mut &'a [u8], length: usize) -> &'a [u8] {
    let length = length.min(bytes.len());
    bytes.split_off(..length).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{LONGEST, Messages, ROOM};

    /// What comes of `bytes`, in pieces of `piece`: the lengths of the messages that were kept, and
    /// of those that were not.
    fn cut(bytes: &[u8], piece: usize) -> (Vec<usize>, Vec<usize>) {
        let (mut messages, mut room) = (Messages::default(), ROOM);
        let (mut kept, mut not) = (Vec::new(), Vec::new());
        for piece in bytes.chunks(piece) {
            for sent in messages.take(piece, &mut room) {
                match &sent.body {
                    Some(body) => kept.push(body.len()),
                    None => not.push(sent.length()),
                }
            }
        }
        assert_eq!(messages.unfinished(), None);
        assert_eq!(room, ROOM, "room is lost");
        (kept, not)
    }

    #[test]
    fn are_whole_wherever_they_are_cut() {
        let longer = (LONGEST + 1).to_be_bytes();
        let mut bytes = b"\0\0\0\0\0\0\0\0\0\x02ab\0".to_vec();
        bytes.extend(&longer[4..]);
        bytes.extend(vec![7; LONGEST + 1]);
        bytes.extend(b"\x01\0\0\0\x01c\0");
        bytes.extend(&LONGEST.to_be_bytes()[4..]);
        bytes.extend(vec![7; LONGEST]);
        for piece in [1, 7, 16_384, bytes.len()] {
            assert_eq!(cut(&bytes, piece), (vec![0, 2, 1, LONGEST], vec![LONGEST + 1]), "{piece}");
        }
    }

    #[test]
    fn take_no_more_room_than_there_is() {
        let mut room = ROOM;
        let mut all: Vec<Messages> = (0..100).map(|_| Messages::default()).collect();
        let mut begun = b"\0\0\x40\0\0".to_vec();
        begun.resize(LONGEST, 0);
        for messages in &mut all {
            assert_eq!(messages.take(&begun, &mut room).len(), 0);
        }
        assert!(all.iter().map(|it| it.body.len()).sum::<usize>() <= ROOM);
        all.iter_mut().for_each(|it| it.forget(&mut room));
        assert_eq!(room, ROOM);
    }
}
