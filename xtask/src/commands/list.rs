//! `cargo xtask list`: the lessons, their steps and their pairs.

use std::io::Write;
use std::process::ExitCode;

use crate::workspace::Workspace;

/// Prints the lessons, their steps and their pairs.
///
/// # Errors
///
/// If standard output takes no more.
pub async fn run() -> anyhow::Result<ExitCode> {
    let workspace = Workspace::load().await?;
    let mut out = std::io::stdout().lock();
    for lesson in &workspace.lessons {
        writeln!(out, "{lesson}")?;
        for (index, title) in lesson.steps.iter().enumerate() {
            writeln!(out, "    step {}: {title}", index + 1)?;
        }
        for pair in &lesson.pairs {
            writeln!(out, "    pair: {}", pair.name)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
