//! Headers, and how HTTP/2 compresses them: HPACK (RFC 7541). loona-hpack reads them; here is how
//! many bytes each took.

use loona_hpack::Decoder;

use crate::frames::gone_wrong;

/// How much a client or a server may refer to that it has sent before, in bytes. It is 4096 unless it
/// says otherwise.
const MAX_TABLE: usize = 1 << 20;

/// How long the headers of one block may be together, in bytes, as HTTP/2 counts them. A few bytes can
/// refer to a long header in the table again and again.
pub const LONGEST_LIST: usize = 256 << 10;

/// A header, and how it was sent.
pub struct Header {
    pub name: String,
    pub value: String,
    pub bytes: Vec<u8>,
    /// Whether all of it was in the table already, and only its number there was sent.
    pub is_known: bool,
}

/// The values of all of `headers` with this name.
pub fn all<'a>(headers: &'a [Header], name: &'static str) -> impl Iterator<Item = &'a str> {
    // HTTP/1.1 may have capital letters.
    let is_it = move |header: &&Header| header.name.eq_ignore_ascii_case(name);
    headers.iter().filter(is_it).map(|header| header.value.as_str())
}

/// The value of the first of `headers` with this name.
pub fn value<'a>(headers: &'a [Header], name: &'static str) -> Option<&'a str> {
    all(headers, name).next()
}

/// `bytes` as text that does nothing to a terminal.
pub fn text(bytes: &[u8]) -> String {
    match str::from_utf8(bytes) {
        Ok(text) if !text.contains(char::is_control) => text.to_owned(),
        _ => bytes.escape_ascii().to_string(),
    }
}

/// What one side has sent so far, as far as it may refer to it.
pub struct Table(Decoder<'static>);

impl Default for Table {
    fn default() -> Table {
        let mut decoder = Decoder::new();
        decoder.set_max_allowed_table_size(MAX_TABLE);
        Table(decoder)
    }
}

impl Table {
    /// Reads all headers in `block`.
    ///
    /// # Errors
    ///
    /// If it is not HPACK, refers to what is not there, or has too many headers. Then nothing that follows can be read.
    pub fn read(&mut self, mut block: &[u8]) -> Result<Vec<Header>, String> {
        let mut headers = Vec::new();
        let mut unpacked = 0;
        let cut = || gone_wrong("a header that is cut short");
        while !block.is_empty() {
            let (length, is_known) = first(block).ok_or_else(cut)?;
            let bytes = block.split_off(..length).ok_or_else(cut)?;
            let read =
                self.0.decode(bytes).map_err(|error| gone_wrong(format!("no header: {error}")))?;
            unpacked +=
                read.iter().map(|(name, value)| name.len() + value.len() + 32).sum::<usize>();
            if unpacked > LONGEST_LIST {
                return Err(format!("headers that are more than {LONGEST_LIST} bytes"));
            }
            headers.extend(read.iter().map(|(name, value)| Header {
                name: text(name),
                value: text(value),
                bytes: bytes.to_vec(),
                is_known,
            }));
        }
        Ok(headers)
    }
}

/// How long the first header in `block` is, with the new sizes of the table before it, and whether it
/// is nothing but a number in the table. None if it is cut short.
fn first(block: &[u8]) -> Option<(usize, bool)> {
    let mut rest = block;
    let is_known = loop {
        let first = *rest.first()?;
        if first & 0xe0 == 0x20 {
            integer(&mut rest, 5)?;
            continue;
        }
        if first & 0x80 != 0 {
            integer(&mut rest, 7)?;
            break true;
        }
        let bits = if first & 0x40 != 0 { 6 } else { 4 };
        if integer(&mut rest, bits)? == 0 {
            string(&mut rest)?;
        }
        string(&mut rest)?;
        break false;
    };
    Some((block.len() - rest.len(), is_known))
}

/// Takes an integer out of `rest` that begins with the last `bits` of the first byte.
fn integer(rest: &mut &[u8], bits: u8) -> Option<usize> {
    let mask = (1 << bits) - 1;
    let mut value = usize::from(rest.split_off_first()? & mask);
    if value < usize::from(mask) {
        return Some(value);
    }
    // As many bytes as loona-hpack takes.
    for shift in [0, 7, 14, 21] {
        let byte = rest.split_off_first()?;
        value += usize::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

/// Takes a string out of `rest`.
fn string(rest: &mut &[u8]) -> Option<()> {
    let length = integer(rest, 7)?;
    rest.split_off(..length).map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::Table;

    #[test]
    fn says_what_each_header_took() -> Result<(), String> {
        let mut table = Table::default();
        let mut took = |block: &[u8]| -> Result<Vec<(String, usize, bool)>, String> {
            let headers = table.read(block)?;
            let took = |it: super::Header| {
                (format!("{}: {}", it.name, it.value), it.bytes.len(), it.is_known)
            };
            Ok(headers.into_iter().map(took).collect())
        };
        // A new size of the table; POST; a name with an index, and a value of three bytes.
        let first = took(b"\x3f\xe1\x1f\x83\x44\x03/ab")?;
        let post = |bytes| (":method: POST".to_owned(), bytes, true);
        assert_eq!(first, [post(4), (":path: /ab".to_owned(), 5, false)]);
        assert_eq!(took(b"\x83\xbe")?, [post(1), (":path: /ab".to_owned(), 1, true)]);
        for wrong in [
            &b"\xbf"[..],
            b"\x44",
            b"\x44\x7f",
            b"\x44\x7f\xff\xff\xff\xff\xff",
            b"\x3f\xff\xff\xff\x7f\x83",
        ] {
            assert!(took(wrong).is_err(), "{wrong:x?}");
        }
        Ok(())
    }

    #[test]
    fn are_no_longer_than_somebody_may_send_them() -> Result<(), String> {
        // A header of 4000 bytes, which stays in the table.
        let mut block = b"\x40\x01a\x7f\xa1\x1e".to_vec();
        block.extend([b'x'; 4000]);
        assert_eq!(Table::default().read(&block)?[0].value.len(), 4000);
        block.extend([0xbe; 16_000]);
        assert!(Table::default().read(&block).is_err());
        Ok(())
    }
}
