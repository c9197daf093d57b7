//! Transcripts: what a program must print, line by line.
//!
//! In a transcript `[..]` stands for anything within a line, and `...` on a line of its own for
//! any number of lines. snapbox does the matching.

use std::path::Path;
use std::{fs, io};

use anyhow::Context;
use snapbox::Data;
use snapbox::filter::{NormalizeToExpected, normalize_lines};
use snapbox::report::{Palette, write_diff};

/// The line of a transcript that stands for any number of lines.
const ANY_LINES: &str = "...";

/// How a program's output differs from its transcript.
pub struct Difference {
    /// The first line of the transcript that is not what was printed, from 1. None if there is
    /// no transcript yet.
    pub line: Option<usize>,
    /// The transcript.
    expected: String,
    /// What was printed, with the wildcards of the lines that match.
    actual: String,
}

/// Compares what was printed with the transcript at `path`.
///
/// # Errors
///
/// If the transcript cannot be read.
pub fn compare(path: &Path, actual: &str) -> anyhow::Result<Option<Difference>> {
    let (exists, expected) = match fs::read_to_string(path) {
        Ok(text) => (true, normalize_lines(&text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => (false, String::new()),
        Err(error) => return Err(error).context(format!("cannot read {}", path.display())),
    };
    let expected = with_last_newline(expected);
    let actual = with_last_newline(actual.to_owned());
    if exists && with_wildcards(&actual, &expected) == expected {
        return Ok(None);
    }
    let actual = blessed(&expected, &actual);
    let same = actual.lines().zip(expected.lines()).take_while(|(a, e)| a == e).count();
    Ok(Some(Difference { line: exists.then_some(same + 1), expected, actual }))
}

impl Difference {
    /// The first line that differs: what was expected, and what was printed; none where one of
    /// them has no more lines.
    pub fn first(&self) -> (Option<&str>, Option<&str>) {
        let index = self.line.map_or(0, |line| line - 1);
        (self.expected.lines().nth(index), self.actual.lines().nth(index))
    }

    /// Both texts, line by line, with the lines that differ marked.
    ///
    /// # Errors
    ///
    /// Never: a `String` takes all that is written to it.
    pub fn diff(&self) -> Result<String, std::fmt::Error> {
        let mut text = String::new();
        write_diff(
            &mut text,
            &Data::text(self.expected.as_str()),
            &Data::text(self.actual.as_str()),
            Some(&"expected"),
            Some(&"printed"),
            Palette::color(),
        )?;
        Ok(text.trim_start_matches('\n').to_owned())
    }

    /// Rewrites the transcript at `path` to what was printed. A line that still matches keeps
    /// its wildcards, wherever it stands now.
    ///
    /// # Errors
    ///
    /// If the file cannot be written.
    pub fn bless(&self, path: &Path) -> anyhow::Result<()> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(path, &self.actual).with_context(|| format!("cannot write {}", path.display()))
    }
}

fn with_last_newline(mut text: String) -> String {
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    text
}

/// `actual`, with each part that `expected` has a wildcard for replaced by that wildcard.
fn with_wildcards(actual: &str, expected: &str) -> String {
    let normalized =
        NormalizeToExpected::new().redact().normalize(Data::text(actual), &Data::text(expected));
    normalized.to_string()
}

/// `actual` as a transcript: the lines of `old` that match are taken over, in their order, as
/// many as possible. What `...` stood for is still `...` if the lines around it match.
fn blessed(old: &str, actual: &str) -> String {
    let old: Vec<&str> = old.lines().collect();
    let new: Vec<&str> = actual.lines().collect();
    let matches = |i: usize, j: usize| {
        let (old, new) = (old[i], new[j]);
        // Most lines have no wildcard, and need no pattern matching.
        old == new || old.contains("[..]") && with_wildcards(new, old) == old
    };

    // longest[i][j]: how many lines of new[j..] match lines of old[i..], in order.
    let mut longest = vec![vec![0; new.len() + 1]; old.len() + 1];
    for i in (0..old.len()).rev() {
        for j in (0..new.len()).rev() {
            longest[i][j] = if matches(i, j) {
                longest[i + 1][j + 1] + 1
            } else {
                longest[i + 1][j].max(longest[i][j + 1])
            };
        }
    }

    let mut text = String::new();
    let mut add = |line| {
        text += line;
        text.push('\n');
    };
    let (mut i, mut j) = (0, 0);
    // Where the lines that do not match began.
    let (mut gap_i, mut gap_j) = (0, 0);
    loop {
        let at_end = i == old.len() || j == new.len();
        if at_end || matches(i, j) {
            let (end_i, end_j) = if at_end { (old.len(), new.len()) } else { (i, j) };
            let gap = if old[gap_i..end_i] == [ANY_LINES] {
                &old[gap_i..end_i]
            } else {
                &new[gap_j..end_j]
            };
            gap.iter().for_each(|line| add(line));
            if at_end {
                return text;
            }
            add(old[i]);
            (i, j) = (i + 1, j + 1);
            (gap_i, gap_j) = (i, j);
        } else if longest[i + 1][j] >= longest[i][j + 1] {
            i += 1;
        } else {
            j += 1;
        }
    }
}
