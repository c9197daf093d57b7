//! A learner's crate: where it is, and which lesson it is of.

#[cfg(feature = "runner")]
pub mod class;
#[cfg(feature = "runner")]
pub mod exercise;
#[cfg(feature = "runner")]
pub mod grade;
#[cfg(feature = "runner")]
pub mod hint;
#[cfg(feature = "runner")]
pub mod kept;
#[cfg(feature = "runner")]
pub mod late;
#[cfg(feature = "runner")]
pub mod ours;
#[cfg(feature = "runner")]
pub mod page;
#[cfg(feature = "runner")]
pub mod protos;
#[cfg(feature = "runner")]
pub mod refusals;
#[cfg(feature = "runner")]
pub mod sources;
#[cfg(feature = "runner")]
pub mod strangers;
#[cfg(feature = "runner")]
pub mod theirs;
#[cfg(feature = "runner")]
pub mod trial;
#[cfg(feature = "runner")]
pub mod wording;

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use toml_edit::Item;

use crate::system::files;
use crate::workspace::Workspace;
use crate::workspace::lesson::Lesson;
use crate::workspace::manifest;

/// How a lesson finds a data file of the workspace from its own folder.
pub const WORKSPACE_DATA: &str = "/../../data/";

/// What there is to say of a step.
pub enum Grade {
    /// With what is worth a word all the same, if anything is.
    Works(Option<String>),
    /// It is not written yet, or not all of it: then with what is, or what is not. Or else empty.
    Missing(String),
    /// What is wrong, in words for a learner, in one or more lines.
    Wrong(String),
}

impl Grade {
    /// There is nothing to say of it.
    pub fn missing() -> Grade {
        Grade::Missing(String::new())
    }
}

/// The index of the step to go on with: of the first that is wrong, or else of the first that is not
/// there. None if all of them work.
pub fn next(grades: &[Grade]) -> Option<usize> {
    let wrong = grades.iter().position(|grade| matches!(grade, Grade::Wrong(_)));
    wrong.or_else(|| grades.iter().position(|grade| !matches!(grade, Grade::Works(_))))
}

/// Which crate is meant.
#[derive(Default, clap::Args)]
pub struct Which {
    /// The folder of your crate [default: the current one, or the only one in it from `start`]
    pub dir: Option<PathBuf>,
    /// Which lesson it is of, if it was not written by `start`: 03, teams or 03-teams
    #[arg(long)]
    pub lesson: Option<String>,
}

/// A crate that a learner works on.
pub struct Learner<'a> {
    /// As the learner has called it.
    pub folder: PathBuf,
    pub lesson: &'a Lesson,
}

impl Which {
    /// Finds the crate, and its lesson among those of `workspace`.
    ///
    /// # Errors
    ///
    /// If there is no crate, or nothing says which lesson it is of.
    pub fn find<'a>(&self, workspace: &'a Workspace) -> anyhow::Result<Learner<'a>> {
        let folder = match (&self.dir, &self.lesson) {
            (Some(dir), _) => dir.clone(),
            (None, Some(_)) => PathBuf::from("."),
            (None, None) => around()?,
        };
        let named = match &self.lesson {
            Some(lesson) => Some(lesson.clone()),
            None => lesson_of(&folder)?,
        };
        let named = named.with_context(|| {
            format!("{} is not from `cargo xtask start`: give --lesson", files::shown(&folder))
        })?;
        let lesson = workspace.the(&named)?;
        Ok(Learner { folder, lesson })
    }
}

