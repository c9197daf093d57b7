//! One side of a pair: a program, and how it is told the address.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use tokio::process::Command;

use crate::system::apart;
use crate::system::error::WrongUse;
use crate::workspace::lesson::{Programs, Target};

/// How to start a server or a client.
#[derive(Clone)]
pub struct Side {
    /// What it is called in a report.
    pub name: String,
    /// The program and its arguments. The address is appended, unless it has a place in them.
    words: Vec<OsString>,
    /// Besides those that we have.
    variables: Vec<(&'static str, OsString)>,
    /// Whether it is somebody's command: then we know less of how it behaves.
    pub is_foreign: bool,
}

impl Side {
    /// A program of ours: `role` is `server` or `client`, where one program is both.
    pub fn ours(name: &str, executable: &Path, role: Option<&str>) -> Side {
        let mut words = vec![executable.as_os_str().to_owned()];
        words.extend(role.map(OsString::from));
        Side { name: name.to_owned(), words, variables: Vec::new(), is_foreign: false }
    }

    /// A script of ours, which finds what it imports in the folder `stubs`.
    pub fn python(name: &str, python: &Path, script: &Path, stubs: &Path) -> Side {
        let words = [python, script].map(|path| path.as_os_str().to_owned()).into();
        let variables = vec![
            ("PYTHONPATH", stubs.as_os_str().to_owned()),
            // As in Rust, a line leaves at once and in UTF-8, even if it goes into a pipe.
            ("PYTHONUNBUFFERED", "1".into()),
            ("PYTHONUTF8", "1".into()),
            // gRPC's own log would add lines to our error messages.
            ("GRPC_VERBOSITY", "NONE".into()),
            // tonic asks no proxy, and none would find a server on this machine.
            ("no_grpc_proxy", "127.0.0.1".into()),
        ];
        Side { name: name.to_owned(), words, variables, is_foreign: false }
    }

    /// What somebody types to start it, with quotes and backslashes as in a shell, and `{addr}`,
    /// `{host}` and `{port}` where the address goes, if not at the end. A crate that Cargo is to run
    /// is built apart, in the build directory `shared`: see [`apart`].
    ///
    /// # Errors
    ///
    /// With [`WrongUse`], if there is nothing, or a quote has no end.
    pub fn foreign(command: &str, shared: &Path) -> anyhow::Result<Side> {
        let words = shell_words::split(command)
            .map_err(|error| WrongUse(format!("`{command}` is no command: {error}")))?;
        if words.first().is_none_or(String::is_empty) {
            return Err(WrongUse(format!("`{command}` names no program")).into());
        }
        let variables = match crate_of(&words) {
            Some(folder) => apart::variables(&folder, shared)?.into(),
            None => Vec::new(),
        };
        Ok(Side {
            name: command.to_owned(),
            words: words.into_iter().map(OsString::from).collect(),
            variables,
            is_foreign: true,
        })
    }

    /// The program, without its arguments.
    pub fn program(&self) -> &Path {
        Path::new(&self.words[0])
    }

    /// The command that starts it with `addr`, HOST:PORT.
    pub fn command(&self, addr: &str) -> Command {
        let (host, port) = addr.rsplit_once(':').unwrap_or((addr, ""));
        let mut words = self.words.clone();
        let mut has_place = false;
        if self.is_foreign {
            for word in &mut words {
                let text = word.to_string_lossy();
                let filled = text.replace("{addr}", addr).replace("{host}", host);
                let filled = filled.replace("{port}", port);
                if filled != text {
                    has_place = true;
                    *word = filled.into();
                }
            }
        }
        if !has_place {
            words.push(addr.into());
        }
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]).envs(self.variables.iter().cloned());
        command
    }
}

/// The folder of the crate that `words` are about, if they call Cargo and there is one.
fn crate_of(words: &[String]) -> Option<PathBuf> {
    if Path::new(&words[0]).file_stem()? != "cargo" {
        return None;
    }
    const MANIFEST: &str = "--manifest-path";
    let manifest =
        words.iter().enumerate().find_map(|(index, word)| match word.strip_prefix(MANIFEST)? {
            "" => words.get(index + 1).map(String::as_str),
            rest => rest.strip_prefix('='),
        });
    // A name alone has the parent `""`.
    let around = Path::new(manifest.unwrap_or("./Cargo.toml")).parent()?;
    let around = Path::new(".").join(around).canonicalize().ok()?;
    let mut folders = around.ancestors();
    Some(folders.find(|folder| folder.join("Cargo.toml").is_file())?.to_owned())
}

impl Programs {
    /// How to start `target`.
    ///
    /// # Errors
    ///
    /// If Cargo has built no such program.
    pub fn side(&self, target: &Target) -> anyhow::Result<Side> {
        let executable = self.path(target)?;
        let name = executable.file_stem().unwrap_or_default().to_string_lossy();
        let name = [&*name, target.role.unwrap_or_default()].join(" ");
        Ok(Side::ours(name.trim_end(), executable, target.role))
    }
}
