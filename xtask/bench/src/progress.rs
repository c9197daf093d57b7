//! What is being measured just now: on a terminal only.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// A line at the bottom of the terminal.
pub struct Progress(ProgressBar);

impl Progress {
    /// The line, with the number of `parts` that there are.
    ///
    /// # Errors
    ///
    /// If its style is wrong.
    pub fn new(parts: usize) -> anyhow::Result<Progress> {
        let style = "{bar:24} {pos}/{len} {msg} ({elapsed})";
        let bar = ProgressBar::new(parts as u64).with_style(ProgressStyle::with_template(style)?);
        bar.enable_steady_tick(Duration::from_secs(1));
        Ok(Progress(bar))
    }

    /// Shows what is being done.
    pub fn says(&self, what: String) {
        self.0.set_message(what);
    }

    /// One more part is done.
    pub fn part_done(&self) {
        self.0.inc(1);
    }

    /// Takes the line away, so that what is printed next stands alone.
    pub fn ends(&self) {
        self.0.finish_and_clear();
    }
}
