//! The exercise's server: its file, and who may open it.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::process::Stdio;

use testing::STUCK;
use testing::folder::Folder;
use testing::program::{ctrl_c, started};
use tokio::process::Command;
use tokio::time::timeout;

use crate::made::{example, failed, folder, output};

/// The exercise's program, with a temporary directory of its own.
fn program(args: &[&str], temporary: &Folder) -> anyhow::Result<Command> {
    let mut command = Command::new(example("unix_socket")?);
    command.args(args).env("TMPDIR", temporary.path()).env("USER", "somebody");
    Ok(command)
}

fn within(temporary: &Folder) -> PathBuf {
    temporary.path().join("grpc-secure-somebody")
}

#[tokio::test]
async fn the_file_is_there_for_its_owner_as_long_as_the_server_is() -> anyhow::Result<()> {
    let temporary = folder()?;
    let (server, addr) = started(program(&["server", "127.0.0.1:0"], &temporary)?).await?;
    let folder = within(&temporary);
    assert_eq!(fs::metadata(&folder)?.permissions().mode() & 0o777, 0o700);
    let file = folder.join(format!("{}.sock", addr.port()));
    assert!(file.exists(), "{file:?}");

    let client = output(program(&["client", &addr.to_string()], &temporary)?).await?;
    assert_eq!(String::from_utf8(client.stderr)?, "");
    ctrl_c(&server)?;
    let server = timeout(STUCK, server.wait_with_output()).await??;
    assert_eq!((server.status.code(), String::from_utf8(server.stderr)?), (Some(0), "".into()));
    assert!(!file.exists(), "it's left over");
    failed(output(program(&["client", &addr.to_string()], &temporary)?).await?, "no server at")
}

#[tokio::test]
async fn a_file_that_is_left_over_is_in_nobodys_way() -> anyhow::Result<()> {
    let temporary = folder()?;
    let (mut server, addr) = started(program(&["server", "127.0.0.1:0"], &temporary)?).await?;
    // It can't clean up.
    server.kill().await?;
    let file = within(&temporary).join(format!("{}.sock", addr.port()));
    assert!(file.exists());
    let (_server, again) = started(program(&["server", &addr.to_string()], &temporary)?).await?;
    assert_eq!(again, addr);
    let client = output(program(&["client", &addr.to_string()], &temporary)?).await?;
    assert!(client.status.success(), "{client:?}");

    // The one of a server that runs is left alone.
    let other = program(&["server", &addr.to_string()], &temporary)?;
    failed(output(other).await?, "cannot listen on")?;
    let client = output(program(&["client", &addr.to_string()], &temporary)?).await?;
    assert!(client.status.success(), "{client:?}");
    Ok(())
}

#[tokio::test]
async fn a_folder_that_others_can_open_is_not_used() -> anyhow::Result<()> {
    let temporary = folder()?;
    let folder = within(&temporary);
    fs::create_dir(&folder)?;
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o755))?;
    // Somebody waits there for clients.
    let _other = UnixListener::bind(folder.join("1.sock"))?;
    for args in [["server", "127.0.0.1:0"], ["client", "127.0.0.1:1"]] {
        failed(output(program(&args, &temporary)?).await?, "others can look into")?;
    }
    Ok(())
}

/// A user who owns nothing, on most systems.
const NOBODY: u32 = 65534;

#[tokio::test]
async fn somebody_else_cannot_call() -> anyhow::Result<()> {
    let temporary = folder()?;
    let (_server, addr) = started(program(&["server", "127.0.0.1:0"], &temporary)?).await?;
    let mut client = program(&["client", &addr.to_string()], &temporary)?;
    client.uid(NOBODY).stdout(Stdio::piped()).stderr(Stdio::piped());
    match client.spawn() {
        Ok(client) => failed(timeout(STUCK, client.wait_with_output()).await??, "ermission denied"),
        Err(_) => {
            testing::skipped("only root can be somebody else");
            Ok(())
        }
    }
}

#[tokio::test]
async fn not_even_root_can_call_as_somebody_else() -> anyhow::Result<()> {
    let temporary = Folder::within(&std::env::temp_dir().display().to_string())?;
    if chown(temporary.path(), Some(NOBODY), None).is_err() {
        testing::skipped("only root can be somebody else");
        return Ok(());
    }
    let mut server = program(&["server", "127.0.0.1:0"], &temporary)?;
    server.uid(NOBODY);
    let (_server, addr) = started(server).await?;
    let client = output(program(&["client", &addr.to_string()], &temporary)?).await?;
    failed(client, "say who you are")
}
