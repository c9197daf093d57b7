//! Hints: which parts of a lesson a learner has, and what to write where next.

use std::collections::HashSet;
use std::fs;
use std::io::{self, ErrorKind, Write};
use std::ops::Range;
use std::path::Path;

use anyhow::Context;
use similar::{DiffOp, TextDiff};
use snapbox::filter::normalize_lines;

use crate::learner::sources::Sources;
use crate::learner::{self, Learner};
use crate::steps::regions::{AtStep, Region, Source};
use crate::system::style::{GREEN, RED};
use crate::workspace::lesson::Lesson;
use crate::workspace::proto::BYTE_ORDER_MARK;

/// A region of the lesson, and what the learner has of it.
pub struct Part<'a> {
    source: &'a Source,
    pub region: &'a Region,
    pub step: usize,
    /// The learner's file. None if there is none.
    theirs: Option<String>,
    /// Whether it has line ends or marks that the lesson's has not.
    is_encoded: bool,
    /// What the learner has in place of a file that is not there: all others.
    elsewhere: String,
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
    let all = Sources::read(&learner.folder).files;
    let all: String = all.into_iter().map(|(_, text)| text).collect();
    // The manifest is complete from the start.
    for source in sources.iter().filter(|source| source.path != Path::new("Cargo.toml")) {
        let path = learner.folder.join(&source.path);
        let mut is_encoded = false;
        let theirs = match fs::read_to_string(&path) {
            Ok(text) => {
                is_encoded = text.contains(['\r', BYTE_ORDER_MARK]);
                Some(normalize_lines(text.trim_start_matches(BYTE_ORDER_MARK)))
            }
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(error).context(format!("cannot read {}", path.display())),
        };
        for region in &source.regions {
            let (Some(step), Some(ours)) = (region.step, source.up_to(region)) else { continue };
            parts.push(Part {
                source,
                region,
                step,
                elsewhere: if theirs.is_none() { all.clone() } else { String::new() },
                theirs: theirs.clone(),
                is_encoded,
                is_new: ours.numbers.iter().map(|number| region.contains(*number)).collect(),
                ours: learner::own(&normalize_lines(&ours.text)),
            });
        }
    }
    parts.sort_by_key(|part| (part.step, learner.lesson.turn(&part.region.name)));
    Ok(parts)
}

/// Whether each file of the learner's is the lesson's to the letter, at whatever step: then nothing has
/// to be tried.
pub fn is_the_lessons(sources: &[Source], learner: &Learner<'_>) -> bool {
    let is_its = |source: &Source| {
        let theirs = fs::read_to_string(learner.folder.join(&source.path)).ok();
        let same = |file: Option<AtStep>| {
            let ours = file.map(|file| learner::own(&normalize_lines(&file.text)));
            ours == theirs.as_deref().map(normalize_lines)
        };
        let manifest = source.path == Path::new("Cargo.toml");
        manifest
            || (0..=learner.lesson.steps.len()).any(|step| same(source.at(step)))
            || source.regions.iter().any(|region| same(source.up_to(region)))
    };
    let is_known = |path: &Path| sources.iter().any(|source| source.path == path);
    sources.iter().all(is_its)
        && Sources::read(&learner.folder).files.iter().all(|(path, _)| is_known(path))
}

