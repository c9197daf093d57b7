//! Listings: what a page includes, as the book shows it.

use std::fs;
use std::path::Path;

use anyhow::{Context, bail};
use xtask::steps::items;
use xtask::steps::regions::{self, Line, Source};
use xtask::workspace::lesson::Lesson;
use xtask::workspace::{Workspace, manifest};

use crate::pages::files::SETTING;
use crate::pages::page;
use crate::pages::{CRATES, FOLDER};

/// The lessons' own source, taken apart.
pub struct Listings {
    /// The folder of the workspace.
    root: std::path::PathBuf,
    pub lessons: Vec<LessonSource>,
}

/// The source of a lesson.
pub struct LessonSource {
    /// Its folder, `01-helloworld`.
    pub name: String,
    pub package: String,
    pub title: String,
    /// The titles of its steps.
    pub steps: Vec<String>,
    /// How long it takes to type, in minutes.
    pub minutes: usize,
    /// The packages of the lessons that it builds on.
    pub after: Vec<String>,
    /// The files that belong to its steps.
    pub sources: Vec<Source>,
}

/// A file, or a region of it, as the book shows it.
pub struct Listing {
    pub text: String,
    /// If it is a lesson's: the file in the lesson's folder. If it is in [`CRATES`]: the file there.
    pub file: Option<String>,
    /// If it is of a step's: its lesson, by its place in [`Listings::lessons`], and its lines.
    pub step: Option<(usize, Vec<usize>)>,
}

impl Listings {
    /// The lesson whose package is `package`.
    ///
    /// # Errors
    ///
    /// If there is none.
    pub fn of(&self, package: &str) -> anyhow::Result<&LessonSource> {
        let lesson = self.lessons.iter().find(|lesson| lesson.package == package);
        lesson.with_context(|| format!("no lesson has the package {package}"))
    }

    /// Reads the source of all lessons.
    ///
    /// # Errors
    ///
    /// If a file cannot be read, or something is wrong with their regions.
    pub fn read(workspace: &Workspace) -> anyhow::Result<Listings> {
        let mut problems = Vec::new();
        let mut lessons = Vec::new();
        for lesson in &workspace.lessons {
            let sources = regions::read(lesson, &workspace.root, &mut problems)?;
            let Lesson { name, package, title, steps, minutes, after, .. } = lesson;
            lessons.push(LessonSource {
                name: name.clone(),
                package: package.clone(),
                title: title.clone(),
                steps: steps.clone(),
                minutes: *minutes,
                after: after.clone(),
                sources,
            });
        }
        if !problems.is_empty() {
            bail!("{}", problems.join("\n"));
        }
        Ok(Listings { root: workspace.root.clone(), lessons })
    }

    /// What the page at `page`, relative to the book's source, includes from `path`.
    ///
    /// # Errors
    ///
    /// If there is no such file or region, in words for whoever wrote the page.
    pub fn get(&self, page: &str, path: &str, region: Option<&str>) -> Result<Listing, String> {
        let outside = || format!("{path} is outside the workspace");
        let path = page::in_workspace(page, path).ok_or_else(outside)?;

        let in_lesson = path.strip_prefix("lessons/").and_then(|rest| rest.split_once('/'));
        let file = in_lesson.map(|(_, file)| file).or_else(|| path.strip_prefix(CRATES));
        let file = file.map(str::to_owned);
        let index = in_lesson
            .and_then(|(name, _)| self.lessons.iter().position(|lesson| lesson.name == name));
        if let (Some(_), Some("Cargo.toml"), Some(table)) = (index, file.as_deref(), region) {
            return Ok(Listing { text: self.table(&path, table)?, file, step: None });
        }
        if let (Some(index), Some(file)) = (index, &file)
            && let Some(source) = self.lessons[index].source(file)
        {
            let lines = shown(source, region, &path)?;
            let step = Some((index, lines.iter().map(|line| line.number).collect()));
            return Ok(Listing { text: text(&lines), file: Some(file.clone()), step });
        }

        let text_of_file = fs::read_to_string(self.root.join(&path))
            .map_err(|error| format!("cannot read {path}: {error}"))?;
        // Any name is good for a region here.
        let (source, _) = Source::parse(Path::new(&path), &text_of_file, 0, None);
        let mut lines = shown(&source, region, &path)?;
        if path.ends_with(".console") {
            lines.retain(|line| !line.text.starts_with(SETTING));
        }
        Ok(Listing { text: text(&lines), file, step: None })
    }

