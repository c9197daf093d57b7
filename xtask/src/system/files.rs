//! What is in a folder, and what it is called.

use std::collections::HashSet;
use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};

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
