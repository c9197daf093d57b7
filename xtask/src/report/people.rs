//! For people: a line a pair, in colour, and below it what there is to say of it.

use std::io::{self, Write};
use std::time::Duration;

use crate::report::verdict::Verdict;
use crate::system::style::{GREEN, RED};

/// Shows a verdict.
///
/// # Errors
///
/// If the output takes no more.
pub fn show(out: &mut impl Write, verdict: &Verdict) -> io::Result<()> {
    let Verdict { lesson, pair, ok, seconds, details, .. } = verdict;
    let (style, word) = if *ok { (GREEN, "ok  ") } else { (RED, "FAIL") };
    writeln!(out, "{style}{word}{style:#}  {lesson:22}  {pair:26}  {seconds:5.2} s")?;
    write!(out, "{details}")
}

/// Shows how many have passed and how many have not, in `time`.
///
/// # Errors
///
/// If the output takes no more.
pub fn show_totals(
    out: &mut impl Write,
    passed: usize,
    failed: usize,
    time: Duration,
) -> io::Result<()> {
    let style = if failed == 0 { GREEN } else { RED };
    let time = time.as_secs_f64();
    writeln!(out, "{style}{passed} passed, {failed} failed{style:#} in {time:.2} s")
}
