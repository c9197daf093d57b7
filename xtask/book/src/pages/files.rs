//! Files that are there for pages alone: scenes, and excerpts of generated code.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::pages::FOLDER;

/// What begins a line of a scene that sets it, and is not shown.
pub const SETTING: &str = "#!";

/// The scenes of the book, in order.
///
/// # Errors
///
/// If a folder cannot be read.
pub fn scenes(root: &Path) -> anyhow::Result<Vec<PathBuf>> {
    files_below(&root.join(FOLDER).join("scenes"))
}

/// The excerpts of generated code, in order.
///
/// # Errors
///
/// If a folder cannot be read.
pub fn excerpts(root: &Path) -> anyhow::Result<Vec<PathBuf>> {
    files_below(&root.join(FOLDER).join("generated"))
}

/// All files in the folders of `folder`, in order.
fn files_below(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        for entry in fs::read_dir(entry?.path())? {
            files.push(entry?.path());
        }
    }
    files.sort();
    Ok(files)
}
