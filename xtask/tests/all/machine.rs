//! Other people's machines: their paths, their workspaces, their networks, their settings.

use std::env;
use std::fs;
use std::process::Command;
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result, ensure};
use snapbox::{assert_data_eq, str};

use crate::common::{Folder, Run, root, target};

/// Writes a workspace with a made-up lesson into `folder`. Its `xtask` only says what it is asked.
fn write_lessons(desk: &Folder, folder: &str) -> Result<()> {
    let package = |name: &str| format!("[package]\nname = \"{name}\"\nedition = \"2024\"\n");
    let lesson = "[package.metadata.lesson]\ntitle = \"Made up\"\nsteps = [\"1\", \"2\", \"3\", \"4\"]\n\
                  [dependencies]\nitoa.workspace = true\n";
    let steps = [1, 2, 3, 4].map(|step| {
        format!("// ANCHOR: step{step}-part\n// {step}\n// ANCHOR_END: step{step}-part\n")
    });
    let hints = [1, 2, 3, 4].map(|step| format!("step{step}-part = \"Write it.\"\n"));
    for (path, text) in [
        (
            "Cargo.toml",
            "[workspace]\nresolver = \"3\"\nmembers = [\"lessons/*\", \"xtask\"]\n\
             [workspace.dependencies]\nitoa = \"1\"\n",
        ),
        ("lessons/01-made-up/Cargo.toml", &(package("made-up") + lesson)),
        ("lessons/01-made-up/src/main.rs", &(steps.concat() + "fn main() {}\n")),
        ("lessons/01-made-up/hints.toml", &hints.concat()),
        ("xtask/Cargo.toml", &package("xtask")),
        (
            "xtask/src/main.rs",
            "fn main() { println!(\"{:?}\", std::env::args().collect::<Vec<_>>()[1..].concat()) }",
        ),
    ] {
        desk.write(&format!("{folder}/{path}"), text)?;
    }
    cargo(desk, folder, &["generate-lockfile", "--offline"])?;
    Ok(())
}

/// Runs Cargo, which has to succeed, and returns what it printed.
fn cargo(desk: &Folder, folder: &str, args: &[&str]) -> Result<String> {
    let mut cargo = Command::new(env::var_os("CARGO").context("no CARGO")?);
    cargo.args(args).current_dir(desk.path(folder)).env_remove("CARGO_TARGET_DIR");
    let run = Run::of(&mut cargo)?;
    ensure!(run.code == Some(0), "{folder}: cargo {args:?}: {}", run.stderr);
    Ok(run.stdout)
}

/// `cargo xtask` of the lessons in `folder`, typed in `desk`.
fn xtask(desk: &Folder, folder: &str, args: &str) -> Result<Run> {
    let ours = desk.path(folder).join("xtask");
    Run::of(desk.xtask(args).env("CARGO_MANIFEST_DIR", ours))
}

#[test]
fn whoever_has_seen_enough_is_told_no_error() -> Result<()> {
    let (reader, writer) = std::io::pipe()?;
    drop(reader);
    let output = crate::common::xtask(root(), "list").stdout(writer).output()?;
    assert_eq!((output.status.code(), &*String::from_utf8_lossy(&output.stderr)), (Some(1), ""));
    Ok(())
}

#[test]
#[ignore = "slow: cargo xtask ci runs it"]
fn a_path_may_have_spaces() -> Result<()> {
    let desk = Folder::new()?;
    write_lessons(&desk, "my lessons")?;
    fs::create_dir(desk.path("my desk"))?;
    for folder in [".", "my desk", "my lessons", "my lessons/lessons"] {
        let ours = desk.path("my lessons/xtask");
        let mut start = crate::common::xtask(&desk.path(folder), "start 01 mine");
        let run = Run::of(start.env("CARGO_MANIFEST_DIR", ours))?;
        if folder == "my lessons/lessons" {
            // There it would be a lesson.
            ensure!(run.code == Some(1), "{}", run.stdout);
            continue;
        }
        ensure!(run.code == Some(0), "{folder}: {}", run.stderr);
        for inside in ["mine", "mine/src"] {
            let said = cargo(&desk, &format!("{folder}/{inside}"), &["xtask", "check"])?;
            assert_eq!(said, "\"check\"\n", "{folder}/{inside}");
        }
    }
    // A crate within a crate.
    ensure!(xtask(&desk, "my lessons", "start 01 mine/other")?.code == Some(0), "it was refused");
    assert_eq!(cargo(&desk, "mine/other/src", &["xtask", "hint"])?, "\"hint\"\n");
    Ok(())
}

