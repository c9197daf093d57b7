//! Hints: which parts of a lesson a learner has, and what to write where next.

use std::collections::HashSet;
use std::fs;
use std::io::{ErrorKind, Write};
use std::ops::Range;
use std::path::Path;

use anyhow::Context;
use similar::{DiffOp, TextDiff};
use snapbox::filter::normalize_lines;

use crate::learner::{self, Learner};
use crate::steps::regions::{Region, Source};
use crate::system::style::{GREEN, RED};
use crate::workspace::lesson::Lesson;

/// A region of the lesson, and what the learner has of it.
pub struct Part<'a> {
    source: &'a Source,
    pub region: &'a Region,
    pub step: usize,
    /// The learner's file. None if there is none.
    theirs: Option<String>,
    /// The lesson's file, as it is while this region is written.
    ours: String,
    /// Which lines of it are the region's.
    is_new: Vec<bool>,
}

/// All parts of the lesson, in the order in which they are to be written.
///
/// # Errors
///
/// If a file of the learner's cannot be read.
pub fn parts<'a>(sources: &'a [Source], learner: &Learner<'_>) -> anyhow::Result<Vec<Part<'a>>> {
    let mut parts = Vec::new();
    // The manifest is complete from the start.
    for source in sources.iter().filter(|source| source.path != Path::new("Cargo.toml")) {
        let path = learner.folder.join(&source.path);
        let theirs = match fs::read_to_string(&path) {
            Ok(text) => Some(normalize_lines(&text)),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(error).context(format!("cannot read {}", path.display())),
        };
        for region in &source.regions {
            let (Some(step), Some(ours)) = (region.step, source.up_to(region)) else { continue };
            parts.push(Part {
                source,
                region,
                step,
                theirs: theirs.clone(),
                is_new: ours.numbers.iter().map(|number| region.contains(*number)).collect(),
                ours: learner::own(&normalize_lines(&ours.text)),
            });
        }
    }
    // Stable: within a step, in the order of the files, and of the regions in each.
    parts.sort_by_key(|part| part.step);
    Ok(parts)
}

impl Part<'_> {
    /// Whether the learner has the region, be it in other words.
    pub fn is_there(&self) -> bool {
        self.share() > 0.6
    }

    /// How much of the region the learner has, from 0 to 1: all of it if all lines are there, and
    /// else as much as there is of the words that are new in it.
    pub fn share(&self) -> f64 {
        let theirs = self.theirs.as_deref().unwrap_or_default();
        let mut is_same = vec![false; self.is_new.len()];
        for op in TextDiff::from_lines(theirs, self.ours.as_str()).ops() {
            if let DiffOp::Equal { new_index, len, .. } = *op {
                is_same[new_index..new_index + len].fill(true);
            }
        }
        let lines = self.ours.lines().zip(&self.is_new).zip(is_same);
        let mut new_lines = lines.filter(|((line, is_new), _)| **is_new && !line.is_empty());
        if new_lines.all(|(_, is_same)| is_same) {
            return 1.0;
        }
        let words_of = |of_region: bool| {
            let lines = self.ours.lines().zip(&self.is_new);
            let lines = lines.filter(move |(_, is_new)| **is_new == of_region);
            lines.flat_map(|(line, _)| words(line)).collect::<HashSet<_>>()
        };
        let (old, new) = (words_of(false), words_of(true));
        let new: HashSet<&str> = new.difference(&old).copied().collect();
        let theirs: HashSet<&str> = theirs.lines().flat_map(words).collect();
        if new.is_empty() {
            return 0.0;
        }
        new.intersection(&theirs).count() as f64 / new.len() as f64
    }

    /// The lines of the learner's file that stand where the region goes: from the line behind the
    /// one that comes before it to the one that comes after it.
    fn gap(&self) -> Range<usize> {
        let theirs = self.theirs.as_deref().unwrap_or_default();
        let before = self.without_region();
        let place = self.is_new.iter().take_while(|is_new| !**is_new).count();
        let mut gap = 0..theirs.lines().count();
        for op in TextDiff::from_lines(theirs, before.as_str()).ops() {
            let (old, new) = (op.old_range(), op.new_range());
            let same = |index: usize| match op {
                DiffOp::Equal { .. } => old.start + index - new.start,
                _ if index < place => old.end - 1,
                _ => old.start,
            };
            if place > 0 && new.contains(&(place - 1)) && !old.is_empty() {
                gap.start = same(place - 1) + 1;
            }
            if new.contains(&place) {
                gap.end = same(place);
            }
        }
        gap.start..gap.end.max(gap.start)
    }

    /// The lesson's file before the region is written.
    fn without_region(&self) -> String {
        let lines = self.ours.split_inclusive('\n').zip(&self.is_new);
        lines.filter(|(_, is_new)| !**is_new).map(|(line, _)| line).collect()
    }

    /// Where the region goes, for people.
    pub fn place(&self) -> String {
        let path = self.source.path.display();
        let Some(theirs) = &self.theirs else { return format!("{path}, a new file") };
        let before = theirs.lines().take(self.gap().start).enumerate();
        match before.filter(|(_, line)| !line.is_empty()).last() {
            Some((index, line)) => format!("{path}, after line {}, `{}`", index + 1, line.trim()),
            None => format!("{path}, at the beginning"),
        }
    }

    /// What the region does.
    pub fn title(&self, lesson: &Lesson) -> String {
        let name = &self.region.name;
        let words = || name.split('-').skip(1).collect::<Vec<_>>().join(" ");
        lesson.hints.get(name).cloned().unwrap_or_else(words)
    }

    /// Prints the region as a patch for the learner's file, which changes nothing else in it.
    ///
    /// # Errors
    ///
    /// If `out` takes no more.
    pub fn solution(&self, out: &mut impl Write) -> anyhow::Result<()> {
        let theirs = self.theirs.as_deref().unwrap_or_default();
        let old: Vec<&str> = theirs.split_inclusive('\n').collect();
        let lines = self.ours.split_inclusive('\n').zip(&self.is_new);
        let region: Vec<&str> =
            lines.filter(|(_, is_new)| **is_new).map(|(line, _)| line).collect();
        // What stands there already is a beginning of the region, or something else.
        let gap = self.gap();
        let is_beginning =
            old[gap.clone()].iter().any(|line| *line != "\n" && region.contains(line));
        let kept = if is_beginning { gap.start } else { gap.end };
        let text = [&old[..kept], &region, &old[gap.end..]].concat().concat();

        let path = self.source.path.display().to_string().replace('\\', "/");
        let before = if self.theirs.is_some() { format!("a/{path}") } else { "/dev/null".into() };
        let diff = TextDiff::from_lines(theirs, text.as_str());
        let diff = diff.unified_diff().header(&before, &format!("b/{path}")).to_string();
        for line in diff.lines() {
            match line.get(..1) {
                Some("+") => writeln!(out, "{GREEN}{line}{GREEN:#}")?,
                Some("-") => writeln!(out, "{RED}{line}{RED:#}")?,
                _ => writeln!(out, "{line}")?,
            }
        }
        Ok(())
    }

    /// Whether the learner's file is as the lesson's is before the region is written.
    pub fn is_untouched(&self) -> bool {
        self.theirs.as_deref().unwrap_or_default() == self.without_region()
    }
}

/// The words of a line of code, without its comment.
fn words(line: &str) -> impl Iterator<Item = &str> {
    let code = line.split("//").next().unwrap_or_default();
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    code.split(move |c| !is_word(c)).filter(|word| !word.is_empty())
}
