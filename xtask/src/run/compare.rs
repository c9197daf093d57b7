//! Comparing what a pair has printed with what it has to print.

use std::borrow::Cow;
use std::collections::HashSet;
use std::path::{Path, PathBuf};

use anstream::adapter::strip_str;

use crate::run::outcome::{Ended, Outcome};
use crate::run::transcript;
use crate::system::style::DIM;
use crate::workspace::lesson::Pair;
use crate::workspace::relative;

/// Both sides of a pair.
pub const SIDES: [&str; 2] = ["server", "client"];

/// How much of an output is shown at each end, in bytes, when it is too long to be shown whole.
const SHOWN: usize = 4096;

/// Whether a pair has passed, and what there is to say about it: whether both did what they
/// should, and whether `sides` printed what they should. With `blessed`, a transcript that differs
/// is rewritten and added to it, unless it is there already: then another pair has printed
/// something else for the same transcript.
pub fn with_transcripts(
    pair: &Pair,
    sides: &[&str],
    outcome: &Outcome,
    root: &Path,
    mut blessed: Option<&mut HashSet<PathBuf>>,
) -> (bool, String) {
    let mut text = String::new();
    for failure in outcome.failures() {
        text += &format!("      {failure}\n");
    }
    if !text.is_empty() {
        for (side, ended) in outcome.sides() {
            text += &outputs(&side, ended);
        }
        return (false, text);
    }
    let mut ok = true;
    let ended =
        sides.iter().flat_map(|side| outcome.of(side).into_iter().map(move |it| (*side, it)));
    for (kind, (side, ended)) in ended {
        let path = pair.transcript(kind);
        let name = relative(&path, root);
        let may_bless = blessed.as_mut().is_some_and(|blessed| blessed.insert(path.clone()));
        let is_same = transcript::compare(&path, &outcome.printed(ended)).and_then(|difference| {
            let Some(difference) = difference else { return Ok(true) };
            if may_bless {
                difference.bless(&path)?;
                text += &format!("      {side}: wrote {name}\n");
                return Ok(true);
            }
            text += &match difference.line {
                Some(line) => format!("      {side}: it differs from {name}:{line}\n"),
                None => format!("      {side}: no transcript {name}; --bless writes one\n"),
            };
            text += &shortened(&difference.diff()?);
            Ok(false)
        });
        ok &= is_same.unwrap_or_else(|error| {
            text += &format!("      {side}: {error:#}\n");
            false
        });
    }
    (ok, text)
}

/// What one side has printed on both its outputs.
pub fn outputs(side: &str, output: &Ended) -> String {
    let mut text = String::new();
    for (name, printed) in [("output", &output.stdout), ("error", &output.stderr)] {
        let lines = printed.lines().count();
        let unit = if lines == 1 { "line" } else { "lines" };
        text += &format!("      {DIM}{side}, standard {name}: {lines} {unit}{DIM:#}\n");
        text += &shortened(printed);
        if !text.ends_with('\n') {
            text.push('\n');
        }
    }
    text
}

/// `text`, or its beginning and its end if it is too long to be read whole.
fn shortened(text: &str) -> Cow<'_, str> {
    if text.len() <= 2 * SHOWN {
        return text.into();
    }
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    if lines.iter().any(|line| line.len() > SHOWN) {
        // Without its colours, because they would be cut through.
        let text = strip_str(text).to_string();
        let left_out = text.len().saturating_sub(2 * SHOWN);
        if left_out == 0 {
            return text.into();
        }
        let (head, tail) = (&text.as_bytes()[..SHOWN], &text.as_bytes()[SHOWN + left_out..]);
        let (head, tail) = (String::from_utf8_lossy(head), String::from_utf8_lossy(tail));
        return format!("{head}\n[.. {left_out} bytes ..]\n{tail}").into();
    }
    let (head, rest) = lines.split_at(how_many_fit(lines.iter()));
    let (middle, tail) = rest.split_at(rest.len() - how_many_fit(rest.iter().rev()));
    let left_out: usize = middle.iter().map(|line| strip_str(line).to_string().len()).sum();
    format!("{}[.. {left_out} bytes ..]\n{}", head.concat(), tail.concat()).into()
}

fn how_many_fit<'a>(lines: impl Iterator<Item = &'a &'a str>) -> usize {
    let mut size = 0;
    let fitting = lines.take_while(|line| {
        size += line.len();
        size <= SHOWN
    });
    fitting.count()
}
