//! States: a lesson as it stands at the end of each step, each a crate that can be built.
//!
//! They stand in the target directory, a workspace for each lesson, and are derived from the
//! lesson's own source: it is kept nowhere twice.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use toml_edit::{DocumentMut, value};

use crate::steps::regions::{self, Source};
use crate::system::cargo::{Build, RENDERED};
use crate::system::error::WrongUse;
use crate::workspace::Workspace;
use crate::workspace::lesson::{FIRST_RUNNABLE_STEP, Lesson, Pair, Programs, Target};
use crate::workspace::manifest;

/// The states of a lesson.
pub struct States {
    /// The folder of their workspace.
    pub folder: PathBuf,
    /// From step 0, before there is anything, to the last step.
    pub states: Vec<State>,
}

impl States {
    /// Starts `cargo build` of them, with `args`, as [`Build::start`] does. What they depend on is
    /// what the lessons depend on, and is built once for both.
    ///
    /// # Errors
    ///
    /// If Cargo cannot be started.
    pub fn build(
        &self,
        workspace: &Workspace,
        args: &[&str],
        quietly: bool,
    ) -> anyhow::Result<Build> {
        let target = workspace.target.to_str().context("the target directory is not UTF-8")?;
        // Libraries are not asked for: those of two states have the same name, and would overwrite
        // each other.
        Build::start(&self.folder, &[&["--bins", "--target-dir", target], args].concat(), quietly)
    }

    /// Those that have a client, and so can be run.
    pub fn runnable(&self) -> impl Iterator<Item = &State> {
        self.states.iter().filter(|state| state.step >= FIRST_RUNNABLE_STEP)
    }

    /// Builds some of them, and returns their programs. Cargo says what is wrong, if it is not done
    /// `quietly`.
    ///
    /// # Errors
    ///
    /// If one does not compile.
    pub async fn programs(
        &self,
        workspace: &Workspace,
        wanted: &[&State],
        quietly: bool,
    ) -> anyhow::Result<Programs> {
        let mut args = vec![RENDERED];
        for state in wanted {
            args.extend(["--package", &state.package]);
        }
        let (programs, status) = Programs::of(self.build(workspace, &args, quietly)?).await?;
        if !status.success() {
            bail!("the lesson itself does not build: see `cargo xtask steps`");
        }
        Ok(programs)
    }

    /// The state that `target` belongs to.
    pub fn with(&self, target: &cargo_metadata::Target) -> Option<&State> {
        self.states.iter().find(|state| target.src_path.starts_with(&state.folder))
    }
}

/// A lesson at the end of a step.
pub struct State {
    pub step: usize,
    /// Its package.
    pub package: String,
    /// The version of its package. It says where the state is, and from what its code is generated:
    /// packages with the same name, version and place in their workspace are one to Cargo. So
    /// what a build script generated for another, or before it was changed, would be found.
    version: String,
    pub folder: PathBuf,
    /// Its programs; before the first runnable step they do nothing yet.
    pub pair: Pair,
    /// For each file where its lines stand in the lesson's file of that name, from 1.
    numbers: Vec<(PathBuf, Vec<usize>)>,
}

/// Writes all states of `lesson`, of which `sources` are the files. What is there already, and as
/// it has to be, is left alone, so that Cargo need not build it again.
///
/// # Errors
///
/// If the manifests do not fit each other, or something cannot be written.
pub fn derive(
    workspace: &Workspace,
    lesson: &Lesson,
    sources: &[Source],
) -> anyhow::Result<States> {
    let root = manifest::read(&workspace.root.join("Cargo.toml"))?;
    let folder = workspace.target.join("steps").join(&lesson.name);
    let mut states = Vec::new();
    for step in 0..=lesson.steps.len() {
        let state = State::derive(workspace, lesson, sources, step, &root)
            .with_context(|| format!("{} at step {step}", lesson.name))?;
        states.push(state);
    }

    // Lessons find their data two folders up.
    let data = workspace.root.join("data");
    if data.is_dir() {
        for entry in fs::read_dir(&data)? {
            let entry = entry?;
            let path = entry.path();
            if !path.is_file() {
                continue;
            }
            let text = fs::read_to_string(&path)
                .with_context(|| format!("cannot read {}", path.display()))?;
            write(&workspace.target.join("steps/data").join(entry.file_name()), &text)?;
        }
    }

    let mut own_root = DocumentMut::new();
    let members: Vec<_> = states.iter().map(|state| format!("step{}", state.step)).collect();
    let manifest = manifest::read(&lesson.folder.join("Cargo.toml"))?;
    manifest::make_root(&mut own_root, &members, &root, &manifest);
    let is_new = write(&folder.join("Cargo.toml"), &own_root.to_string())?;
    lock(workspace, lesson, &states, &folder.join("Cargo.lock"), is_new)?;
    Ok(States { folder, states })
}

