//! Many crates of the same name, as a class hands them in: each is judged by what it does itself.

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime};

use anyhow::{Result, ensure};
use tempfile::TempDir;

use crate::common::{Run, target};

/// A folder with submissions.
struct Class {
    folder: TempDir,
}

impl Class {
    fn new() -> Result<Class> {
        Ok(Class { folder: tempfile::tempdir()? })
    }

    fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    /// Writes a crate of lesson 1 that depends on nothing, so that it is built at once. Its server
    /// says who it is, and ends.
    fn hand_in(&self, folder: &str, who: &str) -> Result<()> {
        fs::create_dir_all(self.path(folder).join("src"))?;
        let manifest = "[package]\nname = \"helloworld\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\
                        [package.metadata.start]\nlesson = \"01-helloworld\"\n[workspace]\n";
        fs::write(self.path(folder).join("Cargo.toml"), manifest)?;
        let main = "fn main() {\n    if std::env::args().nth(1).as_deref() == Some(\"server\") {\n        \
                    eprintln!(\"{}\", helloworld::WHO);\n        std::process::exit(3);\n    }\n}\n";
        fs::write(self.path(folder).join("src/main.rs"), main)?;
        self.write_library(folder, who)
    }

    fn write_library(&self, folder: &str, who: &str) -> Result<()> {
        let library = format!("pub const WHO: &str = \"I am {who}\";\n");
        Ok(fs::write(self.path(folder).join("src/lib.rs"), library)?)
    }

    /// `cargo xtask`, as somebody calls it who has set `CARGO_TARGET_DIR`.
    fn xtask(&self, args: &str) -> Result<Command> {
        let mut command = common::xtask(self.folder.path(), args);
        command.env("CARGO_MANIFEST_DIR", env!("CARGO_MANIFEST_DIR"));
        // Without `..`: Cargo waits for itself if the two are one directory by different names.
        let target = target().canonicalize()?;
        command.env("CARGO_TARGET_DIR", target.join("desk")).env("CARGO_BUILD_BUILD_DIR", target);
        Ok(command)
    }

    /// Checks the crate in `folder`, which has to be that of `who`.
    fn check(&self, folder: &str, who: &str) -> Result<()> {
        let run = Run::of(&mut self.xtask(&format!("check {folder}"))?)?;
        let expected = format!(", before it was ready: I am {who}\n");
        ensure!(run.code == Some(1) && run.stdout.contains(&expected), "{who}: {}", run.stdout);
        Ok(())
    }
}

/// Gives all files in `folder` a date from before they were written.
fn date_back(folder: &Path) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            date_back(&path)?;
        } else {
            let yesterday = SystemTime::now() - Duration::from_secs(24 * 60 * 60);
            fs::File::options().write(true).open(path)?.set_modified(yesterday)?;
        }
    }
    Ok(())
}

#[test]
#[ignore = "slow: cargo xtask ci runs it"]
fn no_crate_is_taken_for_another() -> Result<()> {
    let class = Class::new()?;
    for who in ["anna", "ben"] {
        class.hand_in(who, who)?;
        date_back(&class.path(who))?;
    }
    for who in ["anna", "ben", "anna"] {
        class.check(who, who)?;
    }

    // Another version of it, that is older than what was built.
    class.write_library("anna", "carla")?;
    date_back(&class.path("anna"))?;
    class.check("anna", "carla")?;
    class.write_library("anna", "anna")?;
    date_back(&class.path("anna"))?;
    class.check("anna", "anna")?;

    // Somebody has configured where all crates are built.
    fs::create_dir(class.path(".cargo"))?;
    fs::write(class.path(".cargo/config.toml"), "[build]\ntarget-dir = \"shared\"\n")?;
    for who in ["anna", "ben"] {
        let mut check = class.xtask(&format!("check {who}"))?;
        let run = Run::of(check.env_remove("CARGO_TARGET_DIR"))?;
        ensure!(run.stdout.contains(&format!(": I am {who}\n")), "{who}: {}", run.stdout);
    }
    Ok(())
}

#[test]
#[ignore = "slow: cargo xtask ci runs it"]
fn crates_are_checked_at_the_same_time() -> Result<()> {
    let class = Class::new()?;
    let mut running = Vec::new();
    for who in ["anna", "ben", "carla"] {
        class.hand_in(who, who)?;
        let mut check = class.xtask(&format!("check {who}"))?;
        let check = check.stdout(Stdio::piped()).stderr(Stdio::null());
        running.push((who, check.spawn()?));
    }
    for (who, check) in running {
        let stdout = String::from_utf8(check.wait_with_output()?.stdout)?;
        ensure!(stdout.contains(&format!(": I am {who}\n")), "{who}: {stdout}");
    }
    Ok(())
}

#[test]
#[ignore = "slow: cargo xtask ci runs it"]
fn cargo_run_starts_the_program_of_the_crate_that_it_names() -> Result<()> {
    let class = Class::new()?;
    for who in ["anna", "ben"] {
        class.hand_in(who, who)?;
        date_back(&class.path(who))?;
    }
    let in_shared = "-q --target-dir shared server";
    for who in ["anna", "ben"] {
        for (folder, command) in [
            (who, "cargo run -p helloworld server".to_owned()),
            (&format!("{who}/src"), "cargo run server".to_owned()),
            (".", format!("cargo run --manifest-path {who}/Cargo.toml {in_shared}")),
            (".", format!("cargo run --manifest-path={who}/Cargo.toml {in_shared}")),
        ] {
            let mut verify = class.xtask("verify 01 --step 4 --server")?;
            let run = Run::of(verify.arg(&command).current_dir(class.path(folder)))?;
            let is_theirs = run.stdout.contains(&format!("I am {who}\n"));
            ensure!(run.code == Some(1) && is_theirs, "{command}: {}{}", run.stdout, run.stderr);
        }
    }
    Ok(())
}

#[test]
#[ignore = "slow: cargo xtask ci runs it"]
fn a_check_compiles_nothing_but_the_crate() -> Result<()> {
    let class = Class::new()?;
    let among_the_lessons = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    for folder in [class.folder.path(), among_the_lessons.path()] {
        for name in ["first", "second"] {
            let dir = folder.join(name);
            for (command, step) in [("start 01 --step 5", None), ("check", Some(4))] {
                let mut command = class.xtask(command)?;
                let run = Run::of(command.env_remove("CARGO_TARGET_DIR").arg(&dir))?;
                ensure!(run.code == Some(0), "{}{}", run.stdout, run.stderr);
                let Some(step) = step else { continue };
                ensure!(run.stdout.contains(&format!("\nok    step {step}")), "{}", run.stdout);
                let compiled = run.stderr.lines().filter(|line| line.contains(" Compiling "));
                let is_dependency = |line: &&str| !line.contains(" helloworld");
                let dependencies: Vec<_> = compiled.filter(is_dependency).collect();
                ensure!(dependencies.is_empty(), "{dependencies:?}");
            }
        }
    }
    Ok(())
}
