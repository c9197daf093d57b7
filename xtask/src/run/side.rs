//! One side of a pair: a program, and how it is told the address.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::process::Command;

use crate::run::pair::{FOREIGN_TIME_LIMIT, TIME_LIMIT};
use crate::system::apart;
use crate::system::cargo::set_for_us;
use crate::system::error::WrongUse;
use crate::workspace;
use crate::workspace::lesson::{Programs, Target};

/// How to start a server or a client.
#[derive(Clone)]
pub struct Side {
    /// What it is called in a report.
    pub name: String,
    /// The program and its arguments. The address is appended, unless it has a place in them.
    words: Vec<OsString>,
    /// What comes after the address.
    data: Option<PathBuf>,
    /// What the file is called that comes after the address, in a new folder each time.
    pub file: Option<String>,
    /// What differs from those that we have: none if it is not there.
    variables: Vec<(OsString, Option<OsString>)>,
    /// Whether it is somebody's command: then we know less of how it behaves.
    pub is_foreign: bool,
    /// How long it may take to end.
    pub limit: Duration,
}

impl Side {
    /// A program of ours: `role` is `server` or `client`, where one program is both.
    pub fn ours(name: &str, executable: &Path, role: Option<&str>) -> Side {
        Side::with(name, executable, role.map(str::to_owned))
    }

    /// A program of ours that takes `args` in front of the address.
    pub fn with(name: &str, executable: &Path, args: impl IntoIterator<Item = String>) -> Side {
        let mut words = vec![executable.as_os_str().to_owned()];
        words.extend(args.into_iter().map(OsString::from));
        Side {
            name: name.to_owned(),
            words,
            data: None,
            file: None,
            variables: Vec::new(),
            is_foreign: false,
            limit: TIME_LIMIT,
        }
    }

    /// A script of ours, which finds what it imports in the folder `stubs`.
    pub fn python(name: &str, python: &Path, script: &Path, stubs: &Path) -> Side {
        let words = [python, script].map(|path| path.as_os_str().to_owned()).into();
        let set = [
            ("PYTHONPATH", stubs.as_os_str().to_owned()),
            // As in Rust, a line leaves at once and in UTF-8, even if it goes into a pipe.
            ("PYTHONUNBUFFERED", "1".into()),
            ("PYTHONUTF8", "1".into()),
            // gRPC's own log would add lines to our error messages.
            ("GRPC_VERBOSITY", "NONE".into()),
            // tonic asks no proxy, and none would find a server on this machine.
            ("no_grpc_proxy", "127.0.0.1".into()),
        ];
        let mut variables: Vec<_> = python_obeys().map(|name| (name, None)).collect();
        variables.extend(set.map(|(name, value)| (name.into(), Some(value))));
        Side {
            name: name.to_owned(),
            words,
            data: None,
            file: None,
            variables,
            is_foreign: false,
            limit: TIME_LIMIT,
        }
    }

    /// What somebody types to start it, with quotes and backslashes as in a shell (on Windows, where
    /// paths have backslashes, they stand for themselves), and `{addr}`,
    /// `{host}` and `{port}` where the address goes, if not at the end; of several, the last two are
    /// those of the first. A crate that Cargo is to run
    /// is built apart, in the build directory `shared`: see [`apart`].
    ///
    /// # Errors
    ///
    /// With [`WrongUse`], if there is nothing, or a quote has no end.
    pub fn foreign(command: &str, shared: &Path) -> anyhow::Result<Side> {
        let words = shell_words::split(&typed(command, cfg!(windows)))
            .map_err(|error| WrongUse(format!("`{command}` is no command: {error}")))?;
        if words.first().is_none_or(String::is_empty) {
            return Err(WrongUse(format!("`{command}` names no program")).into());
        }
        let mut variables: Vec<_> = set_for_us().map(|name| (name, None)).collect();
        if let Some(folder) = crate_of(&words) {
            let of_build = apart::variables(&folder, shared)?;
            variables.extend(of_build.map(|(name, value)| (name.into(), Some(value))));
        }
        Ok(Side {
            name: command.to_owned(),
            words: words.into_iter().map(OsString::from).collect(),
            data: None,
            file: None,
            variables,
            is_foreign: true,
            limit: FOREIGN_TIME_LIMIT,
        })
    }

    /// The same program of ours, with a data file, or whatever else comes after the address.
    pub fn with_data(mut self, data: impl Into<PathBuf>) -> Side {
        self.data = Some(data.into());
        self
    }

