//! A desk: a folder in which somebody follows the book, types its commands, and writes a lesson.

use std::collections::BTreeMap;
use std::env;
use std::fs::{self, File};
use std::io::{Read, pipe};
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use tempfile::TempDir;
use tokio::process::Command;
use tokio::task::spawn_blocking;
use tokio::time::timeout;
use xtask::system::apart;
use xtask::system::cargo::cargo;
use xtask::system::process::{self, Program};
use xtask::workspace::{self, Workspace, manifest};

use crate::pages::listing::LessonSource;
use crate::reader::ports::Ports;

/// Far longer than any command of the book takes.
const LIMIT: Duration = Duration::from_secs(300);

/// See the module.
pub struct Desk<'a> {
    workspace: &'a Workspace,
    folder: TempDir,
    /// What was on it before it was cleared.
    before: TempDir,
    /// Where commands are typed: the desk, which stands for the folder of the lessons, or a crate
    /// in it.
    here: PathBuf,
    /// Servers, each in a terminal of its own, by their addresses.
    meanwhile: BTreeMap<String, Program>,
    ports: Ports,
}

impl<'a> Desk<'a> {
    /// An empty one.
    ///
    /// # Errors
    ///
    /// If its folder cannot be made, or the runner does not compile.
    pub async fn new(workspace: &'a Workspace) -> anyhow::Result<Desk<'a>> {
        // Once: `cargo run` would look for changes before each of its commands.
        let mut build = cargo();
        build.args(["build", "--quiet", "--package", "xtask"]).current_dir(&workspace.root);
        let status = process::spawn(build)?.child.wait().await?;
        ensure!(status.success(), "`cargo build --package xtask` failed: {status}");
        let (folder, before) = (tempfile::tempdir()?, tempfile::tempdir()?);
        let here = folder.path().canonicalize()?;
        // A crate that is written here is built as the lessons are, and so with what is built for them.
        let mut config = manifest::read(&workspace.root.join("Cargo.toml"))?;
        config.retain(|key, _| key == "profile");
        // But it is changed again and again.
        if let Some(dev) = config["profile"]["dev"].as_table_like_mut() {
            dev.remove("incremental");
        }
        fs::create_dir(here.join(".cargo"))?;
        fs::write(here.join(".cargo/config.toml"), config.to_string())?;
        Ok(Desk {
            workspace,
            folder,
            before,
            here,
            meanwhile: BTreeMap::new(),
            ports: Ports::default(),
        })
    }

    /// Writes a crate as `cargo xtask start PACKAGE --step STEP` does, and goes there. With a step
    /// more than the lesson has, it is complete.
    ///
    /// # Errors
    ///
    /// If it cannot be written.
    pub async fn start(&mut self, lesson: &LessonSource, step: usize) -> anyhow::Result<()> {
        let last = lesson.steps.len();
        ensure!((1..=last + 1).contains(&step), "{} has no step {step}", lesson.name);
        let package = &lesson.package;
        let (output, status) =
            self.run(&format!("cargo xtask start {package} --step {}", step.min(last))).await?;
        ensure!(status.success(), "{output}");
        self.go(&format!("my-{package}"))?;
        if step > last {
            for source in &lesson.sources {
                if source.path != Path::new("Cargo.toml")
                    && let Some(file) = source.at(last)
                {
                    self.write(&source.path, &file.text)?;
                }
            }
        }
        self.keep_dates(&self.here)
    }

    /// Makes room for another lesson, or the same one again: Cargo then compiles only the files that
    /// are not as they were.
    ///
    /// # Errors
    ///
    /// If what is there cannot be moved, or a server does not stop.
    pub async fn clear(&mut self) -> anyhow::Result<()> {
        self.stop().await?;
        self.here = self.folder.path().canonicalize()?;
        self.ports.forget();
        self.before = tempfile::tempdir()?;
        for entry in fs::read_dir(&self.here)? {
            let entry = entry?;
            if entry.file_name() != ".cargo" {
                fs::rename(entry.path(), self.before.path().join(entry.file_name()))?;
            }
        }
        Ok(())
    }

    /// Gives each file in `folder` that was there before, and was the same, the date that it had.
    fn keep_dates(&self, folder: &Path) -> anyhow::Result<()> {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                self.keep_dates(&path)?;
                continue;
            }
            let before = self.before.path().join(path.strip_prefix(self.folder.path())?);
            if before.is_file() && fs::read(&before)? == fs::read(&path)? {
                let date = fs::metadata(&before)?.modified()?;
                File::options().append(true).open(&path)?.set_modified(date)?;
            }
        }
        Ok(())
    }

    /// The folder itself, wherever in it somebody is.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Goes to a folder.
    ///
    /// # Errors
    ///
    /// If it is not there, or not on the desk.
    pub fn go(&mut self, folder: &str) -> anyhow::Result<()> {
        let there = self.here.join(folder);
        let there = there.canonicalize().with_context(|| format!("there is no {folder} here"))?;
        ensure!(there.starts_with(self.folder.path().canonicalize()?), "{folder} is elsewhere");
        self.here = there;
        Ok(())
    }

    /// Where the crate `my-PACKAGE` is, from wherever somebody is. None if there is none.
    pub fn crate_of(&self, package: &str) -> Option<PathBuf> {
        let folder = format!("my-{package}");
        if self.here.ends_with(&folder) {
            return Some(self.here.clone());
        }
        Some(self.here.join(folder)).filter(|folder| folder.is_dir())
    }

    /// Goes to the crate `my-PACKAGE`, if there is one and it is somewhere else.
    pub fn goes_to_crate(&mut self, package: &str) -> bool {
        match self.crate_of(package).filter(|folder| *folder != self.here) {
            Some(folder) => {
                self.here = folder;
                true
            }
            None => false,
        }
    }

    /// Writes a file, in which the data stands where a crate has it.
    ///
    /// # Errors
    ///
    /// If it cannot be written.
    pub fn write(&self, file: &Path, text: &str) -> anyhow::Result<()> {
        let path = self.here.join(file);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(&path, xtask::learner::own(text))
            .with_context(|| format!("cannot write {}", file.display()))
    }

    /// Replaces the first `old` in a file.
    ///
    /// # Errors
    ///
    /// If it is not there.
    pub fn replace(&self, file: &str, old: &str, new: &str) -> anyhow::Result<()> {
        let text = fs::read_to_string(self.here.join(file)).with_context(|| file.to_owned())?;
        ensure!(text.contains(old), "{file} has no {old:?}");
        self.write(Path::new(file), &text.replacen(old, new, 1))
    }

    /// Runs a command to its end, and returns what it has printed on both its outputs.
    ///
    /// # Errors
    ///
    /// If it is none that a page may have, or does not end.
    pub async fn run(&self, line: &str) -> anyhow::Result<(String, ExitStatus)> {
        let mut command = self.command(line)?;
        // One pipe for both, so that the lines come in the order in which they were printed.
        let (mut reader, writer) = pipe()?;
        command.stdout(writer.try_clone()?).stderr(writer);
        let mut process = process::spawn(command)?;
        let output = spawn_blocking(move || {
            let mut bytes = Vec::new();
            reader.read_to_end(&mut bytes).map(|_| bytes)
        });
        let ended = async { anyhow::Ok((output.await??, process.child.wait().await?)) };
        let (output, status) =
            timeout(LIMIT, ended).await.with_context(|| format!("`{line}` does not end"))??;
        Ok((self.ports.as_shown(&String::from_utf8_lossy(&output)), status))
    }

    /// Starts a command that only Ctrl-C ends, waits for the first line that it prints, and returns
    /// it. One that has the same address is stopped first.
    ///
    /// # Errors
    ///
    /// If it is none that a page may have, or ends.
    pub async fn start_meanwhile(&mut self, line: &str) -> anyhow::Result<String> {
        let command = self.command(line)?;
        let has_port =
            |addr: &str| addr.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
        let mut words = command.as_std().get_args().map(|word| word.to_string_lossy());
        let addr = words.find(|word| has_port(word)).unwrap_or_default().into_owned();
        if let Some(before) = self.meanwhile.remove(&addr) {
            end(before).await?;
        }
        let mut program = Program::start(command)?;
        let first = timeout(LIMIT, program.stdout.first_line()).await?;
        let Some(first) = first else { bail!("`{line}` ends: {}", program.stderr.text()) };
        self.meanwhile.insert(addr, program);
        Ok(first)
    }

    /// Stops the servers as Ctrl-C does.
    ///
    /// # Errors
    ///
    /// If one does not stop.
    pub async fn stop(&mut self) -> anyhow::Result<()> {
        while let Some((_, program)) = self.meanwhile.pop_first() {
            end(program).await?;
        }
        Ok(())
    }

    /// A command of the book: one of Cargo's.
    fn command(&self, line: &str) -> anyhow::Result<Command> {
        let words = shell_words::split(line)?;
        let ours = self.workspace.target.join("debug/xtask");
        let ours = ours.with_extension(env::consts::EXE_EXTENSION);
        let mut command = cargo();
        let is_crate = self.here.join("Cargo.toml").is_file();
        let crate_or_lessons = if is_crate { &self.here } else { &self.workspace.root };
        match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
            ["cargo", "xtask", ref args @ ..] => {
                // As the alias has Cargo start it. `verify` runs commands of the reader's, and writes nothing.
                command = Command::new(&ours);
                command.args(args).env("CARGO_MANIFEST_DIR", self.workspace.root.join("xtask"));
                let is_verify = args.first() == Some(&"verify");
                command.current_dir(if is_verify { crate_or_lessons } else { &self.here });
            }
            ["cargo", "new" | "add", ..] => {
                // With the versions of the lessons, and nobody to be asked for others.
                command.args(&words[1..]).arg("--offline").current_dir(&self.here);
                let lock = self.here.join("Cargo.lock");
                if !lock.exists() {
                    fs::copy(self.workspace.root.join("Cargo.lock"), lock)?;
                }
            }
            ["cargo", ref args @ ..] => {
                match args {
                    ["run", "-p", package, args @ ..] => {
                        command.args(["run", "-p", package]);
                        command.args(self.on_free_ports(package, args)?)
                    }
                    _ => command.args(args),
                };
                command.current_dir(crate_or_lessons);
                if is_crate {
                    // As `check` builds it: so what it depends on is compiled already.
                    let variables = apart::variables_with(&ours, &self.here, &self.workspace.build);
                    command.envs(variables?);
                }
            }
            _ => bail!("nobody runs `{line}`: it is no command of Cargo's"),
        }
        if !is_crate {
            // A crate has certificates of its own: a scene may spoil them.
            command.envs(workspace::variables());
        }
        command.env("CARGO_TERM_QUIET", "true").env("CARGO_TERM_COLOR", "never");
        for name in ["CLICOLOR", "CLICOLOR_FORCE", "RUST_BACKTRACE"] {
            command.env_remove(name);
        }
        Ok(command)
    }
}