#[test]
#[ignore = "slow: cargo xtask ci runs it"]
fn crates_come_from_where_the_lessons_have_them() -> Result<()> {
    let desk = Folder::new()?;
    write_lessons(&desk, "lessons")?;

    // Something is missing: then nothing is left of what has been begun.
    let lock = desk.path("lessons/Cargo.lock");
    fs::rename(&lock, desk.path("lock"))?;
    let run = xtask(&desk, "lessons", "start 01 mine")?;
    ensure!(run.code == Some(1) && run.stdout.is_empty(), "{}", run.stderr);
    let last = run.stderr.lines().last().unwrap_or_default();
    ensure!(last.starts_with("error: mine cannot be made: cannot read "), "{}", run.stderr);
    ensure!(!desk.path("mine").exists(), "a folder is left");
    fs::create_dir(desk.path("empty"))?;
    ensure!(xtask(&desk, "lessons", "start 01 empty")?.code == Some(1), "it was made");
    ensure!(fs::read_dir(desk.path("empty"))?.next().is_none(), "files are left");

    fs::rename(desk.path("lock"), lock)?;
    cargo(&desk, "lessons", &["vendor", "--offline"])?;
    let config =
        "[source.crates-io]\nreplace-with = \"ours\"\n[source.ours]\ndirectory = \"vendor\"\n";
    desk.write("lessons/.cargo/config.toml", config)?;
    let run = xtask(&desk, "lessons", "start 01 mine")?;
    ensure!(run.code == Some(0), "{}", run.stderr);
    // Nothing was ever downloaded here.
    let mut build = Command::new(env::var_os("CARGO").context("no CARGO")?);
    build.args(["build", "--offline"]).current_dir(desk.path("mine"));
    let run = Run::of(build.env("CARGO_HOME", desk.path("home")))?;
    ensure!(run.code == Some(0), "{}", run.stderr);
    Ok(())
}

