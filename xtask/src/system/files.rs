//! What is in a folder, what it is called, and a folder for a while.

use std::collections::HashSet;
use std::fs::{self, Metadata};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{env, io, process};

/// The files in `folder` and in the folders in it, sorted, except for those in `except`, those that
/// are hidden, and what Cargo has built. What is linked to is as good as there.
///
/// # Errors
///
/// If a folder cannot be read.
pub fn within(folder: &Path, except: &[PathBuf]) -> io::Result<Vec<(PathBuf, Metadata)>> {
    let mut files = Vec::new();
    look_into(folder, except, &mut HashSet::new(), &mut files)?;
    files.sort_by(|(a, _), (b, _)| a.cmp(b));
    Ok(files)
}

/// `path` as one types it in a command.
pub fn typed(path: &Path) -> String {
    let path = path.display().to_string();
    match cfg!(windows) {
        // Its shells don't agree on single quotes.
        true if path.contains(char::is_whitespace) => format!("\"{path}\""),
        true => path,
        false => shell_words::quote(&path).into_owned(),
    }
}

/// Makes the folder `to`, with a link to each file in `from`, and so with the folders in it; but not to
/// those that `is_left_out`.
///
/// # Errors
///
/// If a folder cannot be read or made, or the file system has no such links.
pub fn link(from: &Path, to: &Path, is_left_out: &impl Fn(&str) -> bool) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let name = entry.file_name();
        if is_left_out(&name.to_string_lossy()) {
            continue;
        }
        let (from, to) = (entry.path(), to.join(name));
        if entry.file_type()?.is_dir() {
            link(&from, &to, is_left_out)?;
        } else {
            fs::hard_link(from, to)?;
        }
    }
    Ok(())
}

/// What `folder` is called in a message.
pub fn shown(folder: &Path) -> String {
    if folder == Path::new(".") { "this folder".into() } else { folder.display().to_string() }
}

fn look_into(
    folder: &Path,
    except: &[PathBuf],
    seen: &mut HashSet<PathBuf>,
    files: &mut Vec<(PathBuf, Metadata)>,
) -> io::Result<()> {
    // A link may lead to a folder that it is in.
    if !seen.insert(folder.canonicalize()?) {
        return Ok(());
    }
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let (path, name) = (entry.path(), entry.file_name());
        let is_hidden = name.to_string_lossy().starts_with('.');
        if is_hidden || name == "target" || except.contains(&path) {
            continue;
        }
        match fs::metadata(&path) {
            Ok(about) if about.is_dir() => look_into(&path, except, seen, files)?,
            Ok(about) if about.is_file() => files.push((path, about)),
            // Or it has gone meanwhile, or a link leads nowhere.
            _ => {}
        }
    }
    Ok(())
}

/// A new folder for temporary files. Dropped, it goes with all that is in it.
pub struct Scratch(pub PathBuf);

impl Scratch {
    /// Makes one.
    ///
    /// # Errors
    ///
    /// If it cannot be made.
    pub fn new() -> io::Result<Scratch> {
        static MADE: AtomicUsize = AtomicUsize::new(0);
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let folder = env::temp_dir().join(format!("xtask-{}-{number}", process::id()));
        fs::create_dir(&folder)?;
        Ok(Scratch(folder))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What is left of it is no more than what any program leaves in there.
        _ = fs::remove_dir_all(&self.0);
    }
}
