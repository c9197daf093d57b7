//! `cargo xtask ci`: no test is left out, no workflow asks for a part that there is not, and what
//! fails or cannot be run is said.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use cargo_metadata::{MetadataCommand, Package, Target};
use snapbox::{assert_data_eq, str};
use tempfile::TempDir;

use crate::common::{Run, root, target};

/// What `ci --list` says: the commands of each part.
fn parts() -> Result<BTreeMap<String, Vec<String>>> {
    let run = Run::of(&mut crate::common::xtask(root(), "ci --list"))?;
    ensure!(run.code == Some(0), "{}", run.stderr);
    let mut parts = BTreeMap::<_, Vec<String>>::new();
    let mut name = "";
    for line in run.stdout.lines() {
        if let Some(command) = line.trim().strip_prefix("$ ") {
            parts.entry(name.to_owned()).or_default().push(command.to_owned());
        } else {
            name = line.split(' ').next().unwrap_or_default();
        }
    }
    Ok(parts)
}

/// A call of `cargo test`.
struct Tests<'a> {
    cargo: Vec<&'a str>,
    harness: Vec<&'a str>,
}

impl Tests<'_> {
    fn of(command: &str) -> Option<Tests<'_>> {
        let args = command.strip_prefix("cargo test")?;
        let (cargo, harness) = args.split_once(" -- ").unwrap_or((args, ""));
        Some(Tests {
            cargo: cargo.split_whitespace().collect(),
            harness: harness.split_whitespace().collect(),
        })
    }

    /// What stands behind each `option`.
    fn values(&self, option: &str) -> Vec<&str> {
        self.cargo.windows(2).filter(|two| two[0] == option).map(|two| two[1]).collect()
    }

    /// Whether it runs tests of `target`, those that are ignored or all others.
    fn run(&self, package: &str, is_default: bool, target: &Target, ignored: bool) -> bool {
        let has = |option| self.cargo.contains(&option);
        let packages = self.values("-p");
        let is_package = if has("--workspace") {
            !self.values("--exclude").contains(&package)
        } else if packages.is_empty() {
            is_default
        } else {
            packages.contains(&package)
        };
        let is_target = if has("--lib") || has("--test") {
            has("--lib") && target.is_lib() || self.values("--test").contains(&&*target.name)
        } else {
            true
        };
        let is_kind = match self.harness[..] {
            [] => !ignored,
            ["--ignored"] => ignored,
            ["--include-ignored"] => true,
            _ => false,
        };
        is_package && is_target && is_kind
    }
}

/// The source of a target: a file of `tests/`, or all that is in its folder there, or below `src/`.
fn source(package: &Package, target: &Target) -> Result<String> {
    let is_folder = target.src_path.file_name() == Some("main.rs");
    if target.is_test() && !is_folder {
        return Ok(fs::read_to_string(&target.src_path)?);
    }
    let mut text = String::new();
    let folder = if target.is_test() {
        target.src_path.parent().context("no folder")?.to_owned()
    } else {
        package.manifest_path.with_file_name("src")
    };
    let mut folders = vec![folder.into_std_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "rs") {
                text += &fs::read_to_string(path)?;
            }
        }
    }
    Ok(text)
}

#[test]
fn every_test_is_run_by_some_part() -> Result<()> {
    let parts = parts()?;
    let runs: Vec<_> = parts.values().flatten().filter_map(|line| Tests::of(line)).collect();
    let metadata = MetadataCommand::new().current_dir(root()).no_deps().exec()?;
    let default = &metadata.workspace_default_members;
    for package in &metadata.packages {
        let has_library = package.targets.iter().any(Target::is_lib);
        for target in &package.targets {
            // The modules of a program with a library belong to the library.
            if !(target.is_test() || target.is_lib() || target.is_bin() && !has_library) {
                continue;
            }
            let (mut all, mut ignored) = (0, 0);
            for line in source(package, target)?.lines().map(str::trim) {
                all += usize::from(line == "#[test]" || line.starts_with("#[tokio::test"));
                if line.starts_with("#[ignore") {
                    assert_eq!(line, "#[ignore = \"slow: cargo xtask ci runs it\"]");
                    ignored += 1;
                }
            }
            for (number, is_ignored) in [(ignored, true), (all - ignored, false)] {
                let is_run = runs.iter().any(|run| {
                    run.run(&package.name, default.contains(&package.id), target, is_ignored)
                });
                ensure!(
                    number == 0 || is_run,
                    "no part of ci runs {number} tests of {} in {}, ignored: {is_ignored}",
                    target.name,
                    package.name
                );
            }
        }
    }
    Ok(())
}

