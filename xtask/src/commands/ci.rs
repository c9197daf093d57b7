//! `cargo xtask ci`: every check, one after another.

use std::io::Write;
use std::process::ExitCode;

use anyhow::bail;
use tokio::process::Command;

use crate::run::python::Python;
use crate::system::cargo::cargo;
use crate::system::process;
use crate::system::style::BOLD;
use crate::workspace::Workspace;

/// The checks, as a contributor types them. Ruff is the one that is installed for the lessons in
/// Python. It is a command of its own, so that nobody's `verify --python` fails for its style.
pub const COMMANDS: [&str; 9] = [
    "cargo fmt --check",
    "ruff check lessons",
    "ruff format --check lessons",
    "cargo clippy --workspace --all-targets -- -D warnings",
    "cargo test --workspace",
    "cargo xtask verify",
    "cargo xtask verify --python",
    "cargo xtask steps",
    "cargo xtask book",
];

/// Runs [`COMMANDS`] in the folder of the workspace, up to the first that fails.
///
/// # Errors
///
/// If one fails: the error names it.
pub async fn run() -> anyhow::Result<ExitCode> {
    let workspace = Workspace::load().await?;
    for line in COMMANDS {
        writeln!(anstream::stdout(), "{BOLD}$ {line}{BOLD:#}")?;
        let command = command(line, &workspace).await?;
        let status = process::spawn(command)?.child.wait().await?;
        if !status.success() {
            bail!("`{line}` failed: {status}");
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// What `line` starts, in the folder of the workspace.
async fn command(line: &str, workspace: &Workspace) -> anyhow::Result<Command> {
    let program = match line.split_whitespace().next() {
        Some("ruff") => Python::prepare(workspace).await?.tool("ruff").into(),
        _ => cargo(),
    };
    let mut command = Command::new(program);
    command.args(line.split_whitespace().skip(1)).current_dir(&workspace.root);
    Ok(command)
}

#[cfg(test)]
mod tests {
    use std::{fs, str};

    use anyhow::ensure;

    use super::*;

    #[tokio::test]
    async fn ruff_passes_the_twins_and_finds_what_is_wrong() -> anyhow::Result<()> {
        let workspace = Workspace::load().await?;
        if let Err(error) = Python::prepare(&workspace).await {
            eprintln!("skipped: {error:#}");
            return Ok(());
        }
        let desk = tempfile::tempdir()?;
        fs::copy(workspace.root.join("ruff.toml"), desk.path().join("ruff.toml"))?;
        fs::create_dir(desk.path().join("lessons"))?;
        // An import that nobody uses, and quotes that are not ours.
        fs::write(desk.path().join("lessons/client.py"), "import sys\n\nprint('Hello')\n")?;

        for (line, found) in [
            ("ruff check lessons", "F401"),
            ("ruff format --check lessons", "would be reformatted"),
        ] {
            assert!(COMMANDS.contains(&line));
            let mut command = command(line, &workspace).await?;
            let ours = command.output().await?;
            ensure!(ours.status.success(), "{}", str::from_utf8(&ours.stdout)?);
            let wrong = command.current_dir(desk.path()).output().await?;
            let output = str::from_utf8(&wrong.stdout)?;
            ensure!(wrong.status.code() == Some(1) && output.contains(found), "{output}");
        }
        Ok(())
    }
}
