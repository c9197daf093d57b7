//! Tries a learner's crate: with the tests in it, and whether it would compile with a change.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;

use anyhow::Context;
use cargo_metadata::diagnostic::DiagnosticLevel;
use cargo_metadata::{CompilerMessage, Message};

use crate::learner::Learner;
use crate::learner::sources::Sources;
use crate::run::cause;
use crate::system::cargo::{self, Build};
use crate::system::files;
use crate::workspace::Workspace;

/// The first thing that Cargo finds wrong with the crate in `folder`, in one line: nothing if it
/// does not say. None if the crate compiles.
///
/// # Errors
///
/// If Cargo cannot be started.
pub async fn first_error(workspace: &Workspace, folder: &Path) -> anyhow::Result<Option<String>> {
    let args = ["--bins", "--message-format=json"];
    let mut build = Build::apart(&workspace.build, folder, &args, true)?;
    let mut first = None;
    while let Some(message) = build.next().await? {
        if let Message::CompilerMessage(CompilerMessage { message, .. }) = message
            && message.level == DiagnosticLevel::Error
            && first.is_none()
        {
            let mut place = message.spans.iter().find(|span| span.is_primary);
            // In a macro of somebody else's, it is the call that counts.
            while let Some(expansion) = place.and_then(|at| at.expansion.as_ref()) {
                place = Some(&expansion.span);
            }
            let place = place.map(|at| format!(" ({}:{})", at.file_name, at.line_start));
            first = Some(message.message.clone() + &place.unwrap_or_default());
        }
    }
    let (status, said) = build.said().await?;
    // What its build script has printed, or else Cargo itself.
    let of_script = said.split_once("--- stderr\n").map(|(_, said)| said);
    let why = || match of_script.and_then(cause::of) {
        Some(why) => format!("build.rs says {why}"),
        None => cause::of(&said).unwrap_or_default(),
    };
    Ok((!status.success()).then(|| first.unwrap_or_else(why)))
}

/// The same of the learner's crate as it would be with `text` in the file at `path`.
///
/// # Errors
///
/// If the crate cannot be copied, or Cargo cannot be started.
pub async fn first_error_with(
    workspace: &Workspace,
    learner: &Learner<'_>,
    path: &Path,
    text: &str,
) -> anyhow::Result<Option<String>> {
    // Where Cargo finds again what it has compiled for the last hint.
    let mut hasher = DefaultHasher::new();
    learner.folder.canonicalize()?.hash(&mut hasher);
    let copy = workspace.target.join("hint").join(format!("{:x}", hasher.finish()));
    for (file, _) in Sources::read(&copy).files {
        fs::remove_file(copy.join(file))?;
    }
    copy_to(&learner.folder, &copy)?;
    let path = copy.join(path);
    fs::create_dir_all(path.parent().unwrap_or(&copy))?;
    fs::write(path, text)?;
    first_error(workspace, &copy).await
}

/// What the tests that the learner has written print, and whether they pass. None if there are none.
/// Unless it is done `quietly`, Cargo says what does not compile.
///
/// # Errors
///
/// If Cargo cannot be started.
pub async fn own_tests(
    workspace: &Workspace,
    learner: &Learner<'_>,
    quietly: bool,
) -> anyhow::Result<Option<(bool, String)>> {
    if !learner.folder.join("tests").is_dir() {
        return Ok(None);
    }
    Ok(Some(cargo::test(&workspace.build, &learner.folder, quietly).await?))
}

/// Copies what is in `from`, without what Cargo has built there and what is hidden.
fn copy_to(from: &Path, to: &Path) -> anyhow::Result<()> {
    for (file, _) in files::within(from, &[])? {
        let copy = to.join(file.strip_prefix(from)?);
        fs::create_dir_all(copy.parent().unwrap_or(to))?;
        fs::copy(&file, copy).with_context(|| format!("cannot copy {}", file.display()))?;
    }
    Ok(())
}