    /// The same program of ours, which makes a file of this name, if it makes one.
    pub fn with_file(mut self, name: Option<&str>) -> Side {
        self.file = name.map(str::to_owned);
        self
    }

    /// The program, without its arguments.
    pub fn program(&self) -> &Path {
        Path::new(&self.words[0])
    }

    /// The command that starts it with `addr`, HOST:PORT, or several joined by commas, and with the path
    /// of a `file`, if it makes one.
    pub fn command(&self, addr: &str, file: Option<&Path>) -> Command {
        let first = addr.split(',').next().unwrap_or_default();
        let (host, port) = first.rsplit_once(':').unwrap_or((first, ""));
        let mut words = self.words.clone();
        let mut has_place = false;
        if self.is_foreign {
            for word in &mut words {
                let text = word.to_string_lossy();
                let filled = text.replace("{addr}", addr).replace("{host}", host);
                let filled = filled.replace("{port}", port);
                has_place |= filled != text;
                let file = file.unwrap_or(Path::new("{file}")).to_string_lossy();
                let filled = filled.replace("{file}", &file);
                if filled != text {
                    *word = filled.into();
                }
            }
        }
        if !has_place {
            words.push(addr.into());
        }
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]).args(&self.data).envs(workspace::variables());
        command.args(file.filter(|_| !self.is_foreign));
        for (name, value) in &self.variables {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        command
    }
}

/// The variables that somebody has set for Python, pip or gRPC, and that would change what our scripts
/// do and print: all but those that say where pip gets packages from.
pub fn python_obeys() -> impl Iterator<Item = OsString> {
    let names = env::vars_os().map(|(name, _)| name);
    names.filter(|name| is_obeyed(&name.to_string_lossy()))
}

fn is_obeyed(name: &str) -> bool {
    const ALLOWED: [&str; 12] = [
        "PIP_CACHE_DIR",
        "PIP_CERT",
        "PIP_CLIENT_CERT",
        "PIP_CONFIG_FILE",
        "PIP_EXTRA_INDEX_URL",
        "PIP_FIND_LINKS",
        "PIP_INDEX_URL",
        "PIP_NO_INDEX",
        "PIP_PROXY",
        "PIP_RETRIES",
        "PIP_TIMEOUT",
        "PIP_TRUSTED_HOST",
    ];
    let is_theirs = ["GRPC_", "PIP_", "PYTHON"].iter().any(|start| name.starts_with(start));
    is_theirs && !ALLOWED.contains(&name)
}

/// `command` as a shell of Unix would have it. A backslash is nothing but itself where it is the
/// separator of paths.
fn typed(command: &str, is_separator: bool) -> String {
    if !is_separator {
        return command.to_owned();
    }
    let mut quote = None;
    let mut typed = String::new();
    for c in command.chars() {
        match c {
            '\'' | '"' if quote.is_none() => quote = Some(c),
            _ if quote == Some(c) => quote = None,
            '\\' if quote != Some('\'') => typed.push(c),
            _ => {}
        }
        typed.push(c);
    }
    typed
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
        Ok(Side::ours(name.trim_end(), executable, target.role).with_file(target.file.as_deref()))
    }
}

#[cfg(test)]
mod tests {
    use super::{is_obeyed, typed};

    #[test]
    fn pip_may_be_told_where_packages_are() {
        for name in ["PIP_USER", "PIP_TARGET", "PYTHONINSPECT", "GRPC_TRACE"] {
            assert!(is_obeyed(name), "{name}");
        }
        for name in ["PIP_INDEX_URL", "PIP_CERT", "PATH", "https_proxy"] {
            assert!(!is_obeyed(name), "{name}");
        }
    }

    #[test]
    fn a_backslash_separates_folders_on_windows() -> Result<(), shell_words::ParseError> {
        for (command, words) in [
            (r"C:\coursework\server.exe", vec![r"C:\coursework\server.exe"]),
            (r#""C:\my work\a.exe" -x"#, vec![r"C:\my work\a.exe", "-x"]),
            (r"'C:\my work\a.exe' {port}", vec![r"C:\my work\a.exe", "{port}"]),
            (r#"a "it's \b" '"\'"#, vec!["a", r"it's \b", r#""\"#]),
            (r"\\host\share\a.exe", vec![r"\\host\share\a.exe"]),
        ] {
            assert_eq!(shell_words::split(&typed(command, true))?, words, "{command}");
        }
        assert_eq!(shell_words::split(&typed(r"my\ server", false))?, ["my server"]);
        Ok(())
    }
}
