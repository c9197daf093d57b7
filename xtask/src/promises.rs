//! What every lesson promises on its command line, and what the README promises. These tests ask
//! Cargo which lessons there are: a new one is tested as well.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::net::TcpListener;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use clap::Parser;
use tokio::process::Command;
use tokio::time::timeout;

use crate::cargo::cargo;
use crate::lessons::{Target, Workspace};
use crate::process::Program;
use crate::python::Python;

/// Far longer than anything here takes.
const STUCK: Duration = Duration::from_secs(120);

/// Runs `command` to its end, which must be exit code 1 and one line that begins with `error: `.
async fn refused(mut command: Command) -> anyhow::Result<String> {
    command.env("RUST_BACKTRACE", "1");
    let name = format!("{:?}", command.as_std());
    let mut program = Program::start(command)?;
    let status = timeout(STUCK, program.ended()).await.with_context(|| name.clone())??;
    let error = program.stderr.text();
    ensure!(status.and_then(|status| status.code()) == Some(1), "{name}: {status:?}: {error}");
    ensure!(error.starts_with("error: ") && error.lines().count() == 1, "{name}: {error}");
    Ok(error)
}

#[tokio::test]
async fn every_program_refuses_in_one_line() -> anyhow::Result<()> {
    let workspace = Workspace::load().await?;
    let lessons = workspace.select(&[])?;
    let programs = workspace.build(&lessons).await?;
    let command = |target: &Target, args: &[&OsStr]| {
        let mut command = Command::new(programs.side(target)?.program());
        command.args(target.role).args(args);
        anyhow::Ok(command)
    };

    let holder = TcpListener::bind("127.0.0.1:0")?;
    let taken = OsString::from(holder.local_addr()?.to_string());
    let free = OsString::from(TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string());

    for pair in lessons.iter().flat_map(|lesson| &lesson.pairs) {
        // Each line ends with the cause, in the words of the system.
        for (addr, cause) in [(&taken, "os error"), (&OsString::from("nonsense"), "address")] {
            let error = refused(command(&pair.server, &[addr])?).await?;
            let expected = format!("cannot listen on {} (", addr.display());
            ensure!(error.contains(&expected) && error.contains(cause), "{error}");
        }
        for (addr, cause) in [
            (free.to_string_lossy(), "Connection refused"),
            ("nosuchhost.invalid:50051".into(), "failed to lookup address"),
            ("::::".into(), "invalid URI"),
            ("".into(), "invalid URI"),
        ] {
            let error = refused(command(&pair.client, &[OsStr::new(&*addr)])?).await?;
            let expected = format!("no server at {addr} (start one with `cargo run -p ");
            let says_why = cfg!(not(unix)) || error.contains(cause);
            ensure!(error.contains(&expected) && says_why, "{error}");
        }

        for side in [&pair.server, &pair.client].into_iter().filter(|side| side.role.is_some()) {
            let too_many = ["127.0.0.1:0"; 4].map(OsStr::new);
            let error = refused(command(side, &too_many)?).await?;
            ensure!(error.contains("[ADDR]"), "{error}");
        }
    }
    Ok(())
}

#[tokio::test]
#[ignore = "slow: cargo xtask ci runs it"]
async fn every_twin_refuses_in_one_line_and_stops_in_order() -> anyhow::Result<()> {
    let workspace = Workspace::load().await?;
    let Some(python) = Python::of_tests(&workspace).await else { return Ok(()) };
    for lesson in &workspace.lessons {
        let (server, client) = python.sides(lesson).await?;
        let mut running = Program::start(server.command("127.0.0.1:0"))?;
        let line = timeout(STUCK, running.stdout.first_line()).await?;
        let addr =
            line.as_deref().and_then(|line| line.strip_prefix("Server started, listening on "));
        let addr = addr.with_context(|| running.stderr.text())?.trim();

        let error = refused(server.command(addr)).await?;
        ensure!(error.contains(&format!("cannot listen on {addr} (")), "{error}");

        running.interrupt()?;
        let status = timeout(STUCK, running.ended()).await??;
        let error = running.stderr.text();
        ensure!(cfg!(windows) || status.is_some_and(|s| s.success()), "{status:?}: {error}");
        ensure!(error.is_empty(), "{error}");

        let error = refused(client.command(addr)).await?;
        ensure!(error.contains(&format!("no server at {addr} (")), "{error}");
    }
    Ok(())
}

#[tokio::test]
#[ignore = "slow: cargo xtask ci runs it"]
async fn every_command_of_the_readme_does_what_it_says() -> anyhow::Result<()> {
    let workspace = Workspace::load().await?;
    let readme = fs::read_to_string(workspace.root.join("README.md"))?;
    for lesson in &workspace.lessons {
        for side in ["server", "client"] {
            let line = format!("\ncargo run -p {} {side}\n", lesson.package);
            ensure!(readme.contains(&line), "README.md has no line{line}");
        }
    }
    let run = |line: &str| {
        let mut command = Command::new(cargo());
        command.arg("--quiet").args(shell_words::split(line)?.into_iter().skip(1));
        command.current_dir(&workspace.root);
        Program::start(command)
    };

    for block in readme.split("```console\n").skip(1).filter_map(|rest| rest.split("```").next()) {
        let commands: Vec<&str> =
            block.lines().filter_map(|line| line.split(" #").next()).map(str::trim).collect();
        match commands[..] {
            [server, client] if server.starts_with("cargo run ") => {
                let mut server = run(server)?;
                let Some(first) = timeout(STUCK, server.stdout.first_line()).await? else {
                    bail!("{block}{}", server.stderr.text());
                };
                ensure!(first.starts_with("Server started, listening on 127.0.0.1:"), "{first}");
                let mut client = run(client)?;
                let status = timeout(STUCK, client.ended()).await??;
                ensure!(status.is_some_and(|s| s.success()), "{block}{}", client.stderr.text());
                server.interrupt()?;
                let status = timeout(STUCK, server.ended()).await??;
                ensure!(cfg!(windows) || status.is_some_and(|s| s.success()), "{block}{status:?}");
            }
            _ => {
                for line in commands {
                    if line.contains(" --server ") || line.contains(" --client ") {
                        let mut run = run(line)?;
                        let status = timeout(STUCK, run.ended()).await??;
                        ensure!(status.is_some_and(|s| s.success()), "{line}{}", run.stderr.text());
                        continue;
                    }
                    ensure!(
                        crate::ci::runs(line) || is_xtask(line),
                        "nobody runs `{line}` of README.md"
                    );
                }
            }
        }
    }
    Ok(())
}

/// Whether `line` is a command line that xtask takes.
fn is_xtask(line: &str) -> bool {
    let args = shell_words::split(line).unwrap_or_default();
    args.first().is_some_and(|cargo| cargo == "cargo")
        && crate::Cli::try_parse_from(&args[1..]).is_ok()
}
