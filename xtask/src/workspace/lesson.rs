//! Which lessons there are, and which programs each of them has.

use std::collections::HashMap;
use std::io::Write;
use std::path::{Component, Display, Path, PathBuf};
use std::process::{ExitCode, ExitStatus};
use std::{env, fmt};

use anyhow::{Context, bail};
use cargo_metadata::camino::Utf8PathBuf;
use cargo_metadata::{Artifact, Message, Metadata, Package};
use serde::Deserialize;
use toml_edit::Item;

use crate::system::cargo::{self, Build, RENDERED};
use crate::system::error::WrongUse;
use crate::workspace::manifest;

/// The file in a lesson's folder that says what each region asks of a learner.
pub const HINTS: &str = "hints.toml";

/// The step from which on a lesson has a client, and so can be run.
pub const FIRST_RUNNABLE_STEP: usize = 4;

/// A workspace with lessons in it.
pub struct Workspace {
    /// The folder of its `Cargo.toml`.
    pub root: PathBuf,
    /// Where Cargo puts what it builds.
    pub target: PathBuf,
    /// In the order of their folders.
    pub lessons: Vec<Lesson>,
}

/// A package with `[package.metadata.lesson]` in its manifest.
pub struct Lesson {
    /// Its folder, `03-teams`.
    pub name: String,
    /// Its package, `teams`.
    pub package: String,
    /// Its folder, in full.
    pub folder: PathBuf,
    pub title: String,
    /// The title of each step, from step 1 on.
    pub steps: Vec<String>,
    /// Which files belong to one step as a whole, by their paths in the folder.
    pub files: HashMap<PathBuf, usize>,
    /// What each region of its source asks of a learner, by name: `hints.toml`.
    pub hints: HashMap<String, String>,
    /// What is to be run.
    pub pairs: Vec<Pair>,
}

/// What `[package.metadata.lesson]` says.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LessonMetadata {
    title: String,
    steps: Vec<String>,
    #[serde(default)]
    files: HashMap<PathBuf, usize>,
}

/// A server and a client that belong together.
#[derive(Clone)]
pub struct Pair {
    /// `server + client`, or the name of an example.
    pub name: String,
    pub server: Target,
    pub client: Target,
    /// The folder of `server.txt` and `client.txt`.
    pub transcripts: PathBuf,
}

/// A program that Cargo builds, and what to put before the address to start one side of it.
#[derive(Clone)]
pub struct Target {
    /// The file with its `main`.
    pub source: Utf8PathBuf,
    /// `server` or `client`; nothing for a program that is just one of them.
    pub role: Option<&'static str>,
}

impl Pair {
    /// The transcript of one side, `server` or `client`.
    pub fn transcript(&self, side: &str) -> PathBuf {
        self.transcripts.join(side).with_extension("txt")
    }
}

impl fmt::Display for Lesson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (package {}): {}", self.name, self.package, self.title)
    }
}

impl Workspace {
    /// Asks Cargo which packages there are around the current folder, and finds the lessons among
    /// them. If there are none, as in a learner's own crate, takes the workspace that we are from.
    ///
    /// # Errors
    ///
    /// If there are no lessons, or one is not laid out as it has to be.
    pub async fn load() -> anyhow::Result<Workspace> {
        // Cargo says where our manifest is, if it has started us.
        let ours = env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
        let here = cargo::metadata(Path::new("."), ours.is_some()).await;
        let workspace = match (here, &ours) {
            (Err(error), None) => return Err(error),
            (Err(_), Some(_)) => None,
            (Ok(metadata), _) => Some(Workspace::of(&metadata)?),
        };
        match (workspace, ours) {
            (Some(workspace), _) if !workspace.lessons.is_empty() => Ok(workspace),
            (_, Some(ours)) => Workspace::of(&cargo::metadata(&ours, false).await?),
            (_, None) => bail!("no package around this folder is a lesson"),
        }
    }

