//! Regions: which line of a lesson's source belongs to which step.
//!
//! A region stands between `ANCHOR: NAME` and `ANCHOR_END: NAME`, each in a comment on a line of
//! its own, as mdBook has it. Its name begins with its step, `step3-`, or with `exercise`. A file that
//! belongs to one step as a whole needs no markers: the lesson's metadata says so, and it is a region
//! that is called by its step and its file, `step3-server`.

use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::{fs, io};

use anyhow::{Context, bail};
use toml_edit::{Document, Item};

use crate::steps::markers::Marker;
use crate::workspace::lesson::{HINTS, Lesson};
use crate::workspace::relative;

/// What of a lesson's folder belongs to its steps. Its examples, tests and transcripts do not.
/// What stands in the list twice comes where it stands last: so the files are in the order in
/// which one writes them.
const FILES: [&str; 9] = [
    "Cargo.toml",
    "proto",
    "build.rs",
    "src",
    "src/server.rs",
    "src/client.rs",
    "src/lib.rs",
    "src/main.rs",
    "src/listen.rs",
];

/// The step of a region that is in no step's state.
const EXERCISE: usize = usize::MAX;

/// A file of a lesson.
pub struct Source {
    /// Relative to the lesson's folder.
    pub path: PathBuf,
    /// Without the lines of the markers.
    pub lines: Vec<Line>,
    /// In the order in which they are written.
    pub regions: Vec<Region>,
}

/// A line of a file.
pub struct Line {
    /// With its end.
    pub text: String,
    /// Where it stands in the file, from 1.
    pub number: usize,
    /// The first step that has it: 0 if all do.
    pub since: usize,
}

/// A region of a file.
pub struct Region {
    pub name: String,
    /// None for a region that is in no step's state.
    pub step: Option<usize>,
    /// Where its markers stand in the file, from 1. That of a whole file has none: it begins before
    /// the first line, and ends behind the last.
    pub begin: usize,
    pub end: usize,
}

/// A file as it stands at the end of a step.
pub struct AtStep {
    pub text: String,
    /// For each line of `text` where it stands in the lesson's file, from 1.
    pub numbers: Vec<usize>,
}

/// Reads all files of `lesson` that belong to its steps. What is wrong with their regions is added
/// to `problems`, a line each, with the file relative to `root` and the line in it.
///
/// # Errors
///
/// If a file cannot be read.
pub fn read(
    lesson: &Lesson,
    root: &Path,
    problems: &mut Vec<String>,
) -> anyhow::Result<Vec<Source>> {
    let place = |path: &Path, number: usize| {
        format!("{}:{number}", relative(&lesson.folder.join(path), root))
    };
    let mut sources = Vec::new();
    // Where each name was first used.
    let mut names = HashMap::new();
    for path in files(&lesson.folder)? {
        let text = fs::read_to_string(lesson.folder.join(&path))
            .with_context(|| format!("cannot read {}", lesson.folder.join(&path).display()))?;
        let whole = lesson.files.get(&path).copied();
        let (mut source, wrong) = Source::parse(&path, &text, lesson.steps.len(), whole);
        source.regions.sort_by_key(|region| lesson.turn(&region.name));
        problems.extend(wrong.iter().map(|(n, what)| format!("{}: {what}", place(&path, *n))));
        for Region { name, begin, .. } in &source.regions {
            let here = place(&path, (*begin).max(1));
            if let Some(first) = names.insert(name.clone(), here.clone()) {
                problems.push(format!("{here}: there is a region `{name}` already, at {first}"));
            }
        }
        sources.push(source);
    }

    let manifest = Path::new("Cargo.toml");
    let text = fs::read_to_string(lesson.folder.join(manifest))?;
    let about = Document::parse(text.as_str())?;
    let about = &about["package"]["metadata"]["lesson"];
    let line = |span: Option<Range<usize>>| {
        text[..span.map_or(0, |span| span.start)].matches('\n').count() + 1
    };
    for (index, title) in lesson.steps.iter().enumerate() {
        let step = index + 1;
        if !sources.iter().any(|source| source.grows_at(step)) {
            let here = place(manifest, line(about["steps"][index].span()));
            problems.push(format!(
                "{here}: step {step}, {title:?}, adds nothing: no line is in a region of it"
            ));
        }
    }
    for (file, step) in
        about.get("files").and_then(Item::as_table_like).iter().flat_map(|t| t.iter())
    {
        let here = place(manifest, line(step.span()));
        if !sources.iter().any(|source| source.path == Path::new(file)) {
            problems.push(format!("{here}: there is no file {file}"));
        }
        if let Some(step) = lesson
            .files
            .get(Path::new(file))
            .filter(|step| !(1..=lesson.steps.len()).contains(step))
        {
            problems.push(format!("{here}: {}", no_step(file, *step, lesson.steps.len())));
        }
    }
    let hints = Path::new(HINTS);
    let text = fs::read_to_string(lesson.folder.join(hints)).unwrap_or_default();
    let mut unknown: Vec<_> =
        lesson.hints.iter().map(|(name, _)| name).filter(|it| !names.contains_key(*it)).collect();
    unknown.sort();
    for name in unknown {
        let is_its = |line: &str| line.split([' ', '=']).next() == Some(name);
        let line = text.lines().position(is_its).map_or(1, |index| index + 1);
        problems.push(format!("{}: there is no region `{name}`", place(hints, line)));
    }
    Ok(sources)
}

