//! The exercise: a client that waits for its server.

use std::env::{consts::EXE_SUFFIX, current_exe};
use std::future::pending;
use std::process::Stdio;

use anyhow::{Context, ensure};
use fleet::server;
use testing::STUCK;
use testing::net::incoming;
use tokio::net::TcpListener;
use tokio::process::Command;
use tokio::time::timeout;

#[tokio::test]
async fn it_waits_for_a_server_that_starts_later() -> anyhow::Result<()> {
    // Cargo builds it together with the tests.
    let test = current_exe()?;
    let folder = test.parent().and_then(|deps| deps.parent()).context("no folder")?;
    let program = folder.join("examples").join(format!("ready_client{EXE_SUFFIX}"));
    ensure!(program.is_file(), "there is no {program:?}: `cargo test` without `--test` builds it");

    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let addr = listener.local_addr()?;
    let client = Command::new(program)
        .args([addr.to_string(), STUCK.as_secs().to_string()])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    // It has come, and nobody talks to it.
    drop(timeout(STUCK, listener.accept()).await??);
    drop(listener);
    tokio::spawn(server::run(incoming(TcpListener::bind(addr).await?), pending()));
    let output = timeout(STUCK, client.wait_with_output()).await??;
    let printed = String::from_utf8(output.stdout)?;
    ensure!(output.status.success(), "{printed}{}", String::from_utf8_lossy(&output.stderr));
    assert!(printed.starts_with(&format!("Waiting for {addr}\n")), "{printed}");
    assert!(printed.ends_with(&format!("6 answers from {addr}\nTeams is SERVING\n")), "{printed}");
    Ok(())
}