    fn of(metadata: &Metadata) -> anyhow::Result<Workspace> {
        let mut lessons = Vec::new();
        for package in &metadata.packages {
            let about = &package.metadata["lesson"];
            if !about.is_null() {
                let lesson = Lesson::new(package, about)
                    .with_context(|| format!("{} is no lesson", package.manifest_path))?;
                lessons.push(lesson);
            }
        }
        lessons.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(Workspace {
            root: metadata.workspace_root.clone().into(),
            target: as_cargo_has_it(metadata.target_directory.as_std_path()),
            lessons,
        })
    }

    /// The lessons that `wanted` names by number, folder or package; all of them if it is empty.
    ///
    /// # Errors
    ///
    /// With [`WrongUse`], if it has a name that is no lesson's.
    pub fn select(&self, wanted: &[String]) -> anyhow::Result<Vec<&Lesson>> {
        if let Some(unknown) = wanted.iter().find(|name| !self.lessons.iter().any(|l| l.is(name))) {
            let names: Vec<_> = self.lessons.iter().map(|lesson| lesson.name.as_str()).collect();
            let names = names.join(", ");
            return Err(WrongUse(format!("no lesson `{unknown}`: there are {names}")).into());
        }
        let is_wanted = |lesson: &&Lesson| wanted.is_empty() || wanted.iter().any(|w| lesson.is(w));
        Ok(self.lessons.iter().filter(is_wanted).collect())
    }

    /// The lesson that `wanted` names.
    ///
    /// # Errors
    ///
    /// With [`WrongUse`], if it is no lesson's name.
    pub fn the(&self, wanted: &str) -> anyhow::Result<&Lesson> {
        Ok(self.select(&[wanted.to_owned()])?[0])
    }

    /// Prints the lessons, their steps and their pairs.
    ///
    /// # Errors
    ///
    /// If standard output takes no more.
    pub fn list(&self) -> anyhow::Result<ExitCode> {
        let mut out = std::io::stdout().lock();
        for lesson in &self.lessons {
            writeln!(out, "{lesson}")?;
            for (index, title) in lesson.steps.iter().enumerate() {
                writeln!(out, "    step {}: {title}", index + 1)?;
            }
            for pair in &lesson.pairs {
                writeln!(out, "    pair: {}", pair.name)?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }

    /// Builds `lessons` with all their examples in one `cargo build`, whose progress and errors
    /// go to standard error. Returns the programs.
    ///
    /// # Errors
    ///
    /// If something does not compile.
    pub async fn build(&self, lessons: &[&Lesson]) -> anyhow::Result<Programs> {
        let mut args = vec!["--bins", "--examples", RENDERED];
        for lesson in lessons {
            args.extend(["--package", &lesson.package]);
        }
        let (programs, status) = Programs::of(Build::start(&self.root, &args, false)?).await?;
        if !status.success() {
            bail!("the lessons do not build: {status}");
        }
        Ok(programs)
    }
}

/// What `hints.toml` of the lesson in `folder` says of each region; nothing if it is not there.
fn hints(folder: &Path) -> anyhow::Result<HashMap<String, String>> {
    let path = folder.join(HINTS);
    if !path.is_file() {
        return Ok(HashMap::new());
    }
    let hints = manifest::read(&path)?;
    let hint = |(name, hint): (&str, &Item)| {
        let hint = hint.as_str().with_context(|| format!("{HINTS}: `{name}` is no text"))?;
        Ok((name.to_owned(), hint.to_owned()))
    };
    hints.iter().map(hint).collect()
}

/// `path` as Cargo has it in its messages about what is built below it: without `..` and without
/// symbolic links, if somebody has put them into it.
fn as_cargo_has_it(path: &Path) -> PathBuf {
    // Elsewhere than on Unix, what this returns is no path that Cargo would say.
    if cfg!(unix)
        && let Ok(real) = path.canonicalize()
    {
        return real;
    }
    let mut clean = PathBuf::new();
    for component in path.components() {
        if component == Component::ParentDir {
            clean.pop();
        } else {
            clean.push(component);
        }
    }
    clean
}

/// `path` for people: relative to `root`, the folder of the workspace, if it is in there.
pub fn shown<'a>(path: &'a Path, root: &Path) -> Display<'a> {
    path.strip_prefix(root).unwrap_or(path).display()
}

