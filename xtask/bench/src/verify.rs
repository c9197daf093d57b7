//! How long `cargo xtask verify` takes, and where its time goes.

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use serde::Serialize;
use tokio::time::timeout;
use xtask::system::cargo::cargo;
use xtask::system::process;
use xtask::workspace::{Workspace, packages};

use crate::progress::Progress;

/// How long a part of it may take.
const TIME_LIMIT: Duration = Duration::from_secs(15 * 60);

/// The seconds that each part takes.
#[derive(Serialize)]
pub struct Verify {
    /// `cold`: nothing has been compiled; `warm`: everything has.
    pub state: &'static str,
    pub compile_runner: f64,
    pub compile_lessons: f64,
    pub run_pairs: f64,
}

/// Measures it in the new target directory `target`, first cold, then warm. What is downloaded is
/// there already.
///
/// # Errors
///
/// If a part of it fails, or takes too long.
pub async fn measure(
    workspace: &Workspace,
    target: &Path,
    progress: &Progress,
) -> anyhow::Result<Vec<Verify>> {
    let build = |packages: Vec<_>| [vec!["build", "--bins"], packages].concat();
    let lessons = packages(&Vec::from_iter(&workspace.lessons)).into_iter().map(build).collect();
    let parts = [
        ("the runner", vec![vec!["build", "--package", "xtask"]]),
        ("the lessons", lessons),
        ("the pairs", vec![vec!["run", "--package", "xtask", "--", "verify"]]),
    ];
    let mut states = Vec::new();
    for state in ["cold", "warm"] {
        let mut seconds = Vec::new();
        for (what, calls) in &parts {
            progress.says(format!("verify, {state}: {what}"));
            let started = Instant::now();
            for args in calls {
                let mut command = cargo();
                command.args(args).current_dir(&workspace.root).env("CARGO_TARGET_DIR", target);
                command.stdout(Stdio::null()).stderr(Stdio::null());
                let mut process = process::spawn(command)?;
                let status = timeout(TIME_LIMIT, process.child.wait()).await;
                let status =
                    status.with_context(|| format!("verify, {state}: {what}: not in time"))??;
                if !status.success() {
                    bail!("verify, {state}: {what}: {status}: run `cargo xtask verify` to see why");
                }
            }
            seconds.push(started.elapsed().as_secs_f64());
        }
        if let [compile_runner, compile_lessons, run_pairs] = seconds[..] {
            states.push(Verify { state, compile_runner, compile_lessons, run_pairs });
        }
    }
    Ok(states)
}
