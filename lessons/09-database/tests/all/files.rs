//! What the server makes of a file: one that is not there, one of last year, and one that it cannot
//! use.

use std::fs;
use std::path::Path;

use anyhow::Context;
use database::pb::teams_client::TeamsClient;
use testing::folder::Folder;
use testing::net::connect;
use testing::program::{refuses_data, start, started};
use tokio::process::Command;
use tonic::Code;

use crate::scratch::{PROGRAM, Scratch, add, nickname};

const CANNOT_OPEN: &str = "it can't be opened: give a FILE in a folder that can be written to";

#[tokio::test]
async fn makes_a_file_that_is_not_there() -> anyhow::Result<()> {
    let scratch = Scratch::new()?;
    // What another program may have prepared.
    fs::write(scratch.path(), "")?;
    let (_server, addr) = start(PROGRAM, Some(&scratch.path())).await?;
    let mut stub = TeamsClient::new(connect(addr)?);
    assert_eq!(nickname(&mut stub, "Boston").await?, "Revolutionaries");
    assert_eq!(scratch.number("PRAGMA user_version").await?, 2);
    assert_eq!(scratch.number("PRAGMA application_id").await?, 0x7465616d);
    Ok(())
}

#[tokio::test]
async fn two_servers_make_it_once() -> anyhow::Result<()> {
    for _ in 0..10 {
        let scratch = Scratch::new()?;
        let (one, other) = tokio::join!(scratch.store(), scratch.store());
        for error in [one.err(), other.err()].into_iter().flatten() {
            // That can be, and does no harm.
            let error = format!("{error:#}");
            assert!(error.ends_with("another program is busy with it: try again"), "{error}");
        }
        let mut stub = scratch.stub().await?;
        assert_eq!(nickname(&mut stub, "Boston").await?, "Revolutionaries");
        assert_eq!(scratch.number("SELECT count(*) FROM teams").await?, 10);
    }
    Ok(())
}

#[tokio::test]
async fn brings_a_file_of_last_year_up_to_date() -> anyhow::Result<()> {
    let scratch = Scratch::new()?;
    // As the lesson's server has made it at step 4, and what has come into it.
    scratch
        .run(
            "PRAGMA application_id = 0x7465616d;
             PRAGMA user_version = 1;
             CREATE TABLE teams (
                 id INTEGER PRIMARY KEY,
                 city TEXT NOT NULL UNIQUE,
                 nickname TEXT NOT NULL
             ) STRICT;
             INSERT INTO teams VALUES (1, 'Chicago', 'Owls'), (7, 'Denver', 'Miners')",
        )
        .await?;
    let mut stub = scratch.stub().await?;
    assert_eq!(nickname(&mut stub, "Chicago").await?, "Owls");
    assert_eq!(nickname(&mut stub, "Denver").await?, "Miners");
    assert_eq!(nickname(&mut stub, "Boston").await?, "not a member");
    for _ in 0..2 {
        stub.add_team(add("Boston", "Ghosts", "1")).await?;
    }
    assert_eq!(scratch.number("PRAGMA user_version").await?, 2);
    Ok(())
}

#[tokio::test]
async fn says_in_one_line_why_it_cannot_use_a_file() -> anyhow::Result<()> {
    let scratch = Scratch::new()?;
    let path = scratch.path();
    fs::write(&path, "Chicago: Jackals\n".repeat(1_000))?;
    let content = fs::read(&path)?;
    refuses_data(PROGRAM, &path, "it isn't a database: give a FILE that isn't there yet").await?;
    assert_eq!(fs::read(&path)?, content, "it has been written to");

    let nowhere = path.join("teams.db");
    refuses_data(PROGRAM, &nowhere, CANNOT_OPEN).await?;
    refuses_data(PROGRAM, &path.with_file_name("missing").join("teams.db"), CANNOT_OPEN).await?;
    refuses_data(PROGRAM, path.parent().context("no folder")?, CANNOT_OPEN).await?;
    // What SQLite keeps in memory, and what it gives no name.
    for name in [":memory:", ""] {
        let expected = "that's no file: give another FILE";
        refuses_data(PROGRAM, Path::new(name), expected).await?;
    }
    Ok(())
}

#[cfg(unix)]
#[tokio::test]
async fn makes_no_other_file_if_somebody_removes_it() -> anyhow::Result<()> {
    let scratch = Scratch::new()?;
    let (_server, addr) = start(PROGRAM, Some(&scratch.path())).await?;
    fs::remove_file(scratch.path())?;
    let mut stub = TeamsClient::new(connect(addr)?);
    let failed = stub.add_team(add("Denver", "Miners", "")).await.err().context("it was added")?;
    assert_eq!((failed.code(), failed.message()), (Code::Internal, "the database failed"));
    assert!(!scratch.path().exists());
    Ok(())
}