impl Learner<'_> {
    /// What to add to a command that is meant for this crate: nothing in its own folder.
    pub fn named(&self) -> String {
        if self.folder == Path::new(".") {
            return String::new();
        }
        format!(" {}", files::typed(&self.folder))
    }

    /// Spares a crate from `start` to compile again what it depends on, which `check` has done: links it
    /// to the crate's own target directory, before there is one.
    ///
    /// # Errors
    ///
    /// If the crate's manifest can't be read.
    pub fn hand_on(&self, workspace: &Workspace) -> anyhow::Result<()> {
        let own = self.folder.join("target");
        let is_elsewhere = env::var_os("CARGO_TARGET_DIR").is_some();
        if is_elsewhere || own.exists() || lesson_of(&self.folder)?.is_none() {
            return Ok(());
        }
        // The crate itself is not what `check` has compiled under its name.
        let crate_name = self.lesson.package.replace('-', "_");
        let is_it = |name: &str| name.replace('-', "_").contains(&crate_name);
        // In this order: what Cargo finds no fingerprint of, it compiles.
        for folder in ["deps", "build", ".fingerprint"].map(|name| Path::new("debug").join(name)) {
            let linked = files::link(&workspace.build.join(&folder), &own.join(&folder), &is_it);
            if linked.is_err() {
                // On another file system, say. Then the first `cargo run` takes longer, and that's all.
                break;
            }
        }
        Ok(())
    }

    /// What to say when all of the lesson works, or all that anybody has seen, and what comes next.
    pub fn is_done(&self, workspace: &Workspace, is_seen: bool) -> String {
        let all = if is_seen { "All of it" } else { "All that somebody has looked at" };
        let lessons = workspace.lessons.iter();
        match lessons.skip_while(|other| other.name != self.lesson.name).nth(1) {
            Some(next) => {
                let package = &next.package;
                // Beside this crate, not in it.
                let here = env::current_dir().ok();
                let folder = self.folder.canonicalize().ok();
                let inside = here.zip(folder).and_then(|(here, folder)| {
                    Some(here.strip_prefix(folder).ok()?.components().count())
                });
                let beside =
                    inside.map(|depth| format!(" {}my-{package}", "../".repeat(depth + 1)));
                let beside = beside.unwrap_or_default();
                format!("{all} works. The next lesson: `cargo xtask start {package}{beside}`")
            }
            None => format!("{all} works, and this was the last lesson."),
        }
    }
}

/// In the workspace the data stands two folders up, in a learner's crate in the crate.
pub fn own(text: &str) -> String {
    text.replace(WORKSPACE_DATA, "/data/")
}

/// The crate from `start` that the current folder is in, or else the only one that is in it.
fn around() -> anyhow::Result<PathBuf> {
    let here = env::current_dir()?;
    if matches!(lesson_of(&here), Ok(Some(_))) {
        return Ok(".".into());
    }
    if let Some(above) = here.ancestors().find(|dir| matches!(lesson_of(dir), Ok(Some(_)))) {
        return Ok(above.to_owned());
    }
    let mut found = Vec::new();
    for entry in fs::read_dir(&here)? {
        let entry = entry?;
        if matches!(lesson_of(&entry.path()), Ok(Some(_))) {
            found.push(PathBuf::from(entry.file_name()));
        }
    }
    found.sort();
    match &found[..] {
        [] if manifest::read(&here.join("Cargo.toml"))
            .is_ok_and(|it| it.contains_key("package")) =>
        {
            bail!("the crate here is not from `cargo xtask start`: give --lesson")
        }
        [] => bail!("no crate from `cargo xtask start` is here: give its folder"),
        [only] => Ok(only.clone()),
        [first, ..] => bail!(
            "there are {} crates from `cargo xtask start` here: give a folder, say {}",
            found.len(),
            files::typed(first)
        ),
    }
}

/// The lesson that the crate in `folder` is of, if `start` has written it.
fn lesson_of(folder: &Path) -> anyhow::Result<Option<String>> {
    let manifest = manifest::read(&folder.join("Cargo.toml"))?;
    let mut item = Some(manifest.as_item());
    for key in ["package", "metadata", "start", "lesson"] {
        item = item.and_then(|item| item.get(key));
    }
    Ok(item.and_then(Item::as_str).map(str::to_owned))
}
