//! The programs: what they print, and how they end.

use std::fs;

use testing::program::{client_says_that_the_call_failed, start};
use tokio::process::Command;

use crate::scratch::{PROGRAM, Scratch};

#[tokio::test]
async fn the_client_can_be_run_twice() -> anyhow::Result<()> {
    let scratch = Scratch::new()?;
    let (_server, addr) = start(PROGRAM, Some(&scratch.path())).await?;
    let transcript = concat!(env!("CARGO_MANIFEST_DIR"), "/transcripts/step8/client.txt");
    let first = fs::read_to_string(transcript)?;
    let second = first.replace(
        "Teams client received: Denver Miners\nAdding",
        "Teams client was refused: Denver has a team already\nAdding",
    );
    for expected in [first, second.clone(), second] {
        let client = Command::new(PROGRAM).args(["client", &addr.to_string()]).output().await?;
        assert_eq!(String::from_utf8(client.stdout)?, expected.replace("\r\n", "\n"));
        assert_eq!(String::from_utf8(client.stderr)?, "");
        assert_eq!(client.status.code(), Some(0));
    }
    Ok(())
}

#[tokio::test]
async fn the_client_says_that_its_call_failed() -> anyhow::Result<()> {
    let scratch = Scratch::new()?;
    let (_server, addr) = start(PROGRAM, Some(&scratch.path())).await?;
    // Somebody else writes, so that the server does not answer.
    let mut other = scratch.connection().await?;
    sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut other).await?;
    let lines = [
        "----- GetTeam -----",
        "Teams client received: Chicago Jackals",
        "Teams client received: Philadelphia Foxes",
        "Teams client received: Miami not a member",
        "Teams client received: '; DROP TABLE teams; -- not a member",
        "----- AddTeam -----",
        "Adding \"Miners\" to \"Denver\"",
    ];
    client_says_that_the_call_failed(PROGRAM, addr, &lines).await
}

#[cfg(unix)]
#[tokio::test]
async fn a_ctrl_c_puts_everything_into_one_file() -> anyhow::Result<()> {
    use database::pb::teams_client::TeamsClient;
    use testing::{STUCK, net::connect, program::ctrl_c};
    use tokio::time::timeout;

    let scratch = Scratch::new()?;
    let (mut server, addr) = start(PROGRAM, Some(&scratch.path())).await?;
    let mut stub = TeamsClient::new(connect(addr)?);
    crate::scratch::nickname(&mut stub, "Chicago").await?;
    stub.add_team(crate::scratch::add("Denver", "Miners", "")).await?;
    let mut files = fs::read_dir(scratch.path().with_file_name(""))?;
    assert!(files.by_ref().count() > 1, "there is no log");
    ctrl_c(&server)?;
    assert_eq!(timeout(STUCK, server.wait()).await??.code(), Some(0));
    let mut names = Vec::new();
    for file in fs::read_dir(scratch.path().with_file_name(""))? {
        names.push(file?.file_name());
    }
    assert_eq!(names, ["teams.db"]);
    assert_eq!(scratch.number("SELECT count(*) FROM teams").await?, 11);
    Ok(())
}

#[cfg(unix)]
#[tokio::test]
async fn a_ctrl_c_finishes_calls_and_a_second_one_cuts_them() -> anyhow::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    use testing::call::{Kind, Method};
    use testing::net::Transport;
    use testing::program::{a_ctrl_c_finishes_calls, a_second_ctrl_c_cuts_calls};

    let scratch = Scratch::new()?;
    // The program, with a file of the test's own.
    let script = scratch.path().with_file_name("server.sh");
    let file = scratch.path();
    fs::write(&script, format!("#!/bin/sh\nexec '{PROGRAM}' \"$@\" '{}'\n", file.display()))?;
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755))?;
    for (kind, path, message) in [
        (Kind::Unary, "/Teams/GetTeam", b"\x0a\x05Miami".as_slice()),
        (Kind::Unary, "/Teams/AddTeam", b"\x0a\x06Denver\x12\x06Miners\x1a\x011"),
        (Kind::ServerStream, "/Teams/ListTeams", b""),
        (Kind::Unary, "/Teams/TradeTeams", b"\x0a\x07Chicago\x12\x06Boston\x1a\x011"),
    ] {
        let method = Method { kind, path, message };
        a_ctrl_c_finishes_calls(&script, &method, &Transport::default()).await?;
        a_second_ctrl_c_cuts_calls(&script, &method).await?;
    }
    Ok(())
}
