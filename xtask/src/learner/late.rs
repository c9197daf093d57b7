//! Whether a learner's server ends a stream when its client stops waiting: with the data that comes with
//! a lesson, it would be at its end before.

use std::fs;
use std::path::PathBuf;
use std::process;

use anyhow::Context;
use serde_json::Value;

use crate::run::pair;
use crate::run::side::Side;
use crate::system::cargo::{Build, RENDERED};
use crate::workspace::Workspace;
use crate::workspace::lesson::{Late, Lesson, Programs, Target};

/// How often the server has the lesson's data.
const TIMES: usize = 100;

/// What is wrong with how `server` takes the deadline of a call, if something is. Nothing is seen of a
/// server that takes no data file.
///
/// # Errors
///
/// If the program that calls it fails.
pub async fn wrong(
    workspace: &Workspace,
    lesson: &Lesson,
    late: &Late,
    server: &Side,
    quietly: bool,
) -> anyhow::Result<Option<String>> {
    let data = data(workspace, late)?;
    let server = server.clone().with_data(&data);
    let client = client(workspace, lesson, quietly).await?.with(&late.path).with(&late.message);
    let outcome = pair::run(&server, &client).await;
    fs::remove_file(&data)?;
    let client = outcome?.client;
    let method = late.path.rsplit('/').next().unwrap_or_default();
    Ok(match client.stdout.trim() {
        "" | "DeadlineExceeded" => None,
        "Ok" => Some(format!("your server goes on with {method} after the deadline of the call")),
        code => Some(format!(
            "your server ended {method} with {code} after the deadline of the call, expected \
             DeadlineExceeded"
        )),
    })
}

/// A file with all that the lesson's has, many times over.
fn data(workspace: &Workspace, late: &Late) -> anyhow::Result<PathBuf> {
    let ours = workspace.root.join("data").join(&late.data);
    let json = fs::read(&ours).with_context(|| format!("cannot read {}", ours.display()))?;
    let list: Vec<Value> = serde_json::from_slice(&json)?;
    let many: Vec<&Value> = (0..TIMES).flat_map(|_| &list).collect();
    let folder = workspace.target.join("late");
    fs::create_dir_all(&folder)?;
    let path = folder.join(format!("{}-{}", process::id(), late.data));
    fs::write(&path, serde_json::to_vec(&many)?)?;
    Ok(path)
}

/// The program that calls it. It depends on what the lessons depend on.
async fn client(workspace: &Workspace, lesson: &Lesson, quietly: bool) -> anyhow::Result<Side> {
    // With the lesson, although nothing of it is built, so that what they depend on gets the same
    // features, and is not compiled again.
    let args = ["--package", "testing", "--package", &lesson.package, "--bin", "late", RENDERED];
    let Workspace { root, target, build, .. } = workspace;
    let build = match target.starts_with(root) {
        true => Build::start(root, &args, quietly)?,
        false => Build::apart(build, root, &args, quietly)?,
    };
    let (programs, status) = Programs::of(build).await?;
    anyhow::ensure!(status.success(), "the program that calls late does not build: {status}");
    let source = workspace.root.join("xtask/testing/src/bin/late.rs");
    let source = source.try_into().context("the folder of the lessons is not UTF-8")?;
    programs.side(&Target { source, role: None })
}