impl Part<'_> {
    /// Whether the learner has the region, be it in other words.
    pub fn is_there(&self) -> bool {
        self.share() > 0.6
    }

    /// Whether all lines of the region are there.
    pub fn is_exact(&self) -> bool {
        self.share() == 1.0
    }

    /// Whether `why`, what `check` says, is about the file that the region is in.
    pub fn is_in(&self, why: &str) -> bool {
        let path = &self.source.path;
        let stem =
            if path.starts_with("proto") { Some("proto".as_ref()) } else { path.file_stem() };
        stem.is_some_and(|stem| why.contains(&format!("your {}", stem.display())))
    }

    /// Whether `why` names something that the region has, in backticks: code, or an argument.
    pub fn is_named(&self, why: &str) -> bool {
        let region = self.region().concat();
        why.split('`').skip(1).step_by(2).any(|code| {
            match code.chars().all(char::is_alphanumeric) {
                true => region.contains(&format!("\"{code}\"")),
                false => region.contains(code),
            }
        })
    }

    /// Whether the region only imports something.
    pub fn imports(&self) -> bool {
        self.region().iter().all(|line| line.starts_with("use "))
    }

    /// Whether the learner has the file.
    pub fn has_file(&self) -> bool {
        self.theirs.is_some()
    }

    /// The path of the file that it is in.
    pub fn path(&self) -> &Path {
        &self.source.path
    }

    /// How much of the region the learner has, from 0 to 1: all of it if all lines are there, and
    /// else as much as there is of the words that are new in it.
    fn share(&self) -> f64 {
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
        // Words alone may be about something else.
        let declared = self.region().concat();
        let declared: HashSet<&str> = declarations(&declared).collect();
        let is_elsewhere = declarations(&self.elsewhere).any(|name| declared.contains(name));
        if self.theirs.is_none() && !declared.is_empty() && !is_elsewhere {
            return 0.0;
        }
        let words_of = |of_region: bool| {
            let lines = self.ours.lines().zip(&self.is_new);
            let lines = lines.filter(move |(_, is_new)| **is_new == of_region);
            lines.flat_map(|(line, _)| words(line)).collect::<HashSet<_>>()
        };
        let (old, new) = (words_of(false), words_of(true));
        let new: HashSet<&str> = new.difference(&old).copied().collect();
        let theirs: HashSet<&str> =
            theirs.lines().chain(self.elsewhere.lines()).flat_map(words).collect();
        if new.is_empty() {
            return 0.0;
        }
        // Never all: other lines may have the same words.
        (new.intersection(&theirs).count() as f64 / new.len() as f64).min(0.99)
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
        self.in_block(gap.start..gap.end.max(gap.start))
    }

    /// `gap`, or the end of the service or message that the region belongs to: in a proto, they may stand in
    /// another order than in ours.
    fn in_block(&self, gap: Range<usize>) -> Range<usize> {
        let is_indented = |line: &str| line.starts_with([' ', '\t']);
        let place = self.is_new.iter().take_while(|is_new| !**is_new).count();
        let before = self.ours.lines().take(place);
        let block = before.filter(|line| !is_indented(line) && !line.is_empty()).last();
        let starts = self.region().first().is_some_and(|line| is_indented(line));
        let (Some(block), true) = (block, starts && self.source.path.starts_with("proto")) else {
            return gap;
        };
        let theirs: Vec<&str> = self.theirs.as_deref().unwrap_or_default().lines().collect();
        let begin = theirs.iter().position(|line| words(line).take(2).eq(words(block).take(2)));
        let Some(begin) = begin else { return gap };
        let is_end = |line: &&str| line.starts_with('}');
        match theirs[begin..].iter().position(is_end).map(|length| begin + length) {
            Some(end) if !(begin + 1..=end).contains(&gap.start) || gap.end > end => end..end,
            _ => gap,
        }
    }

    /// The lesson's file before the region is written.
    fn without_region(&self) -> String {
        let lines = self.ours.split_inclusive('\n').zip(&self.is_new);
        lines.filter(|(_, is_new)| !**is_new).map(|(line, _)| line).collect()
    }

    /// Where the region goes, for people; or where it is, if it `is_theirs` already, in their own form.
    pub fn place(&self, is_theirs: bool) -> String {
        let path = self.source.path.display();
        let Some(theirs) = &self.theirs else {
            return match self.begins_file() && !is_theirs {
                true => format!("{path}, a new file"),
                false => format!("{path}, or where you have it"),
            };
        };
        if is_theirs {
            return path.to_string();
        }
        let gap = self.gap();
        let lines = || theirs.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
        let before = lines().take_while(|(index, _)| *index < gap.start).last();
        // Or as far as the region itself is written.
        let region = self.region();
        let is_its = |line: &str| region.iter().any(|its| its.trim_end() == line.trim_end());
        let begun = lines().filter(|(index, line)| gap.contains(index) && is_its(line)).last();
        let (word, line) = match (begun.or(before), lines().find(|(at, _)| *at >= gap.end)) {
            (Some(line), _) => ("after", line),
            (None, Some(line)) => ("before", line),
            (None, None) => return path.to_string(),
        };
        format!("{path}, {word} line {}, `{}`", line.0 + 1, line.1.trim())
    }

    /// Whether nothing stands before the region in its file.
    fn begins_file(&self) -> bool {
        self.without_region().trim().is_empty()
    }

    /// What the region does.
    pub fn title(&self, lesson: &Lesson) -> String {
        let name = &self.region.name;
        let words = || name.split('-').skip(1).collect::<Vec<_>>().join(" ");
        lesson.hints.get(lesson.turn(name)).map_or_else(words, |(_, hint)| hint.clone())
    }

    /// The learner's file with the region in it, and nothing else changed.
    ///
    /// # Errors
    ///
    /// If there is no place for it: in words for the learner.
    pub fn added(&self) -> Result<String, &'static str> {
        let theirs = self.theirs.as_deref().unwrap_or_default();
        if self.theirs.is_none() && !self.begins_file() {
            return Err("that file is not in your crate");
        }
        if self.is_encoded {
            return Err("your file has other line ends, or a byte order mark");
        }
        let old: Vec<&str> = theirs.split_inclusive('\n').collect();
        let region = self.region();
        // What stands there already is a beginning of the region, or something else.
        let gap = self.gap();
        let is_beginning =
            old[gap.clone()].iter().any(|line| *line != "\n" && region.contains(line));
        let kept = if is_beginning { gap.start } else { gap.end };
        Ok([&old[..kept], &region, &old[gap.end..]].concat().concat())
    }

    /// The lines of the region.
    fn region(&self) -> Vec<&str> {
        let lines = self.ours.split_inclusive('\n').zip(&self.is_new);
        lines.filter(|(_, is_new)| **is_new).map(|(line, _)| line).collect()
    }

    /// Prints the lines of the region.
    ///
    /// # Errors
    ///
    /// If `out` takes no more.
    pub fn show(&self, out: &mut impl Write) -> io::Result<()> {
        let lines = self.region();
        let lines = lines.iter().map(|line| line.trim_end());
        lines.skip_while(|line| line.is_empty()).try_for_each(|line| writeln!(out, "{line}"))
    }

    /// Prints a patch that makes `text` of the learner's file.
    ///
    /// # Errors
    ///
    /// If `out` takes no more.
    pub fn patch(&self, text: &str, out: &mut impl Write) -> io::Result<()> {
        let theirs = self.theirs.as_deref().unwrap_or_default();
        let path = self.source.path.display().to_string().replace('\\', "/");
        let before = if self.theirs.is_some() { format!("a/{path}") } else { "/dev/null".into() };
        let diff = TextDiff::from_lines(theirs, text);
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
}

/// The names of the functions and types that `text` declares.
fn declarations(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter_map(|line| {
        let keywords = ["fn ", "struct ", "enum ", "trait "];
        let code = line.split("//").next().unwrap_or_default();
        let name = keywords.iter().find_map(|keyword| Some(code.split_once(keyword)?.1))?;
        words(name).next()
    })
}

/// The words of a line of code, without its comment.
fn words(line: &str) -> impl Iterator<Item = &str> {
    let code = line.split("//").next().unwrap_or_default();
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    code.split(move |c| !is_word(c)).filter(|word| !word.is_empty())
}