/// Reads all files of `lesson` that belong to its steps, for a learner.
///
/// # Errors
///
/// If a file cannot be read, or something is wrong with their regions: that is for whoever writes
/// the lessons.
pub fn read_sound(lesson: &Lesson, root: &Path) -> anyhow::Result<Vec<Source>> {
    let mut problems = Vec::new();
    let sources = read(lesson, root, &mut problems)?;
    match problems.first() {
        None => Ok(sources),
        Some(first) => bail!("the lesson itself is broken: {first}"),
    }
}

/// The files of the lesson in `folder` that belong to its steps, relative to it.
///
/// # Errors
///
/// If a folder cannot be read.
pub fn files(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for name in FILES {
        find(folder, Path::new(name), &mut paths)
            .with_context(|| format!("cannot look into {}", folder.join(name).display()))?;
    }
    Ok(paths)
}

/// Adds the files at or below `path` to the end of `found`.
fn find(root: &Path, path: &Path, found: &mut Vec<PathBuf>) -> io::Result<()> {
    let full = root.join(path);
    if full.is_dir() {
        let mut names =
            full.read_dir()?.map(|entry| Ok(entry?.file_name())).collect::<io::Result<Vec<_>>>()?;
        names.sort();
        // Those that begin with a dot are what an editor or a desktop has left there.
        for name in names.iter().filter(|name| !name.as_encoded_bytes().starts_with(b".")) {
            find(root, &path.join(name), found)?;
        }
    } else if full.is_file() {
        found.retain(|earlier| earlier != path);
        found.push(path.to_owned());
    }
    Ok(())
}

impl Source {
    /// Takes a file apart, which belongs to the step `whole` as a whole, if there is one. With it come
    /// the lines at which something is wrong, from 1, and what.
    pub fn parse(
        path: &Path,
        text: &str,
        steps: usize,
        whole: Option<usize>,
    ) -> (Source, Vec<(usize, String)>) {
        let mut lines: Vec<Line> = Vec::new();
        let mut regions: Vec<Region> = Vec::new();
        let mut problems = Vec::new();
        if let Some(step) = whole {
            let stem = path.file_stem().unwrap_or_default().to_string_lossy();
            let name = format!("step{step}-{stem}");
            let end = text.lines().count() + 1;
            regions.push(Region { name, step: Some(step), begin: 0, end });
        }
        // Which regions have begun and not ended yet: not that of the whole file.
        let mut open: Vec<usize> = Vec::new();
        // Of which it has been said already that they end at the wrong place.
        let mut told: HashSet<String> = HashSet::new();
        for (index, line) in text.split_inclusive('\n').enumerate() {
            let number = index + 1;
            let mut problem = |what: String| problems.push((number, what));
            match Marker::of(line) {
                None => {
                    let open = open.iter().map(|&i| regions[i].since()).max();
                    let since = open.or(whole).unwrap_or(0);
                    lines.push(Line { text: line.into(), number, since });
                }
                Some(Err(what)) => problem(what.into()),
                Some(Ok(Marker::Begin(name))) => {
                    let outer = open.last().copied().or(whole.map(|_| 0)).map(|i| &regions[i]);
                    let step = step_of(name, steps);
                    let is_of_a_step = step.is_ok();
                    let step = step.unwrap_or_else(|what| {
                        problem(what);
                        outer.map_or(Some(0), |outer| outer.step)
                    });
                    let region = Region { name: name.into(), step, begin: number, end: number };
                    if let Some(outer) = outer
                        && is_of_a_step
                        && outer.since() >= region.since()
                    {
                        let why = if outer.since() > region.since() {
                            "which comes after it"
                        } else {
                            "which is of the same step"
                        };
                        problem(format!("`{name}` is in `{}`, {why}", outer.name));
                    }
                    open.push(regions.len());
                    regions.push(region);
                }
                Some(Ok(Marker::End(name))) => {
                    if let Some(i) = open.pop_if(|i| regions[*i].name == name) {
                        regions[i].end = number;
                    } else if !told.remove(name) {
                        problem(match open.last().map(|&i| &regions[i]) {
                            Some(Region { name: other, begin, .. }) => format!(
                                "`{name}` ends, but `{other}` of line {begin} has to end first"
                            ),
                            None => format!("`{name}` ends, but has not begun"),
                        });
                        // If it has not begun, it is taken for the end of the innermost.
                        let begun = open.iter().rposition(|&i| regions[i].name == name);
                        let begun = begun.unwrap_or(open.len().saturating_sub(1));
                        told.extend(open.drain(begun..).map(|i| regions[i].name.clone()));
                    }
                }
            }
        }
        for i in open {
            problems.push((regions[i].begin, format!("region `{}` has no end", regions[i].name)));
        }
        problems.sort_by_key(|(number, _)| *number);
        (Source { path: path.into(), lines, regions }, problems)
    }

