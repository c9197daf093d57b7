//! Which lessons there are, and which programs each of them has.

use std::collections::HashMap;
use std::ffi::OsString;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{ExitCode, Stdio};
use std::{env, fmt};

use anyhow::{Context, bail};
use cargo_metadata::camino::Utf8PathBuf;
use cargo_metadata::{Message, Metadata, Package};
use serde::Deserialize;
use tokio::io::AsyncReadExt;
use tokio::process::Command;

use crate::process;

/// The step from which on a lesson has a client, and so can be run.
const FIRST_RUNNABLE_STEP: usize = 4;

/// The workspace around the current folder.
pub struct Workspace {
    /// The folder of its `Cargo.toml`.
    pub root: PathBuf,
    /// In the order of their folders.
    pub lessons: Vec<Lesson>,
}

/// A package with `[package.metadata.lesson]` in its manifest.
pub struct Lesson {
    /// Its folder, `03-teams`.
    pub name: String,
    /// Its package, `teams`.
    pub package: String,
    metadata: LessonMetadata,
    /// What is to be run.
    pub pairs: Vec<Pair>,
}

/// What `[package.metadata.lesson]` says.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LessonMetadata {
    title: String,
    /// The title of each step, from step 1 on.
    steps: Vec<String>,
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
    source: Utf8PathBuf,
    /// `server` or `client`; nothing for a program that is just one of them.
    pub role: Option<&'static str>,
}

impl fmt::Display for Lesson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (package {}): {}", self.name, self.package, self.metadata.title)
    }
}

/// The Cargo that runs us, or else the one on the PATH.
pub fn cargo() -> OsString {
    env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

impl Workspace {
    /// Asks Cargo which packages there are, and finds the lessons among them.
    ///
    /// # Errors
    ///
    /// If the current folder is in no workspace, or a lesson is not laid out as one.
    pub async fn load() -> anyhow::Result<Workspace> {
        let mut command = Command::new(cargo());
        command.args(["metadata", "--no-deps", "--format-version=1"]);
        let json = output(command).await.context("`cargo metadata` failed")?;
        let metadata: Metadata = serde_json::from_slice(&json)?;

        let mut lessons = Vec::new();
        for package in &metadata.packages {
            let about = &package.metadata["lesson"];
            if !about.is_null() {
                let lesson = Lesson::new(package, about)
                    .with_context(|| format!("{} is no lesson", package.manifest_path))?;
                lessons.push(lesson);
            }
        }
        if lessons.is_empty() {
            bail!("no package of {} is a lesson", metadata.workspace_root);
        }
        lessons.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(Workspace { root: metadata.workspace_root.into(), lessons })
    }

    /// The lessons that `wanted` names by number, folder or package; all of them if it is empty.
    ///
    /// # Errors
    ///
    /// With the first name that is no lesson's.
    pub fn select(&self, wanted: &[String]) -> Result<Vec<&Lesson>, String> {
        if let Some(unknown) = wanted.iter().find(|name| !self.lessons.iter().any(|l| l.is(name))) {
            let names: Vec<_> = self.lessons.iter().map(|lesson| lesson.name.as_str()).collect();
            return Err(format!("no lesson `{unknown}`: there are {}", names.join(", ")));
        }
        let is_wanted = |lesson: &&Lesson| wanted.is_empty() || wanted.iter().any(|w| lesson.is(w));
        Ok(self.lessons.iter().filter(is_wanted).collect())
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
            for (index, title) in lesson.metadata.steps.iter().enumerate() {
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
        let mut command = Command::new(cargo());
        command.current_dir(&self.root);
        command.args(["build", "--bins", "--examples"]);
        command.arg("--message-format=json-render-diagnostics");
        for lesson in lessons {
            command.args(["--package", &lesson.package]);
        }
        let json = output(command).await.context("the lessons do not build")?;

        let mut programs = HashMap::new();
        for message in Message::parse_stream(&json[..]) {
            if let Message::CompilerArtifact(artifact) = message?
                && let Some(executable) = artifact.executable
            {
                programs.insert(artifact.target.src_path, executable.into());
            }
        }
        Ok(Programs(programs))
    }
}

/// Runs `command` to its end and returns its standard output.
async fn output(mut command: Command) -> anyhow::Result<Vec<u8>> {
    command.stdout(Stdio::piped());
    let mut process = process::spawn(command)?;
    let mut bytes = Vec::new();
    if let Some(mut pipe) = process.child.stdout.take() {
        pipe.read_to_end(&mut bytes).await?;
    }
    let status = process.child.wait().await?;
    if !status.success() {
        bail!("{status}");
    }
    Ok(bytes)
}

/// Where Cargo put the programs that it built, by the files with their `main`.
pub struct Programs(HashMap<Utf8PathBuf, PathBuf>);

impl Programs {
    /// The executable of `target`.
    ///
    /// # Errors
    ///
    /// If Cargo has built no such program.
    pub fn get(&self, target: &Target) -> anyhow::Result<&Path> {
        let executable = self.0.get(&target.source);
        let executable =
            executable.with_context(|| format!("{} gave no program", target.source))?;
        Ok(executable)
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
            metadata,
            pairs,
        })
    }

    /// Whether a user means this lesson by `name`.
    fn is(&self, name: &str) -> bool {
        let number = self.name.split_once('-').map(|(number, _)| number);
        name == self.name || name == self.package || Some(name) == number
    }
}
