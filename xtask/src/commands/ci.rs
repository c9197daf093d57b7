//! `cargo xtask ci`: every check, one after another.

use std::io::Write;
use std::process::ExitCode;

use anyhow::bail;
use tokio::process::Command;

use crate::system::cargo::cargo;
use crate::system::process;
use crate::system::style::BOLD;
use crate::workspace::Workspace;

/// The checks, as a contributor types them.
pub const COMMANDS: [&str; 7] = [
    "cargo fmt --check",
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
        let mut command = Command::new(cargo());
        command.args(line.split_whitespace().skip(1)).current_dir(&workspace.root);
        let status = process::spawn(command)?.child.wait().await?;
        if !status.success() {
            bail!("`{line}` failed: {status}");
        }
    }
    Ok(ExitCode::SUCCESS)
}
