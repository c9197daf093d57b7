//! What becomes of the words of a command.

use std::ffi::OsString;
use std::fs;

use anyhow::Context;

use crate::workspace::Workspace;

/// What stands for a lesson that is built apart.
const APART: &str = "APART";

/// The commands that `line` stands for: see [`super::Part::commands`].
pub fn with_lessons(line: &str, workspace: &Workspace) -> Vec<String> {
    let apart = || workspace.lessons.iter().filter(|lesson| lesson.is_apart).map(|it| &it.package);
    if line.contains(&format!("-p {APART}")) {
        return apart().map(|package| line.replace(APART, package)).collect();
    }
    let excluded: String = apart().map(|package| format!(" --exclude {package}")).collect();
    vec![line.replace(&format!(" --exclude {APART}"), &excluded)]
}

/// What a shell makes of `word`: if it ends with `/*` or `/*.EXTENSION`, the files that are meant.
///
/// # Errors
///
/// If there is no such folder.
pub fn expanded(word: &str, workspace: &Workspace) -> anyhow::Result<Vec<OsString>> {
    let Some((folder, end)) = word.split_once("/*") else { return Ok(vec![word.into()]) };
    let entries = fs::read_dir(workspace.root.join(folder)).with_context(|| folder.to_owned())?;
    let paths = entries.map(|entry| Ok(entry?.path().into_os_string()));
    let mut files = paths.collect::<anyhow::Result<Vec<OsString>>>()?;
    files.retain(|path| path.to_string_lossy().ends_with(end));
    files.sort();
    Ok(files)
}