#[test]
#[ignore = "slow: cargo xtask ci runs it"]
fn no_workspace_around_a_crate_is_broken() -> Result<()> {
    let desk = Folder::new()?;
    write_lessons(&desk, "lessons")?;
    desk.write("Cargo.toml", "[workspace]\nmembers = [\"m*\"]\n")?;
    desk.write("me/Cargo.toml", "[package]\nname = \"me\"\nedition = \"2024\"\n")?;
    desk.write("me/src/lib.rs", "")?;
    let run = xtask(&desk, "lessons", "start 01")?;
    assert_eq!(run.code, Some(1), "{}", run.stdout);
    assert_data_eq!(
        run.stderr,
        str![[r#"
error: the workspace of [..]Cargo.toml takes my-made-up for one of its own, and can't: give a folder elsewhere, or add it to `workspace.exclude` there

"#]]
    );
    ensure!(!desk.path("my-made-up").exists(), "a folder is left");
    desk.write("Cargo.toml", "[workspace]\nmembers = [\"m*\"]\nexclude = [\"my-made-up\"]\n")?;
    ensure!(xtask(&desk, "lessons", "start 01")?.code == Some(0), "it was refused");
    cargo(&desk, "my-made-up", &["build", "--offline"])?;
    cargo(&desk, ".", &["metadata", "--offline"])?;
    Ok(())
}

#[test]
#[ignore = "slow: cargo xtask ci runs it"]
fn two_copies_of_the_lessons_share_a_target_directory() -> Result<()> {
    let desk = Folder::new()?;
    for copy in ["one", "two"] {
        write_lessons(&desk, copy)?;
        let main = format!("{copy}/lessons/01-made-up/src/main.rs");
        let says = format!("fn main() {{ eprintln!(\"I am {copy}\"); std::process::exit(3) }}");
        desk.replace(&main, "fn main() {}", &says)?;
        // Older than what is built of the other one.
        let yesterday = SystemTime::now() - Duration::from_secs(24 * 60 * 60);
        fs::File::options().write(true).open(desk.path(&main))?.set_modified(yesterday)?;
    }
    for copy in ["one", "two", "one"] {
        let mut verify = crate::common::xtask(&desk.path(copy), "verify");
        let run = Run::of(verify.env("CARGO_TARGET_DIR", desk.path("shared")))?;
        ensure!(run.stdout.contains(&format!("I am {copy}\n")), "{}{}", run.stdout, run.stderr);
    }
    Ok(())
}

#[test]
fn a_lesson_is_found_by_what_somebody_remembers() -> Result<()> {
    let desk = Folder::new()?;
    write_lessons(&desk, "lessons")?;
    for name in ["1", "01", "made-up", "01-made-up"] {
        let run = xtask(&desk, "lessons", &format!("start {name} --step 9"))?;
        assert_eq!(run.stderr, "error: 01-made-up has the steps 1 to 4\n");
    }
    let run = xtask(&desk, "lessons", "verify mad-up")?;
    let expected = "error: no lesson `mad-up`: there are 01-made-up; did you mean `made-up`?\n";
    assert_eq!((run.code, &*run.stderr), (Some(2), expected));
    let run = xtask(&desk, "lessons", "verify 11")?;
    assert_eq!(run.stderr, "error: no lesson `11`: there are 01-made-up\n");
    Ok(())
}

#[test]
fn without_a_command_it_says_where_to_begin() -> Result<()> {
    let run = Run::of(&mut crate::common::xtask(root(), ""))?;
    assert_eq!(run.code, Some(2));
    let end = "\n\nBegin with the book, `cargo xtask book --open`, or with the first lesson, `cargo \
               xtask start 01`.\n";
    ensure!(run.stderr.ends_with(end), "{}", run.stderr);
    Ok(())
}

#[cfg(unix)]
#[test]
fn without_more_files_it_says_what_to_do() -> Result<()> {
    let mut list = Command::new("sh");
    list.args(["-c", "ulimit -n 10; exec \"$0\" list", env!("CARGO_BIN_EXE_xtask")]);
    let run = Run::of(list.current_dir(root()))?;
    assert_eq!(run.code, Some(1), "{}", run.stdout);
    ensure!(
        run.stderr.contains("(os error 24): allow more of them with `ulimit -n"),
        "{}",
        run.stderr
    );
    assert_eq!(run.stderr.lines().count(), 1, "{}", run.stderr);
    Ok(())
}

#[test]
fn an_old_cargo_can_say_that_it_is_too_old() -> Result<()> {
    // It says so when it has read our manifest, in which some forms are younger.
    let text = fs::read_to_string(root().join("Cargo.toml"))?;
    let manifest: toml_edit::DocumentMut = text.parse()?;
    // 3 is from 1.84.
    assert_eq!(manifest["workspace"]["resolver"].as_str(), Some("2"));
    // Words are from 1.71.
    ensure!(manifest["profile"]["dev"]["debug"].as_integer().is_some(), "no number");
    Ok(())
}

#[test]
#[ignore = "slow: cargo xtask ci runs it"]
fn what_somebody_has_set_for_other_tools_changes_nothing() -> Result<()> {
    let verify = |variables: &[(&str, &str)]| {
        let mut command = crate::common::xtask(root(), "verify 01 --python");
        Run::of(command.env("CARGO_TARGET_DIR", target()).envs(variables.iter().copied()))
    };
    let run = verify(&[])?;
    if run.stderr.contains("error: no python3 on the PATH") {
        testing::skipped("there is no Python");
        return Ok(());
    }
    let nowhere = "http://127.0.0.1:9";
    // So that they are made anew.
    fs::remove_file(target().join("python/stubs/01-helloworld/origin.txt"))?;
    let run = verify(&[
        ("GRPC_TRACE", "all"),
        ("GRPC_VERBOSITY", "debug"),
        ("PYTHONDEVMODE", "1"),
        ("PYTHONINSPECT", "1"),
        ("PYTHONPROFILEIMPORTTIME", "1"),
        ("PYTHONVERBOSE", "1"),
        ("CARGO_TERM_VERBOSE", "true"),
        ("RUST_BACKTRACE", "1"),
        ("grpc_proxy", nowhere),
    ])?;
    ensure!(run.code == Some(0), "{}{}", run.stdout, run.stderr);
    let run = verify(&[("http_proxy", nowhere), ("https_proxy", nowhere), ("ALL_PROXY", nowhere)])?;
    ensure!(run.code == Some(0), "{}{}", run.stdout, run.stderr);
    Ok(())
}
