//! The source of a learner's crate: what is in it, wherever it is.

use std::fs;
use std::path::{Path, PathBuf};

use crate::system::files;

/// The Rust files of a crate, and its proto files.
pub struct Sources {
    /// Relative to the crate, with their texts.
    pub files: Vec<(PathBuf, String)>,
}

impl Sources {
    /// Reads those of the crate in `folder`. What cannot be read is not there.
    pub fn read(folder: &Path) -> Sources {
        let is_source = |path: &Path| {
            let is_in = ["build.rs", "proto", "src"].iter().any(|name| path.starts_with(name));
            is_in && path.extension().is_some_and(|it| it == "rs" || it == "proto")
        };
        let all = files::within(folder, &[]).unwrap_or_default();
        let files = all.iter().filter_map(|(file, _)| {
            let path = file.strip_prefix(folder).ok().filter(|path| is_source(path))?;
            Some((path.to_owned(), fs::read_to_string(file).ok()?))
        });
        Sources { files: files.collect() }
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

    /// Whether what is compiled implements `service`: `impl Greeter for Servicer`.
    pub fn implement(&self, service: &str) -> bool {
        let implementation = format!("{service} for ");
        self.code().any(|line| line.contains(&implementation))
    }

    /// Whether what is compiled may answer UNIMPLEMENTED by itself.
    pub fn say_unimplemented(&self) -> bool {
        let says = ["Status::unimplemented(", "Status::new(Code::Unimplemented"];
        self.code().any(|line| says.iter().any(|call| line.contains(call)))
    }

    /// The lines of what is compiled, without comments.
    fn code(&self) -> impl Iterator<Item = &str> {
        let files = self.modules().filter(|(path, _)| self.is_declared(path));
        let lines = files.flat_map(|(_, text)| text.lines());
        lines.map(|line| line.split("//").next().unwrap_or_default())
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