#[test]
fn workflows_call_every_part_and_nothing_else() -> Result<()> {
    let parts = parts()?;
    let mut called = BTreeSet::new();
    for entry in fs::read_dir(root().join(".github/workflows"))? {
        let path = entry?.path();
        let text = fs::read_to_string(&path)?;
        let mut calls = Vec::new();
        // The indentation of `parts:`, a list of arguments of `ci`, while it lasts.
        let mut list = None;
        for line in text.lines() {
            let indentation = line.len() - line.trim_start().len();
            let item = line.trim().strip_prefix("- ");
            list = list.filter(|begin| indentation > *begin);
            if line.trim() == "parts:" {
                list = Some(indentation);
            } else if let (Some(_), Some(item)) = (list, item) {
                calls.push(item);
            }
            let Some(run) = item.unwrap_or(line.trim()).strip_prefix("run: ") else { continue };
            match run.strip_prefix("cargo xtask ci ") {
                Some("${{ matrix.parts }}") => {}
                Some(call) => calls.push(call),
                None => {
                    let prepares =
                        run == "cargo update" || run.starts_with("rustup toolchain install ");
                    ensure!(prepares, "{}: `{run}` is no part of ci", path.display());
                }
            }
        }
        ensure!(!calls.is_empty(), "{} calls no part of ci", path.display());
        for name in calls.iter().flat_map(|call| call.split(' ')) {
            ensure!(parts.contains_key(name), "{}: there is no part `{name}`", path.display());
            called.insert(name.to_owned());
        }
    }
    assert_eq!(called, parts.into_keys().collect());
    Ok(())
}

#[test]
fn contributors_read_of_every_part() -> Result<()> {
    let text = fs::read_to_string(root().join("CONTRIBUTING.md"))?;
    let rows = text.lines().filter_map(|line| line.strip_prefix("| ")?.split(" |").next());
    let named: BTreeSet<_> = rows.flat_map(|names| names.split(", ")).collect();
    let parts = parts()?.into_keys().map(|name| format!("`{name}`")).collect::<Vec<_>>();
    ensure!(parts.iter().all(|name| named.contains(&**name)), "{parts:?}, but {named:?}");
    Ok(())
}

/// A workspace with one file of source.
fn workspace(source: &str) -> Result<TempDir> {
    let folder = tempfile::tempdir()?;
    let write = |path: &str, text: &str| -> Result<()> {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().context("no folder")?)?;
        Ok(fs::write(path, text)?)
    };
    write("Cargo.toml", "[workspace]\nresolver = \"3\"\nmembers = [\"lessons/*\"]\n")?;
    write(
        "lessons/01-made-up/Cargo.toml",
        "[package]\nname = \"made-up\"\nedition = \"2024\"\n[package.metadata.lesson]\n\
         title = \"Made up\"\nsteps = [\"1\", \"2\", \"3\", \"4\"]\n",
    )?;
    write("lessons/01-made-up/src/main.rs", source)?;
    Ok(folder)
}

fn ci(folder: &Path, parts: &str) -> Result<Run> {
    Run::of(crate::common::xtask(folder, &format!("ci {parts}")).env_remove("GITHUB_ACTIONS"))
}