/// Where Cargo put the programs that it built, by the files with their `main`.
#[derive(Default)]
pub struct Programs(HashMap<Utf8PathBuf, PathBuf>);

impl Programs {
    /// Waits for the end of `build`. Returns the programs, and how it has ended.
    ///
    /// # Errors
    ///
    /// If the system cannot tell, or Cargo cannot be understood.
    pub async fn of(mut build: Build) -> anyhow::Result<(Programs, ExitStatus)> {
        let mut programs = Programs::default();
        while let Some(message) = build.next().await? {
            if let Message::CompilerArtifact(artifact) = message {
                programs.add(artifact);
            }
        }
        Ok((programs, build.ended().await?))
    }

    /// Takes note of what Cargo has built, if it is a program.
    pub fn add(&mut self, artifact: Artifact) {
        if let Some(executable) = artifact.executable {
            self.0.insert(artifact.target.src_path, executable.into());
        }
    }

    /// Whether Cargo has built `target`.
    pub fn have(&self, target: &Target) -> bool {
        self.0.contains_key(&target.source)
    }

    /// Where Cargo has put `target`.
    ///
    /// # Errors
    ///
    /// If Cargo has built no such program.
    pub fn path(&self, target: &Target) -> anyhow::Result<&Path> {
        let executable = self.0.get(&target.source);
        Ok(executable.with_context(|| format!("{} gave no program", target.source))?)
    }
}

impl Lesson {
    fn new(package: &Package, metadata: &serde_json::Value) -> anyhow::Result<Lesson> {
        let metadata = LessonMetadata::deserialize(metadata)?;
        if metadata.steps.len() < FIRST_RUNNABLE_STEP {
            bail!("it has fewer than {FIRST_RUNNABLE_STEP} steps");
        }
        let folder = package.manifest_path.parent().context("its manifest is in no folder")?;
        let transcripts = folder.join("transcripts");
        let last_step = transcripts.join(format!("step{}", metadata.steps.len()));

        let side = |target: &cargo_metadata::Target, role| Target {
            source: target.src_path.clone(),
            role,
        };
        let program = package.targets.iter().find(|target| target.is_bin());
        let program = program.context("it has no program")?;
        let mut pairs = vec![Pair {
            name: "server + client".into(),
            server: side(program, Some("server")),
            client: side(program, Some("client")),
            transcripts: last_step.clone().into(),
        }];
        for example in package.targets.iter().filter(|target| target.is_example()) {
            let own = transcripts.join(&example.name);
            pairs.push(if example.name.ends_with("_client") {
                // One more client of the lesson's server: unless it has transcripts of its own,
                // it prints what the first one does.
                Pair {
                    name: format!("server + {}", example.name),
                    server: side(program, Some("server")),
                    client: side(example, None),
                    transcripts: if own.is_dir() { own } else { last_step.clone() }.into(),
                }
            } else {
                Pair {
                    name: example.name.clone(),
                    server: side(example, Some("server")),
                    client: side(example, Some("client")),
                    transcripts: own.into(),
                }
            });
        }
        Ok(Lesson {
            name: folder.file_name().unwrap_or_default().to_owned(),
            package: package.name.to_string(),
            folder: folder.into(),
            title: metadata.title,
            steps: metadata.steps,
            files: metadata.files,
            hints: hints(folder.as_std_path())?,
            pairs,
        })
    }

    /// Whether a user means this lesson by `name`.
    fn is(&self, name: &str) -> bool {
        let number = self.name.split_once('-').map(|(number, _)| number);
        name == self.name || name == self.package || Some(name) == number
    }
}
