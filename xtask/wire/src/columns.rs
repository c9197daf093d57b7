//! Lines for people: 80 columns, with bytes at the left and what they mean at the right.

use std::fmt::Write;

use anstyle::Style;
use xtask::system::style::DIM;

use crate::frames;

/// How wide a line is, in characters.
pub const WIDTH: usize = 80;

/// How many lines a text may take.
const MOST_LINES: usize = 12;

/// What stands before what belongs to the line above.
pub const INDENT: usize = 13;

/// How many bytes a line shows: as many as the head of a frame has.
const A_LINE: usize = frames::HEAD;

/// Adds bytes that can't be read, and beside each line of them the same as ASCII.
pub fn raw(bytes: &[u8], out: &mut String) {
    for line in bytes.chunks(A_LINE).take(MOST_LINES) {
        rows(line, &printable(line), out);
    }
    let left = bytes.len().saturating_sub(MOST_LINES * A_LINE);
    if left > 0 {
        _ = writeln!(out, "{:INDENT$}… and {left} more", "");
    }
}

/// Adds bytes, and beside them what they mean.
pub fn rows(bytes: &[u8], means: &str, out: &mut String) {
    rows_at(0, bytes, means, out);
}

/// Adds bytes, and beside them what they mean, up to `indent` characters further right.
pub fn rows_at(indent: usize, bytes: &[u8], means: &str, out: &mut String) {
    let hex_width = 3 * A_LINE - 1;
    // However deep it is, there is room for a few words.
    let indent = indent.min(20);
    let means = wrapped(means, WIDTH - INDENT - hex_width - 2 - indent);
    let mut means = means.iter();
    let mut chunks = bytes.chunks(A_LINE);
    for index in 0.. {
        let (chunk, mean) = (chunks.next(), means.next());
        if chunk.is_none() && mean.is_none() {
            break;
        }
        let left = bytes.len().saturating_sub(index * A_LINE);
        if index == MOST_LINES && left > 0 {
            _ = writeln!(out, "{:INDENT$}… and {left} more", "");
            break;
        }
        let hex: Vec<_> = chunk.unwrap_or_default().iter().map(|it| format!("{it:02x}")).collect();
        let mean = mean.map_or("", String::as_str);
        let text = format!("{:<hex_width$}  {:indent$}{mean}", hex.join(" "), "");
        _ = writeln!(out, "{:INDENT$}{DIM}{}{DIM:#}", "", text.trim_end());
    }
}

/// Adds `head` and behind it `text`, which goes on below, `indent` characters from the left.
pub fn hang(out: &mut String, indent: usize, head: &str, text: &str) {
    hang_in(Style::new(), out, indent, head, text);
}

/// Does the same with the text in a style.
pub fn hang_in(style: Style, out: &mut String, indent: usize, head: &str, text: &str) {
    let first = WIDTH.saturating_sub(width(head)).max(1);
    let mut rest = text;
    let line = cut(&mut rest, first);
    _ = writeln!(out, "{head}{style}{line}{style:#}");
    let mut lines = 1;
    while !rest.is_empty() {
        if lines == MOST_LINES {
            _ = writeln!(out, "{:indent$}… ({} characters in all)", "", text.chars().count());
            break;
        }
        let line = cut(&mut rest, WIDTH - indent);
        _ = writeln!(out, "{:indent$}{style}{line}{style:#}", "");
        lines += 1;
    }
}

/// The parts of `text` between its colours.
pub fn plain(text: &str) -> impl Iterator<Item = &str> {
    let mut is_first = true;
    text.split('\u{1b}').map(move |part| {
        let after = part.split_once('m').map_or("", |(_, after)| after);
        if std::mem::take(&mut is_first) { part } else { after }
    })
}

/// How many characters of `text` are seen.
fn width(text: &str) -> usize {
    plain(text).map(|part| part.chars().count()).sum()
}

/// `text` in lines of up to `width` characters, no more than we show.
fn wrapped(mut text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    while !text.is_empty() && lines.len() < MOST_LINES {
        lines.push(cut(&mut text, width).to_owned());
    }
    if !text.is_empty() {
        lines.push("…".into());
    }
    lines
}

/// Takes a line of up to `width` characters from the front of `rest`, if it can be without cutting a
/// word.
fn cut<'a>(rest: &mut &'a str, width: usize) -> &'a str {
    let all = *rest;
    let Some((end, _)) = all.char_indices().nth(width) else {
        *rest = "";
        return all;
    };
    // The space may be the first one that does not fit.
    let is_space = all[end..].starts_with(' ');
    let space = if is_space { Some(end) } else { all[..end].rfind(' ').filter(|at| *at > 0) };
    let line = &all[..space.unwrap_or(end)];
    *rest = all[line.len()..].trim_start_matches(' ');
    line
}

/// `bytes` as ASCII, with a dot for anything else.
fn printable(bytes: &[u8]) -> String {
    let ascii = |byte: &u8| if (b' '..=b'~').contains(byte) { char::from(*byte) } else { '.' };
    bytes.iter().map(ascii).collect()
}