#[test]
fn a_part_that_fails_is_named() -> Result<()> {
    let run = ci(workspace("fn main() {}\n")?.path(), "format")?;
    ensure!(run.code == Some(0), "{}{}", run.stdout, run.stderr);
    assert_data_eq!(
        run.stdout,
        str![[r#"

format: all source is laid out as rustfmt does it
$ cargo fmt --check

format      [..] s  ok
all         [..] s

1 passed, 0 failed, 0 skipped

"#]]
    );

    let run = ci(workspace("fn  main() {}\n")?.path(), "format")?;
    assert_eq!(run.code, Some(1));
    let summary = run.stdout.lines().last().unwrap_or_default();
    assert_eq!(summary, "0 passed, 1 failed, 0 skipped");
    let error = "error: the part `format` has failed: `cargo fmt --check` failed: exit [..]: 1\n";
    assert_data_eq!(run.stderr, error);

    let run = ci(root(), "everything")?;
    assert_eq!((run.code, &*run.stdout), (Some(2), ""));
    ensure!(run.stderr.contains("invalid value 'everything'"), "{}", run.stderr);
    Ok(())
}

#[test]
fn what_this_machine_lacks_is_skipped_with_the_reason() -> Result<()> {
    let workspace = workspace("fn main() {}\n")?;
    let mut command = crate::common::xtask(workspace.path(), "ci windows");
    // No rustup is there.
    command.env("PATH", workspace.path()).env_remove("GITHUB_ACTIONS");
    let run = Run::of(&mut command)?;
    ensure!(run.code == Some(0), "{}{}", run.stdout, run.stderr);
    ensure!(run.stdout.contains("\nskipped: cannot start rustup: "), "{}", run.stdout);
    ensure!(run.summary() == "0 passed, 0 failed, 1 skipped", "{}", run.stdout);

    // But somebody wants to know it if that is so in CI.
    let run = Run::of(command.env("GITHUB_ACTIONS", "true"))?;
    assert_eq!(run.code, Some(1));
    let error = "error: the part `windows` has failed: cannot start rustup: ";
    ensure!(run.stderr.starts_with(error), "{}", run.stderr);
    Ok(())
}

/// Elsewhere a script is no program.
#[cfg(unix)]
#[test]
fn a_lesson_that_is_built_apart_is_tested_apart_and_not_compiled_for_other_systems() -> Result<()> {
    use std::os::unix::fs::PermissionsExt;

    let workspace = workspace("fn main() {}\n")?;
    let write = |path: &str, text: &str| fs::write(workspace.path().join(path), text);
    fs::create_dir(workspace.path().join("other"))?;
    fs::create_dir(workspace.path().join("other/src"))?;
    write("other/Cargo.toml", "[package]\nname = \"other\"\nedition = \"2024\"\n")?;
    write("other/src/lib.rs", "")?;
    write(
        "Cargo.toml",
        "[workspace]\nresolver = \"3\"\nmembers = [\"lessons/*\", \"other\"]\n\
         default-members = [\"other\"]\n",
    )?;
    let list = ci(workspace.path(), "--list")?;
    for line in [
        "$ cargo test\n            $ cargo test -p made-up\n",
        " --exclude wire --exclude made-up -- --ignored\n            $ cargo test -p made-up -- --ignored\n",
    ] {
        ensure!(list.stdout.contains(line), "{}", list.stdout);
    }

    write("rustup", "#!/bin/sh\n")?;
    let rustup = workspace.path().join("rustup");
    fs::set_permissions(rustup, fs::Permissions::from_mode(0o755))?;
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = [workspace.path().to_owned()].into_iter().chain(std::env::split_paths(&path));
    let mut command = crate::common::xtask(workspace.path(), "ci windows");
    command.env("PATH", std::env::join_paths(path)?).env_remove("GITHUB_ACTIONS");
    // Whether it compiles or not: it is said before.
    let run = Run::of(&mut command)?;
    ensure!(run.stdout.contains("01-made-up is left out: it compiles C, "), "{}", run.stdout);
    Ok(())
}

#[test]
#[ignore = "slow: cargo xtask ci runs it"]
fn ruff_finds_what_is_wrong_with_a_twin() -> Result<()> {
    let workspace = workspace("fn main() {}\n")?;
    fs::create_dir(workspace.path().join("xtask"))?;
    for path in ["ruff.toml", "xtask/requirements.txt"] {
        fs::copy(root().join(path), workspace.path().join(path))?;
    }
    for (twin, found) in [
        ("import sys\n", Some("F401")),
        ("print('Hello')\n", Some("would be reformatted")),
        ("print(\"Hello\")\n", None),
    ] {
        fs::write(workspace.path().join("lessons/client.py"), twin)?;
        let mut command = crate::common::xtask(workspace.path(), "ci ruff");
        let run = Run::of(command.env("CARGO_TARGET_DIR", target()).env_remove("CI"))?;
        if run.stdout.contains("skipped: ") {
            eprintln!("{}", run.stdout);
            return Ok(());
        }
        assert_eq!(run.code, Some(found.is_some().into()), "{}{}", run.stdout, run.stderr);
        ensure!(run.stdout.contains(found.unwrap_or_default()), "{}", run.stdout);
    }
    Ok(())
}
