//! What the parts of ci need, and get, if this machine does not have it.

use std::env;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Stdio;

use anyhow::ensure;
use tokio::process::Command;

use crate::run::python::{self, Python};
use crate::system::cargo::cargo;
use crate::system::process;
use crate::workspace::Workspace;

/// Gets what the command `words` needs besides the Rust that runs us and a C linker. Programs that are
/// not on the `path` are put there.
pub async fn provide(
    words: &[&str],
    workspace: &Workspace,
    path: &mut OsString,
) -> anyhow::Result<()> {
    match words {
        ["ruff" | "typos" | "check-jsonschema", ..] => tools(workspace, path).await?,
        ["cargo", "deny", .., what] => {
            tools(workspace, path).await?;
            let mut fetch = cargo();
            fetch.args(["deny", "fetch", "db"]).env("PATH", &path);
            fetch.current_dir(&workspace.root).stderr(Stdio::null());
            let is_there = *what != "advisories" || succeeds(fetch).await?;
            ensure!(is_there, "the database of advisories cannot be fetched");
        }
        ["cargo", "xtask", .., "--python"] => drop(Python::prepare(workspace).await?),
        ["cargo", "test", .., "browser", "--", _] => {
            let is_there = succeeds(quiet("chromedriver", &["--version"])).await?;
            ensure!(is_there, "chromedriver does not work");
        }
        ["cargo", .., "--target", target] => {
            // Nothing is done if it is there.
            let is_there = succeeds(command("rustup", &["target", "add", target])).await?;
            ensure!(is_there, "rustup does not get the standard library for {target}");
        }
        ["cargo", rust, ..] if rust.starts_with('+') => {
            let version = &rust[1..];
            let install = ["toolchain", "install", version, "--profile", "minimal"];
            let is_there = succeeds(quiet("rustup", &["run", version, "rustc", "-V"])).await?
                || succeeds(command("rustup", &install)).await?;
            ensure!(is_there, "rustup does not get Rust {version}");
        }
        _ => {}
    }
    Ok(())
}

/// Installs the programs of `xtask/requirements.txt`, unless they are there, and puts them on the
/// `path`, before any other of their names.
async fn tools(workspace: &Workspace, path: &mut OsString) -> anyhow::Result<()> {
    let list = workspace.root.join("xtask/requirements.txt");
    let interpreter = python::environment(&list, &workspace.target.join("ci/venv")).await?;
    let folder = interpreter.parent().map(PathBuf::from);
    *path = env::join_paths(folder.into_iter().chain(env::split_paths(path)))?;
    Ok(())
}

fn command(program: &str, args: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(args);
    command
}

fn quiet(program: &str, args: &[&str]) -> Command {
    let mut command = command(program, args);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// Whether `command` ends well.
async fn succeeds(command: Command) -> anyhow::Result<bool> {
    Ok(process::spawn(command)?.child.wait().await?.success())
}
