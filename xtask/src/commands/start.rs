//! `cargo xtask start`: a lesson as a crate of the learner's own, to be completed.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Write};
use std::path::{self, Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use toml_edit::{Array, DocumentMut, Item, Table, value};

use crate::learner::{self, WORKSPACE_DATA};
use crate::steps::regions::{self, Source};
use crate::system::cargo::metadata;
use crate::system::error::WrongUse;
use crate::system::files;
use crate::workspace::Workspace;
use crate::workspace::lesson::Lesson;
use crate::workspace::manifest;

/// Which step to start at, and where.
#[derive(clap::Args)]
#[command(after_long_help = "\
What you get is the lesson as it stands before that step: a crate that stands alone, so you can put
it anywhere. Its README.md says how to go on.")]
pub struct Args {
    /// Which lesson, by number, package or folder: 03, teams or 03-teams
    lesson: String,
    /// The step that you want to write
    #[arg(long, value_name = "N", default_value_t = 1)]
    step: usize,
    /// The folder to write to; one that is not empty is left alone [default: my-PACKAGE]
    dir: Option<PathBuf>,
}

/// Writes what `args` asks for.
///
/// # Errors
///
/// If there is no such lesson or step, the folder is not empty, or something cannot be written.
pub async fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let workspace = Workspace::load().await?;
    let lesson = workspace.the(&args.lesson)?;
    if !(1..=lesson.steps.len()).contains(&args.step) {
        let (name, last) = (&lesson.name, lesson.steps.len());
        return Err(WrongUse(format!("{name} has the steps 1 to {last}")).into());
    }
    let sources = regions::read_sound(lesson, &workspace.root)?;
    let dir = args.dir.clone().unwrap_or_else(|| format!("my-{}", lesson.package).into());
    let around = sound_around(&dir).await?;
    let draft = Draft::begin(&dir)?;
    let written = write(&workspace, lesson, &sources, args.step, &dir);
    written.with_context(|| format!("{} cannot be made", dir.display()))?;
    let still = sound_around(&dir).await?;
    if let Some(broken) = around.iter().find(|manifest| !still.contains(manifest)) {
        bail!(
            "the workspace of {} takes {} for one of its own, and can't: give a folder elsewhere, or \
             add it to `workspace.exclude` there",
            broken.display(),
            dir.display()
        );
    }
    draft.keep();

    let title = &lesson.steps[args.step - 1];
    let (shown, typed) = (dir.display(), files::typed(&dir));
    writeln!(
        anstream::stdout(),
        "{shown} is {} as it stands before step {}, {title}.\n\
         Read {shown}/README.md, write the step, then run `cargo xtask check {typed}`.",
        lesson.name,
        args.step
    )?;
    Ok(ExitCode::SUCCESS)
}

/// A folder that is being written to. Dropped before it is to be kept, it is as it was.
struct Draft<'a> {
    dir: &'a Path,
    was_there: bool,
    is_kept: bool,
}

impl Draft<'_> {
    /// Makes the folder, unless it is there and empty.
    fn begin(dir: &Path) -> anyhow::Result<Draft<'_>> {
        let was_there = dir.is_dir();
        fs::create_dir_all(dir)
            .with_context(|| format!("cannot make the folder {}", dir.display()))?;
        if fs::read_dir(dir)?.next().is_some() {
            bail!("{} is not empty: go on in it, or give another folder", dir.display());
        }
        Ok(Draft { dir, was_there, is_kept: false })
    }

    fn keep(mut self) {
        self.is_kept = true;
    }
}

impl Drop for Draft<'_> {
    fn drop(&mut self) {
        if !self.is_kept {
            // Something has failed already, and that is what there is to say.
            _ = if self.was_there { empty(self.dir) } else { fs::remove_dir_all(self.dir) };
        }
    }
}

fn empty(dir: &Path) -> io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        if path.is_dir() { fs::remove_dir_all(path)? } else { fs::remove_file(path)? }
    }
    Ok(())
}

/// The manifests in the folders around `dir` that Cargo understands.
async fn sound_around(dir: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut sound = Vec::new();
    for folder in path::absolute(dir)?.ancestors().skip(1) {
        let manifest = folder.join("Cargo.toml");
        if manifest.is_file() && metadata(folder, true).await.is_ok() {
            sound.push(manifest);
        }
    }
    Ok(sound)
}

