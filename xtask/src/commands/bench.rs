//! `cargo xtask bench`: measures the lessons. A program of its own does it, so that nobody waits for
//! it to compile who only wants to run them.

use std::process::ExitCode;

use crate::system::cargo::cargo;
use crate::system::process;
use crate::workspace::Workspace;

/// What to measure.
#[derive(clap::Args)]
#[command(after_long_help = "\
It builds the lessons in release, starts their servers on free ports of this machine, and measures
calls and messages a second, the time of a call, load times and memory. All clients and servers share
this machine, and whatever else runs on it shows: compare the figures of one run with each other, not
with those of another one. It takes some minutes. The table is on standard output, and as JSON in
`target/bench.json`; the book draws its plots from a copy, `mdbook/measured.json`.

With lessons named, only what they are part of is measured, and `verify` is not.

Exit code: 0 if it has measured, whether the targets are met or not; 1 if it could not; 2 if the
command line is wrong.")]
pub struct Args {
    /// Which lessons, by number, package or folder: 03, teams or 03-teams [default: all]
    #[arg(value_name = "LESSON")]
    lessons: Vec<String>,
    /// Measure the lessons in Python, too
    #[arg(long)]
    python: bool,
}

/// Hands `args` on to the package `bench`.
///
/// # Errors
///
/// If it cannot be started, or a lesson is named that there is not.
pub async fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let workspace = Workspace::load().await?;
    // Before anything is compiled.
    workspace.select(&args.lessons)?;
    let mut command = cargo();
    command.args(["run", "--release", "--package", "bench", "--"]).current_dir(&workspace.root);
    command.args(args.python.then_some("--python")).args(&args.lessons);
    let status = process::spawn(command)?.child.wait().await?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