    /// The file as it stands at the end of `step`. None if nothing is left of it then.
    pub fn at(&self, step: usize) -> Option<AtStep> {
        self.with(|line| line.since <= step)
    }

    /// The file as it stands while `region` is written: with the regions of its step that come
    /// before it, and itself.
    pub fn up_to(&self, region: &Region) -> Option<AtStep> {
        let before = self.regions.iter().take_while(|other| other.name != region.name);
        let before = before.filter(|other| other.step == region.step);
        let written: Vec<&Region> = before.chain([region]).collect();
        self.with(|line| {
            let is_written = || written.iter().any(|region| region.contains(line.number));
            line.since < region.since() || line.since == region.since() && is_written()
        })
    }

    fn with(&self, wanted: impl Fn(&Line) -> bool) -> Option<AtStep> {
        let lines = self.lines.iter().filter(|line| wanted(line));
        let (text, numbers): (String, _) =
            lines.map(|line| (line.text.as_str(), line.number)).unzip();
        let is_left = self.regions.is_empty() || !text.trim().is_empty();
        is_left.then_some(AtStep { text, numbers })
    }

    /// A region as the book shows it: as it stands at the end of its step, without what later steps
    /// put into it. None if there is no such region.
    pub fn region(&self, name: &str) -> Option<Vec<&Line>> {
        let region = self.regions.iter().find(|region| region.name == name)?;
        let is_shown = |line: &&Line| region.contains(line.number) && line.since <= region.since();
        Some(self.lines.iter().filter(is_shown).collect())
    }

    /// Whether `step` adds something to this file.
    pub fn grows_at(&self, step: usize) -> bool {
        self.lines.iter().any(|line| line.since == step && !line.text.trim().is_empty())
    }
}

impl Region {
    fn since(&self) -> usize {
        self.step.unwrap_or(EXERCISE)
    }

    /// Whether the line that has this number in the file is in the region.
    pub fn contains(&self, number: usize) -> bool {
        (self.begin..self.end).contains(&number)
    }
}

/// The step that a region's name begins with; none for an exercise.
fn step_of(name: &str, steps: usize) -> Result<Option<usize>, String> {
    if name.starts_with("exercise") {
        return Ok(None);
    }
    let number = name.strip_prefix("step").and_then(|rest| rest.split_once('-'));
    let step = number.and_then(|(number, _)| number.parse().ok());
    match step {
        Some(step) if (1..=steps).contains(&step) => Ok(Some(step)),
        Some(step) => Err(no_step(name, step, steps)),
        None => Err(format!("`{name}`: a name begins with its step, as `step3-`, or `exercise`")),
    }
}

fn no_step(name: &str, step: usize, steps: usize) -> String {
    format!("`{name}`: there is no step {step}, the lesson has {steps}")
}

#[cfg(test)]
mod tests;