/// The pair of `lesson` as it stands at the end of `step`, and its programs if they are to be
/// built.
///
/// # Errors
///
/// With [`WrongUse`], if it has no such step, or has no client at that step yet; and if the lesson
/// itself is broken.
pub async fn at_step(
    workspace: &Workspace,
    lesson: &Lesson,
    step: usize,
    are_needed: bool,
) -> anyhow::Result<(Pair, Programs)> {
    let (name, first, last) = (&lesson.name, FIRST_RUNNABLE_STEP, lesson.steps.len());
    if !(first..=last).contains(&step) {
        let why = format!("{name} can be run from step {first} on; its last step is {last}");
        return Err(WrongUse(why).into());
    }
    let states = derive(workspace, lesson, &regions::read_sound(lesson, &workspace.root)?)?;
    let state = &states.states[step];
    let mut programs = Programs::default();
    if are_needed {
        programs = states.programs(workspace, &[state], false).await?;
    }
    Ok((state.pair.clone(), programs))
}

/// Locks the versions of the dependencies to those of the lessons.
fn lock(
    workspace: &Workspace,
    lesson: &Lesson,
    states: &[State],
    path: &Path,
    is_new: bool,
) -> anyhow::Result<()> {
    let ours = workspace.root.join("Cargo.lock");
    let Ok(changed) = fs::metadata(&ours).and_then(|file| file.modified()) else {
        // Nothing has been built yet: Cargo is about to choose versions.
        return Ok(());
    };
    let locked = fs::metadata(path).and_then(|file| file.modified());
    if is_new || locked.map_or(true, |locked| locked < changed) {
        let copies: Vec<_> =
            states.iter().map(|state| (&*state.package, &*state.version)).collect();
        let lock = manifest::lock(&manifest::read(&ours)?, &lesson.package, &copies)?;
        write(path, &lock.to_string())?;
    }
    Ok(())
}

impl State {
    fn derive(
        workspace: &Workspace,
        lesson: &Lesson,
        sources: &[Source],
        step: usize,
        root: &DocumentMut,
    ) -> anyhow::Result<State> {
        let package = format!("{}-step{step}", lesson.package);
        let folder = workspace.target.join("steps").join(&lesson.name).join(format!("step{step}"));
        let files: Vec<_> =
            sources.iter().filter_map(|source| Some((&source.path, source.at(step)?))).collect();
        let is_there = |path: &Path| files.iter().any(|(file, _)| *file == path);
        let mut hasher = DefaultHasher::new();
        folder.hash(&mut hasher);
        for (path, file) in &files {
            if *path == Path::new("build.rs") || path.starts_with("proto") {
                (path, &file.text).hash(&mut hasher);
            }
        }
        let version = format!("0.1.0+{:x}", hasher.finish());
        // First what is there no more: a file may stand where there was a folder, and vice versa.
        for path in regions::files(&folder)? {
            if !is_there(&path) {
                fs::remove_file(folder.join(&path))?;
            }
        }
        let has_library = is_there(Path::new("src/lib.rs"));
        let mut numbers = Vec::new();
        for (path, file) in files {
            let mut text = file.text;
            if path == Path::new("Cargo.toml") {
                let mut manifest = manifest::filled_in(root, &text)?;
                manifest::rename(&mut manifest, &package, &version, has_library)?;
                manifest["lints"]["rust"]["warnings"] = value("deny");
                text = manifest.to_string();
            }
            write(&folder.join(path), &text)?;
            numbers.push((path.clone(), file.numbers));
        }
        let program = folder.join("src/main.rs");
        let source = program.try_into().context("the target directory is not UTF-8")?;
        let server = Target { source, role: Some("server"), file: lesson.file.clone() };
        Ok(State {
            step,
            package,
            version,
            pair: Pair {
                name: if step == 0 { "before step 1".into() } else { format!("step {step}") },
                client: Target { role: Some("client"), file: None, ..server.clone() },
                server,
                servers: lesson.servers_at(step),
                transcripts: lesson.folder.join("transcripts").join(format!("step{step}")),
            },
            folder,
            numbers,
        })
    }

    /// Where `line` of the file `path` of this state stands in the lesson's file of that name.
    pub fn number(&self, path: &Path, line: usize) -> Option<usize> {
        let (_, numbers) = self.numbers.iter().find(|(file, _)| file == path)?;
        numbers.get(line.checked_sub(1)?).copied()
    }
}

/// Writes `text` to the file `path`, with its folder, unless it stands there already: returns
/// whether it did not.
fn write(path: &Path, text: &str) -> anyhow::Result<bool> {
    if fs::read(path).is_ok_and(|there| there == text.as_bytes()) {
        return Ok(false);
    }
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)
            .with_context(|| format!("cannot make the folder {}", folder.display()))?;
    }
    fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(true)
}
