//! Transcripts: what a program must print, line by line.
//!
//! In a transcript `[..]` stands for anything within a line, and `...` on a line of its own for
//! any number of lines. snapbox does the matching.

use std::path::Path;
use std::{fs, io};

use anyhow::Context;
use similar::{Algorithm, capture_diff_slices};
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

/// `actual` as a transcript: a line that matches one of `old` is taken over from there, and what `...`
/// stood for is still `...` if the lines around it match.
fn blessed(old: &str, actual: &str) -> String {
    let old: Vec<&str> = old.lines().collect();
    let with_wildcards = |line| {
        let matches = |old: &&&str| {
            // Most lines have no wildcard, and need no pattern matching.
            **old == line || old.contains("[..]") && with_wildcards(line, old) == **old
        };
        old.iter().find(matches).copied().unwrap_or(line)
    };
    let new: Vec<&str> = actual.lines().map(with_wildcards).collect();
    let parts = capture_diff_slices(Algorithm::Myers, &old, &new);
    let lines = parts.iter().flat_map(|part| match &old[part.old_range()] {
        [ANY_LINES] => &[ANY_LINES],
        _ => &new[part.new_range()],
    });
    lines.map(|line| format!("{line}\n")).collect()
}