/// Writes the crate: `lesson` as it stands before `step`.
fn write(
    workspace: &Workspace,
    lesson: &Lesson,
    sources: &[Source],
    step: usize,
    dir: &Path,
) -> anyhow::Result<()> {
    let root = manifest::read(&workspace.root.join("Cargo.toml"))?;
    for source in sources {
        // The folders of files that are not there yet, too.
        let path = dir.join(&source.path);
        let folder = path.parent().unwrap_or(dir);
        fs::create_dir_all(folder)?;
        let is_manifest = source.path == Path::new("Cargo.toml");
        // What the lesson depends on is there from the start: nobody learns gRPC from typing it.
        let until = if is_manifest { lesson.steps.len() } else { step - 1 };
        let Some(mut file) = source.at(until) else { continue };
        if is_manifest {
            file.text = own_manifest(&root, &file.text, &lesson.name)?.to_string();
        }
        put(&path, &learner::own(&file.text))?;
    }
    for data in data(sources, lesson.steps.len()) {
        let path = dir.join("data").join(&data);
        fs::create_dir_all(dir.join("data"))?;
        fs::copy(workspace.root.join("data").join(&data), &path)
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    put(&dir.join("README.md"), &readme(lesson, step, workspace))?;
    let made = lesson.file.as_ref().map(|file| format!("/{file}*\n")).unwrap_or_default();
    put(&dir.join(".gitignore"), &format!("/target\n{made}"))?;
    // So that formatted code looks like ours, and a hint shows no other difference.
    let format = workspace.root.join("rustfmt.toml");
    if format.is_file() {
        put(&dir.join("rustfmt.toml"), &fs::read_to_string(format)?)?;
    }
    fs::create_dir_all(dir.join(".cargo"))?;
    put(&dir.join(".cargo/config.toml"), &cargo_config(workspace, lesson, dir)?.to_string())?;

    // With more in it than the crate needs: Cargo removes that, and leaves the versions as they are.
    let ours = workspace.root.join("Cargo.lock");
    let lock =
        fs::read_to_string(&ours).with_context(|| format!("cannot read {}", ours.display()))?;
    put(&dir.join("Cargo.lock"), &lock)
}

/// The names of the data files that the lesson reads, at whatever step.
fn data(sources: &[Source], steps: usize) -> BTreeSet<String> {
    let texts = sources.iter().filter_map(|source| source.at(steps));
    texts
        .flat_map(|file| {
            let names = file.text.split(WORKSPACE_DATA).skip(1);
            let names = names.filter_map(|rest| rest.split('"').next());
            names.map(str::to_owned).collect::<Vec<_>>()
        })
        .collect()
}

fn put(path: &Path, text: &str) -> anyhow::Result<()> {
    fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}

/// The manifest of the learner's crate. It says which lesson it is of.
fn own_manifest(root: &DocumentMut, text: &str, name: &str) -> anyhow::Result<DocumentMut> {
    let mut manifest = manifest::filled_in(root, text)?;
    // Whoever learns need not document every item.
    manifest.remove("lints");
    let mut start = Table::new();
    start.insert("lesson", value(name));
    let mut metadata = Table::new();
    metadata.set_implicit(true);
    metadata.insert("start", Item::Table(start));
    manifest["package"]["metadata"] = Item::Table(metadata);
    let lesson = manifest.clone();
    manifest::make_root(&mut manifest, &[], root, &lesson);
    if let Some(dev) = manifest["profile"]["dev"].as_table_like_mut() {
        dev.remove("incremental");
        // A change is compiled again together with the rest of its unit: with 16 of them that takes
        // twice as long. With 256, as Cargo has it, new code takes longer.
        dev.insert("codegen-units", value(64));
    }
    Ok(manifest)
}

/// `cargo xtask` in the learner's folder is the one of the lessons, and crates are from where the
/// lessons have them from.
fn cargo_config(workspace: &Workspace, lesson: &Lesson, dir: &Path) -> anyhow::Result<DocumentMut> {
    let root = &workspace.root;
    let mut config = DocumentMut::new();
    if let Some(alias) = alias(root, &dir.canonicalize()?) {
        config.insert("alias", Item::Table(alias));
    }
    let ours = manifest::read(&root.join(".cargo/config.toml")).unwrap_or_default();
    // In another environment, Cargo would compile C once more; no other lesson has any.
    if let Some(env) = ours.get("env").filter(|_| lesson.is_apart) {
        config.insert("env", env.clone());
    }
    if let Some(sources) = ours.get("source") {
        config.insert("source", sources.clone());
        for (_, source) in
            config["source"].as_table_like_mut().into_iter().flat_map(|it| it.iter_mut())
        {
            for key in ["directory", "local-registry"] {
                // In a configuration, a path is relative to the folder of `.cargo`.
                if let Some(path) = source.get(key).and_then(Item::as_str) {
                    source[key] = value(root.join(path).display().to_string());
                }
            }
        }
    }
    Ok(config)
}

/// The alias `cargo xtask`, for the folder `dir`. None if the path to our manifest is no text.
fn alias(root: &Path, dir: &Path) -> Option<Table> {
    let ours = root.join("Cargo.toml");
    let ours = ours.to_str()?;
    let mut alias = Table::new();
    // A string is split at its spaces.
    if !ours.contains(char::is_whitespace) {
        alias["xtask"] = value(format!("run --manifest-path {ours} --package xtask --"));
        return Some(alias);
    }
    // But a list is added to one of that name in the folders around it: so the list has a name that
    // none of them has.
    let own = format!("xtask-{}", dir.components().count());
    let list = ["run", "--manifest-path", ours, "--package", "xtask", "--"];
    alias["xtask"] = value(&own);
    alias[&own] = value(Array::from_iter(list));
    Some(alias)
}

fn readme(lesson: &Lesson, step: usize, workspace: &Workspace) -> String {
    let Lesson { name, title, package, steps, .. } = lesson;
    let mut list = String::new();
    for (index, title) in steps.iter().enumerate() {
        let here = if index + 1 == step { " **(you are here)**" } else { "" };
        list += &format!("{}. {title}{here}\n", index + 1);
    }
    let step_title = &steps[step - 1];
    let root = workspace.root.display();
    format!(
        "\
# {title}: step {step}, {step_title}

This is lesson {name} of *gRPC in Rust, lesson by lesson*, as it stands before step {step}. The rest
is yours to write:

{list}
Read the chapter *{title}* of the book, from the page of step {step} on: `cargo xtask book --open` shows
it. Then write the step. At any time, this says what already works, what does not yet, and what to do next:

```console
cargo xtask check            # once
cargo xtask check --watch    # whenever you save a file, until Ctrl-C
```

And if you do not know how to go on:

```console
cargo xtask hint             # what to write next, and where
cargo xtask hint --solution  # how we have written it
```

These commands use the lessons in `{root}`. If they are somewhere
else now, or Cargo does not know `xtask` here, run them in that folder, and name this one: `cargo
xtask check FOLDER`.

Once your server and your client are written, each runs in a terminal of its own:

```console
cargo run -p {package} server
cargo run -p {package} client
```
"
    )
}
