//! The programs of lessons, and learners' own: `cargo xtask wire WHAT`.

use std::process::{Command, Output};

use anyhow::{Result, ensure};
use tempfile::TempDir;

use crate::wire::root;

/// What came of `cargo xtask wire` with `args`: its exit code, and what it printed on each output.
fn wire(args: &[&str]) -> Result<(Option<i32>, String, String)> {
    let Output { status, stdout, stderr } =
        Command::new(env!("CARGO_BIN_EXE_wire")).args(args).current_dir(root()).output()?;
    Ok((status.code(), String::from_utf8(stdout)?, String::from_utf8(stderr)?))
}

/// A learner's crate, in which all steps of hello world before `step` are written.
fn start(step: &str) -> Result<TempDir> {
    let folder = tempfile::tempdir()?;
    let started = Command::new(env!("CARGO"))
        .args(["run", "--quiet", "--package", "xtask", "--", "start", "helloworld", "--step", step])
        .arg(folder.path())
        .current_dir(root())
        .output()?;
    ensure!(started.status.success(), "{}", String::from_utf8_lossy(&started.stderr));
    Ok(folder)
}

#[test]
#[ignore = "slow: cargo xtask ci runs it"]
fn a_crate_of_your_own_as_far_as_it_is_written() -> Result<()> {
    let folder = start("5")?;
    let (code, printed, said) = wire(&[&folder.path().display().to_string()])?;
    ensure!(code == Some(0), "{said}");
    ensure!(printed.contains("→ 1 SayHello  HelloRequest { name: \"you\" }\n"), "{printed}");
    ensure!(printed.contains("← 1 SayHello  OK\n"), "{printed}");
    ensure!(!printed.contains("SayHelloAgain"), "{printed}");

    // With a server, and no client yet.
    let folder = start("4")?;
    let (code, printed, said) = wire(&[&folder.path().display().to_string()])?;
    ensure!(code == Some(1) && printed.is_empty(), "{printed}");
    ensure!(said.lines().any(|line| line.starts_with("error: client: it ended with")), "{said}");
    Ok(())
}

#[test]
fn what_makes_no_sense_is_said_in_a_line() -> Result<()> {
    for (args, expected) in [
        (&["helloword"][..], "error: no lesson `helloword`: "),
        (&["lessons"], "error: lessons is no crate: it has no Cargo.toml"),
        (&["01", "--step", "2"], "error: 01-helloworld can be run from step 4 on; "),
        (
            &["02", "--example", "chat"],
            "error: 02-unary-displacement has no example `chat`: it has ",
        ),
        (&["lessons/03-teams/../../xtask", "--example", "x"], "is your own: --example is for our"),
        (&[], "error: the following required arguments were not provided:"),
        (
            &["--listen", "127.0.0.1:0"],
            "error: the following required arguments were not provided:",
        ),
    ] {
        let (code, printed, said) = wire(args)?;
        ensure!(said.contains(expected), "{args:?}: {said}");
        ensure!(code == Some(2) && printed.is_empty(), "{args:?}: {code:?} {printed}");
    }
    let to = ["--listen", "127.0.0.1:0", "--to", "127.0.0.1:1", "--proto"];
    for (proto, expected) in [
        ("no.proto", "error: cannot read no.proto: "),
        (
            "lessons/01-helloworld/src/lib.rs",
            "error: lessons/01-helloworld/src/lib.rs:4:1: expected ",
        ),
    ] {
        let (code, _, said) = wire(&[&to[..], &[proto]].concat())?;
        ensure!(code == Some(1) && said.starts_with(expected), "{proto}: {code:?} {said}");
    }
    Ok(())
}
