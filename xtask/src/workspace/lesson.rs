//! A lesson, its pairs of programs, and what Cargo has made of them.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::{fmt, fs, io};

use anyhow::Context;
use cargo_metadata::camino::Utf8PathBuf;
use cargo_metadata::{Artifact, Message, Package};
use toml_edit::Item;

use crate::system::cargo::Build;
use crate::workspace::manifest;
use crate::workspace::metadata::{Late, Metadata, Several, Tls, servers_at};

/// The file in a lesson's folder that says what each region asks of a learner.
pub const HINTS: &str = "hints.toml";

/// The step from which on a lesson has a client, and so can be run.
pub const FIRST_RUNNABLE_STEP: usize = 4;

/// A package with `[package.metadata.lesson]` in its manifest.
pub struct Lesson {
    /// Its folder, `03-teams`.
    pub name: String,
    /// Its package, `teams`.
    pub package: String,
    /// Its folder, in full.
    pub folder: PathBuf,
    /// Whether it is built in a `cargo build` of its own, because the features of what it depends on are
    /// not those that the others ask for. Then it is no default member of the workspace.
    pub is_apart: bool,
    pub title: String,
    /// The title of each step, from step 1 on.
    pub steps: Vec<String>,
    /// How long it takes to type, in minutes.
    pub minutes: usize,
    /// The packages of the lessons that it builds on.
    pub after: Vec<String>,
    /// Which files belong to one step as a whole, by their paths in the folder.
    pub files: HashMap<PathBuf, usize>,
    /// The regions of its source, in the order in which a learner writes them, and what each asks for:
    /// `hints.toml`.
    pub hints: Vec<(String, String)>,
    /// What is to be run.
    pub pairs: Vec<Pair>,
    /// An answer that has to end at its deadline.
    pub late: Option<Late>,
    /// The steps at which the servers want more than the client of the step before has, in their order.
    pub breaks: Vec<usize>,
    /// From when on its client calls several servers.
    pub several: Option<Several>,
    /// From when on its servers are called over TLS.
    pub tls: Option<Tls>,
    /// What the file is called that its server makes at its first start, and keeps its data in.
    pub file: Option<String>,
}

/// A server and a client that belong together. Of the server, several may be started.
#[derive(Clone)]
pub struct Pair {
    /// `server + client`, or the name of an example.
    pub name: String,
    pub server: Target,
    pub client: Target,
    /// How many servers the client is told of.
    pub servers: usize,
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
    /// What the file is called that it makes: it is told a path at which nothing is yet.
    pub file: Option<String>,
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

impl Lesson {
    /// When the region `name` is written: before those with a higher number. One that is not in
    /// `hints.toml` comes last.
    pub fn turn(&self, name: &str) -> usize {
        self.hints.iter().position(|(other, _)| other == name).unwrap_or(usize::MAX)
    }

    /// Whether a client of the step `old` is refused by a server of a later step, `new`.
    pub fn breaks_between(&self, old: usize, new: usize) -> bool {
        self.breaks.iter().any(|step| (old + 1..=new).contains(step))
    }

    /// How many servers its client is told of at the end of `step`.
    pub fn servers_at(&self, step: usize) -> usize {
        servers_at(self.several.as_ref(), step)
    }
}

/// What `hints.toml` of the lesson in `folder` says of each region; nothing if it is not there.
fn hints(folder: &Path) -> anyhow::Result<Vec<(String, String)>> {
    let path = folder.join(HINTS);
    if !path.is_file() {
        return Ok(Vec::new());
    }
    let hints = manifest::read(&path)?;
    let hint = |(name, hint): (&str, &Item)| {
        let hint = hint.as_str().with_context(|| format!("{HINTS}: `{name}` is no text"))?;
        Ok((name.to_owned(), hint.to_owned()))
    };
    hints.iter().map(hint).collect()
}

/// The proto files in `folder` and the folders in it, sorted. None if it is not there.
///
/// # Errors
///
/// If a folder cannot be read.
pub fn proto_files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    if !folder.is_dir() {
        return Ok(files);
    }
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            files.extend(proto_files(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "proto") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
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

    /// Adds `others`.
    pub fn extend(&mut self, others: Programs) {
        self.0.extend(others.0);
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
    pub(super) fn new(
        package: &Package,
        metadata: &serde_json::Value,
        is_apart: bool,
    ) -> anyhow::Result<Lesson> {
        let metadata = Metadata::read(metadata)?;
        let folder = package.manifest_path.parent().context("its manifest is in no folder")?;
        let transcripts = folder.join("transcripts");
        let last_step = transcripts.join(format!("step{}", metadata.steps.len()));
        let servers = servers_at(metadata.several.as_ref(), metadata.steps.len());

        let side = |target: &cargo_metadata::Target, role| Target {
            source: target.src_path.clone(),
            role,
            file: None,
        };
        let program = package.targets.iter().find(|target| target.is_bin());
        let program = program.context("it has no program")?;
        let server = Target { file: metadata.file.clone(), ..side(program, Some("server")) };
        let mut pairs = vec![Pair {
            name: "server + client".into(),
            server: server.clone(),
            client: side(program, Some("client")),
            servers,
            transcripts: last_step.clone().into(),
        }];
        for example in package.targets.iter().filter(|target| target.is_example()) {
            let own = transcripts.join(&example.name);
            pairs.push(if example.name.ends_with("_client") {
                // One more client of the lesson's server: unless it has transcripts of its own,
                // it prints what the first one does.
                Pair {
                    name: format!("server + {}", example.name),
                    server: server.clone(),
                    client: side(example, None),
                    servers,
                    transcripts: if own.is_dir() { own } else { last_step.clone() }.into(),
                }
            } else {
                Pair {
                    name: example.name.clone(),
                    server: side(example, Some("server")),
                    client: side(example, Some("client")),
                    servers: 1,
                    transcripts: own.into(),
                }
            });
        }
        Ok(Lesson {
            name: folder.file_name().unwrap_or_default().to_owned(),
            package: package.name.to_string(),
            folder: folder.into(),
            is_apart,
            title: metadata.title,
            steps: metadata.steps,
            minutes: metadata.minutes,
            after: metadata.after,
            files: metadata.files,
            hints: hints(folder.as_std_path())?,
            pairs,
            late: metadata.late,
            breaks: metadata.breaks,
            several: metadata.several,
            tls: metadata.tls,
            file: metadata.file,
        })
    }

    /// Whether a user means this lesson by `name`.
    pub(super) fn is(&self, name: &str) -> bool {
        let number = self.name.split_once('-').and_then(|(number, _)| number.parse::<u32>().ok());
        let is_number = number.is_some() && number == name.parse().ok();
        name == self.name || name == self.package || is_number
    }
}
