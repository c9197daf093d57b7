//! What every lesson promises on its command line. These tests ask Cargo which lessons there are: a
//! new one is tested as well.

use std::ffi::{OsStr, OsString};
use std::net::TcpListener;
use std::time::Duration;

use anyhow::{Context, ensure};
use tokio::process::Command;
use tokio::time::timeout;

use xtask::run::python::Python;
use xtask::system::process::Program;
use xtask::workspace::lesson::Target;
use xtask::workspace::{self, Workspace};

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
    let programs = workspace.build(&lessons, true).await?;
    let command = |target: &Target, args: &[&OsStr]| {
        let mut command = Command::new(programs.side(target)?.program());
        command.args(target.role).args(args).envs(workspace::variables());
        anyhow::Ok(command)
    };
    for lesson in lessons.iter().filter(|lesson| lesson.tls.is_some()) {
        // Its server makes the certificates without which a client does not even begin.
        let server = command(&lesson.pairs[0].server, &[OsStr::new("127.0.0.1:0")])?;
        let line = timeout(STUCK, Program::start(server)?.stdout.first_line()).await?;
        ensure!(line.is_some(), "{}: its server does not start", lesson.name);
    }

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
        ] {
            let error = refused(command(&pair.client, &[OsStr::new(&*addr)])?).await?;
            // One that calls several servers has asked each, and doesn't say of all why not.
            let several = format!("no server is serving at {addr} (start some with `cargo run -p ");
            if pair.servers > 1 && error.contains(&several) {
                continue;
            }
            let expected = format!("no server at {addr} (start one with `cargo run -p ");
            // One that looks for a file instead of a port doesn't ask where a host is.
            let says_why = cfg!(not(unix))
                || [cause, "No such file"].iter().any(|cause| error.contains(cause));
            ensure!(error.contains(&expected) && says_why, "{error}");
        }
        for addr in ["::::", ""] {
            let error = refused(command(&pair.client, &[addr.as_ref()])?).await?;
            let says_why = error.contains("invalid ") || error.contains("HOST:PORT");
            ensure!(says_why, "{error}");
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
    let python = match Python::prepare(&workspace).await {
        Ok(python) => python,
        // `cargo xtask ci` does not pass there.
        Err(error) => {
            testing::skipped(&format!("{error:#}"));
            return Ok(());
        }
    };
    for lesson in &workspace.lessons {
        let server = python.side(lesson, "server").await?.context("no server.py")?;
        let client = python.side(lesson, "client").await?.context("no client.py")?;
        let mut running = Program::start(server.command("127.0.0.1:0", None))?;
        let line =
            timeout(STUCK, running.stdout.first_line()).await.context(lesson.name.clone())?;
        let addr =
            line.as_deref().and_then(|line| line.strip_prefix("Server started, listening on "));
        let addr = addr.with_context(|| running.stderr.text())?.trim();

        let error = refused(server.command(addr, None)).await?;
        ensure!(error.contains(&format!("cannot listen on {addr} (")), "{error}");

        running.interrupt()?;
        let status = timeout(STUCK, running.ended()).await.context(lesson.name.clone())??;
        let error = running.stderr.text();
        ensure!(cfg!(windows) || status.is_some_and(|s| s.success()), "{status:?}: {error}");
        ensure!(error.is_empty(), "{error}");

        let error = refused(client.command(addr, None)).await?;
        ensure!(error.contains(&format!("no server at {addr} (")), "{error}");
    }
    Ok(())
}
