//! The source of a learner's crate: what is in it, wherever it is.

use std::fs;
use std::path::{Path, PathBuf};

/// The Rust files of a crate, and its proto files.
pub struct Sources {
    /// Relative to the crate, with their texts.
    pub files: Vec<(PathBuf, String)>,
}

impl Sources {
    /// Reads those of the crate in `folder`. What cannot be read is not there.
    pub fn read(folder: &Path) -> Sources {
        let mut files = Vec::new();
        for name in ["build.rs", "proto", "src"] {
            find(folder, Path::new(name), &mut files);
        }
        Sources { files }
    }

    /// A module of `src` that no file declares, with code of the side `role`, `server` or `client`, or
    /// with its name.
    pub fn undeclared(&self, role: &str) -> Option<String> {
        let (path, _) = self.modules().find(|(path, text)| {
            !self.is_declared(path) && (stem(path) == role || has_side(text, role))
        })?;
        let root = if self.has("src/lib.rs") { "src/lib.rs" } else { "src/main.rs" };
        let (shown, module) = (path.display().to_string().replace('\\', "/"), stem(path));
        Some(format!("{shown} is there, and {root} does not name it: `pub mod {module};`"))
    }

    /// Whether what is compiled has code of the side `role`.
    pub fn have(&self, role: &str) -> bool {
        self.modules().any(|(path, text)| self.is_declared(path) && has_side(text, role))
    }

    /// What is missing, if `build.rs` generates code: nothing includes it.
    pub fn generates(&self) -> Option<String> {
        let (_, build) = self.files.iter().find(|(path, _)| path == Path::new("build.rs"))?;
        let code = |line: &str| line.split("//").next().unwrap_or_default().to_owned();
        let generates = build.lines().map(code).any(|line| line.contains("compile_"));
        let all = self.modules().flat_map(|(_, text)| text.lines()).map(code);
        let includes = all.into_iter().any(|line| line.contains("include"));
        let why =
            "build.rs generates code, and nothing in src includes it: `tonic::include_proto!`";
        (generates && !includes).then(|| why.to_owned())
    }

    fn has(&self, path: &str) -> bool {
        self.files.iter().any(|(file, _)| file == Path::new(path))
    }

    fn modules(&self) -> impl Iterator<Item = (&Path, &str)> {
        let files = self.files.iter().map(|(path, text)| (path.as_path(), text.as_str()));
        files.filter(|(path, _)| path.starts_with("src"))
    }

    /// Whether a file of the crate says `mod` and its name.
    fn is_declared(&self, path: &Path) -> bool {
        let name = stem(path);
        if path.starts_with("src/bin") || ["main", "lib"].contains(&name) {
            return true;
        }
        let declaration = format!("mod {name}");
        let file = path.file_name().unwrap_or_default().to_string_lossy();
        let declares = |line: &str| {
            let code = line.split("//").next().unwrap_or_default();
            let rest = code.split_once(&declaration).map(|(_, rest)| rest.trim_start());
            rest.is_some_and(|rest| rest.starts_with(';'))
                || code.contains("#[path") && code.contains(&*file)
        };
        self.modules().any(|(_, text)| text.lines().any(declares))
    }
}

/// What the module in the file at `path` is called.
fn stem(path: &Path) -> &str {
    let path = if path.ends_with("mod.rs") { path.parent().unwrap_or(path) } else { path };
    path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default()
}

/// Whether `text` uses what is generated for the side `role`: the module `greeter_server`, or its
/// type `GreeterServer`.
fn has_side(text: &str, role: &str) -> bool {
    let code = text.lines().map(|line| line.split("//").next().unwrap_or_default());
    let module = format!("_{role}::");
    let kind: &[&str] = match role {
        "server" => &["Server::new("],
        _ => &["Client::connect(", "Client::new("],
    };
    code.into_iter().any(|line| line.contains(&module) || kind.iter().any(|it| line.contains(it)))
}

/// Adds the Rust and proto files at or below `path` to the end of `found`.
fn find(root: &Path, path: &Path, found: &mut Vec<(PathBuf, String)>) {
    let full = root.join(path);
    if full.is_dir() {
        let entries = full.read_dir().into_iter().flatten().flatten();
        let mut names: Vec<_> = entries.map(|entry| entry.file_name()).collect();
        names.sort();
        names.iter().for_each(|name| find(root, &path.join(name), found));
    } else if path.extension().is_some_and(|it| it == "rs" || it == "proto")
        && let Ok(text) = fs::read_to_string(&full)
    {
        found.push((path.to_owned(), text));
    }
}