impl Desk<'_> {
    /// The arguments of `cargo run -p PACKAGE`, with a free port wherever there is one, or would be:
    /// an address that is left out is the lesson's own.
    fn on_free_ports(&self, package: &str, args: &[&str]) -> anyhow::Result<Vec<String>> {
        let (before, own) = match args {
            ["--example", name, own @ ..] => (vec!["--example", name], own),
            own => (vec![], own),
        };
        let is_client = before.last().is_some_and(|name| name.ends_with("_client"));
        let mut words: Vec<String> = before.into_iter().map(str::to_owned).collect();
        for word in own {
            words.push(self.ports.elsewhere(word)?);
        }
        if matches!(own, ["server" | "client"]) || own.is_empty() && is_client {
            let port = default_port(&self.workspace.the(package)?.folder)?;
            words.push(self.ports.elsewhere(&format!("127.0.0.1:{port}"))?);
        }
        Ok(words)
    }
}

/// Ends a server as Ctrl-C does.
async fn end(mut server: Program) -> anyhow::Result<()> {
    server.interrupt()?;
    timeout(LIMIT, server.ended()).await.context("it does not stop after Ctrl-C")??;
    Ok(())
}

/// The port that the programs of the lesson in `folder` use if nobody says otherwise.
fn default_port(folder: &Path) -> anyhow::Result<u16> {
    let main = folder.join("src/main.rs");
    let text = fs::read_to_string(&main).with_context(|| main.display().to_string())?;
    let addr =
        text.lines().find_map(|line| line.strip_prefix("const ADDR: &str = \"")?.split('"').next());
    let port = addr.and_then(|addr| addr.rsplit_once(':')?.1.parse().ok());
    port.with_context(|| format!("{} has no constant ADDR with a port", main.display()))
}
