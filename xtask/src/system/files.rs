//! What is in a folder.

use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};

/// The files in `folder` and in the folders in it, sorted, except for those in `except`, those that
/// are hidden, and what Cargo has built.
///
/// # Errors
///
/// If a folder cannot be read.
pub fn within(folder: &Path, except: &[PathBuf]) -> io::Result<Vec<(PathBuf, Metadata)>> {
    let mut files = Vec::new();
    look_into(folder, except, &mut files)?;
    files.sort_by(|(a, _), (b, _)| a.cmp(b));
    Ok(files)
}

fn look_into(
    folder: &Path,
    except: &[PathBuf],
    files: &mut Vec<(PathBuf, Metadata)>,
) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let (path, name) = (entry.path(), entry.file_name());
        let is_hidden = name.to_string_lossy().starts_with('.');
        if is_hidden || name == "target" || except.contains(&path) {
            continue;
        }
        if entry.file_type()?.is_dir() {
            look_into(&path, except, files)?;
        } else if let Ok(about) = fs::metadata(&path)
            && about.is_file()
        {
            files.push((path, about));
        }
    }
    Ok(())
}