    /// A table of a lesson's manifest, `[dependencies]`, as the learner's own has it: with versions.
    fn table(&self, path: &str, table: &str) -> Result<String, String> {
        let text = fs::read_to_string(self.root.join(path))
            .map_err(|error| format!("cannot read {path}: {error}"))?;
        let manifest = manifest::read(&self.root.join("Cargo.toml"))
            .and_then(|workspace| manifest::filled_in(&workspace, &text))
            .map_err(|error| format!("{path}: {error:#}"))?
            .to_string();
        let mut lines = manifest.lines().skip_while(|line| *line != table);
        let Some(header) = lines.next() else { return Err(format!("{path} has no {table}")) };
        // A comment is about the table after it.
        let rest = lines.take_while(|line| !line.starts_with(['[', '#']));
        let text: Vec<&str> = [header].into_iter().chain(rest).collect();
        Ok(text.join("\n").trim_end().to_owned())
    }

    /// The frames that were captured, for the pictures of calls.
    ///
    /// # Errors
    ///
    /// If the file is not there.
    pub fn captured(&self) -> Result<String, String> {
        let path = format!("{FOLDER}/captured.txt");
        fs::read_to_string(self.root.join(&path)).map_err(|error| format!("{path}: {error}"))
    }

    /// What was measured, for the charts: `cargo xtask bench` has written it.
    ///
    /// # Errors
    ///
    /// If it cannot be read, in words for whoever wrote the page.
    pub fn measured(&self) -> Result<serde_json::Value, String> {
        let path = format!("{FOLDER}/measured.json");
        let json = fs::read_to_string(self.root.join(&path));
        let json = json.map_err(|error| format!("cannot read {path}: {error}"))?;
        serde_json::from_str(&json).map_err(|error| format!("{path}: {error}"))
    }
}

impl LessonSource {
    /// The file of the lesson, if it belongs to its steps.
    pub fn source(&self, file: &str) -> Option<&Source> {
        self.sources.iter().find(|source| page::slashed(&source.path) == file)
    }
}

/// What a page shows of a file by `name`: a region, an item, or a file at a step.
fn shown<'a>(source: &'a Source, name: Option<&str>, path: &str) -> Result<Vec<&'a Line>, String> {
    let Some(name) = name else { return Ok(source.lines.iter().collect()) };
    if let Some(lines) = source.region(name) {
        return Ok(lines);
    }
    // `step2` is the whole file as it stands at the end of step 2, and `step2 fn run` an item then.
    let (step, name) = match name.strip_prefix("step") {
        Some(rest) => {
            let (step, name) = rest.split_once(' ').unwrap_or((rest, ""));
            let step = step.parse().map_err(|_| format!("{path} has no region `step{rest}`"))?;
            (Some(step), name)
        }
        None => (None, name),
    };
    let texts: Vec<&str> = source.lines.iter().map(|line| line.text.as_str()).collect();
    let item = match name {
        "" => &source.lines[..],
        name => &source.lines[items::find(Path::new(path), &texts, name)?],
    };
    // Like a region, an item is shown without what later steps put into it.
    let first = item.iter().map(|line| line.since).min().unwrap_or_default();
    let step = step.unwrap_or(first);
    Ok(item.iter().filter(|line| line.since <= step).collect())
}

/// The text of `lines`, without blank lines around it.
fn text(lines: &[&Line]) -> String {
    let text: String = lines.iter().map(|line| line.text.as_str()).collect();
    let text = text.replace("\r\n", "\n");
    let start = text.find(|c: char| !c.is_whitespace()).unwrap_or_default();
    // The first line with its indentation.
    let start = text[..start].rfind('\n').map_or(0, |end| end + 1);
    text[start..].trim_end().to_owned()
}