#[tokio::test]
async fn leaves_alone_what_is_newer_or_belongs_to_others() -> anyhow::Result<()> {
    let others = "it belongs to another program: give another FILE";
    for (sql, expected) in [
        (
            "PRAGMA application_id = 0x7465616d; PRAGMA user_version = 3",
            "its version is 3, and 2 is the newest that is known here: ",
        ),
        ("CREATE TABLE friends (name TEXT)", others),
        ("CREATE TABLE friends (name TEXT); PRAGMA user_version = 1", others),
        ("CREATE TABLE friends (name TEXT); PRAGMA application_id = 7", others),
        ("CREATE TABLE teams (name TEXT); PRAGMA user_version = 2", others),
    ] {
        let scratch = Scratch::new()?;
        scratch.run(sql).await?;
        let content = fs::read(scratch.path())?;
        refuses_data(PROGRAM, &scratch.path(), expected).await?;
        assert_eq!(fs::read(scratch.path())?, content, "it has been written to");
    }
    Ok(())
}

#[tokio::test]
async fn says_so_if_a_file_is_damaged() -> anyhow::Result<()> {
    let scratch = Scratch::new()?;
    scratch.fill(1_000).await?;
    // The first page is as it should be.
    let mut content = fs::read(scratch.path())?;
    content[4096..].fill(0xff);
    fs::write(scratch.path(), content)?;
    let (server, addr) = start(PROGRAM, Some(&scratch.path())).await?;
    let mut stub = TeamsClient::new(connect(addr)?);
    let failed = stub.add_team(add("Denver", "Miners", "")).await.err().context("it was added")?;
    assert_eq!((failed.code(), failed.message()), (Code::Internal, "the database failed"));
    drop(server);
    Ok(())
}

#[cfg(unix)]
#[tokio::test]
async fn says_so_if_a_file_is_read_only() -> anyhow::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let scratch = Scratch::new()?;
    scratch.store().await?.close().await;
    fs::set_permissions(scratch.path(), fs::Permissions::from_mode(0o444))?;
    if fs::File::options().append(true).open(scratch.path()).is_ok() {
        testing::skipped("this user may write to any file");
        return Ok(());
    }
    let expected = "it or its folder is read-only: make both writable, or give another FILE";
    refuses_data(PROGRAM, &scratch.path(), expected).await
}

#[tokio::test]
async fn says_so_if_a_disk_is_read_only() -> anyhow::Result<()> {
    let (scratch, folder) = (Scratch::new()?, Folder::within(env!("CARGO_TARGET_TMPDIR"))?);
    scratch.store().await?.close().await;
    let file = scratch.path();
    let serve = format!("{PROGRAM} server 127.0.0.1:0 \"$0/teams.db\"");
    let then = format!("cp '{}' \"$0\" && mount -o remount,ro \"$0\" && {serve}", file.display());
    let Some(command) = with_small_disk(folder.path(), 256, &then).await? else {
        testing::skipped("nobody may make a small disk here");
        return Ok(());
    };
    let error = started(command).await.err().context("it has started")?;
    assert!(format!("{error:#}").contains(CANNOT_OPEN), "{error:#}");
    Ok(())
}

/// `then`, a command in a shell, in a file system of its own that has room for so many KiB and is
/// in the folder `$0`. None if this machine does not let us make one.
async fn with_small_disk(folder: &Path, kib: u32, then: &str) -> anyhow::Result<Option<Command>> {
    // One that only this command and its children see, and that is gone with them.
    let shell = |then: &str| {
        let mount = format!("mount -t tmpfs -o size={kib}k tmpfs \"$0\" && {then}");
        let mut command = Command::new("unshare");
        command.args(["--map-root-user", "--mount", "sh", "-c", &mount]).arg(folder);
        command
    };
    let tried = shell("true").output().await;
    Ok(tried.is_ok_and(|output| output.status.success()).then(|| shell(then)))
}

#[tokio::test]
async fn says_so_if_the_disk_is_full() -> anyhow::Result<()> {
    let folder = Folder::within(env!("CARGO_TARGET_TMPDIR"))?;
    // Room for a file of a few pages, and for a log.
    let serve = format!("exec {PROGRAM} server 127.0.0.1:0 \"$0/teams.db\"");
    let Some(command) = with_small_disk(folder.path(), 256, &serve).await? else {
        testing::skipped("nobody may make a small disk here");
        return Ok(());
    };
    let (_server, addr) = started(command).await?;
    let mut stub = TeamsClient::new(connect(addr)?);
    let mut added = 0;
    let full = loop {
        match stub.add_team(add(&format!("city {added}"), "Ghosts", &added.to_string())).await {
            Ok(_) => added += 1,
            Err(status) => break status,
        }
    };
    assert_eq!(full.code(), Code::ResourceExhausted);
    assert_eq!(full.message(), "the disk is full: nothing was changed");
    assert!(added > 0, "there was no room for anything");
    // All that was acknowledged is there, and can be read.
    for n in 0..added {
        assert_eq!(nickname(&mut stub, &format!("city {n}")).await?, "Ghosts");
    }
    assert_eq!(nickname(&mut stub, &format!("city {added}")).await?, "not a member");

    // There is not even room for a new file.
    let other = Folder::within(env!("CARGO_TARGET_TMPDIR"))?;
    let fill = format!("head -c 1000000 /dev/zero > \"$0/other\" 2> /dev/null; {serve}");
    let command = with_small_disk(other.path(), 256, &fill).await?.context("no disk")?;
    let error = started(command).await.err().context("it has started")?;
    let error = format!("{error:#}");
    assert!(error.contains("the disk is full: make room, or give another FILE"), "{error}");
    Ok(())
}
