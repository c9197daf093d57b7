//! The folder with the certificates: who makes it, when, and who can look into it.

use std::fs;
use std::path::Path;
use std::slice;
use std::time::{Duration, SystemTime};

use tokio::process::Command;
use tokio::task::JoinSet;

use crate::made::{client, failed, files, folder, output, program, server, worked};

#[tokio::test]
async fn the_server_makes_them_for_both() -> anyhow::Result<()> {
    let folder = folder()?;
    // Folders around it, too, and nothing but it.
    let path = folder.path().join("a/b");
    failed(client("127.0.0.1:1", &path).await?, "start the server first: it makes them")?;
    assert!(!path.exists(), "a client has made it");

    let (_server, addr) = server(&path).await?;
    worked(client(addr, &path).await?)?;
    assert_eq!(files(&folder.path().join("a"))?, slice::from_ref(&path));

    // Servers that come later take them.
    let before = texts(&path)?;
    let (_other, other_addr) = server(&path).await?;
    assert_eq!(texts(&path)?, before);
    worked(client(other_addr, &path).await?)
}

#[cfg(unix)]
#[tokio::test]
async fn nobody_else_can_read_them() -> anyhow::Result<()> {
    use std::os::unix::fs::PermissionsExt;

    let folder = folder()?;
    let path = folder.path().join("certificates");
    // Whatever the system would give to others.
    let mut shell = Command::new("sh");
    shell.args(["-c", "umask 0; exec \"$0\" server 127.0.0.1:0", crate::made::PROGRAM]);
    shell.env("CERTIFICATES", &path);
    let (_server, _) = testing::program::started(shell).await?;
    assert_eq!(fs::metadata(&path)?.permissions().mode() & 0o777, 0o700);
    let files = files(&path)?;
    assert_eq!(files.len(), 10, "{files:?}");
    for file in files {
        assert_eq!(fs::metadata(&file)?.permissions().mode() & 0o777, 0o600, "{file:?}");
    }
    Ok(())
}

#[tokio::test]
async fn git_commits_nothing_of_it() -> anyhow::Result<()> {
    let folder = folder()?;
    let (_server, _) = server(&folder.path().join("certificates")).await?;
    let git = |args: &[&str]| {
        let mut git = Command::new("git");
        git.args(args).current_dir(folder.path());
        output(git)
    };
    match git(&["init", "--quiet"]).await {
        Ok(made) => assert!(made.status.success(), "{made:?}"),
        Err(_) => {
            testing::skipped("no git on the PATH");
            return Ok(());
        }
    }
    git(&["add", "--all"]).await?;
    assert_eq!(String::from_utf8(git(&["status", "--short"]).await?.stdout)?, "");
    Ok(())
}

#[tokio::test]
async fn many_servers_at_once_agree() -> anyhow::Result<()> {
    for is_old in [false, true] {
        let folder = folder()?;
        let path = folder.path().join("certificates");
        if is_old {
            drop(server(&path).await?);
            age(&path, 31)?;
        }
        let mut servers = JoinSet::new();
        for _ in 0..8 {
            let path = path.clone();
            servers.spawn(async move { server(&path).await });
        }
        let mut started = Vec::new();
        while let Some(server) = servers.join_next().await {
            started.push(server??);
        }
        assert_eq!(files(folder.path())?, slice::from_ref(&path), "something is left over");
        for (_, addr) in &started {
            worked(client(addr, &path).await?)?;
        }
    }
    Ok(())
}

#[tokio::test]
async fn old_ones_are_replaced() -> anyhow::Result<()> {
    let folder = folder()?;
    let path = folder.path().join("certificates");
    drop(server(&path).await?);
    let before = texts(&path)?;
    age(&path, 29)?;
    drop(server(&path).await?);
    assert_eq!(texts(&path)?, before, "they are good for another month");

    age(&path, 31)?;
    fs::write(path.join("thesis.txt"), "all of it")?;
    let (_server, addr) = server(&path).await?;
    let after = texts(&path)?;
    assert!(before.iter().zip(&after).all(|(old, new)| old != new || old.ends_with("*\n")));
    // Nothing is lost that somebody has put there.
    let rest: Vec<_> = files(folder.path())?.into_iter().filter(|it| *it != path).collect();
    let [rest] = &rest[..] else { anyhow::bail!("{rest:?}") };
    assert_eq!(files(rest)?, [rest.join("thesis.txt")]);
    worked(client(addr, &path).await?)
}

#[tokio::test]
async fn nothing_of_others_is_replaced() -> anyhow::Result<()> {
    // A folder in which something else is.
    let folder = folder()?;
    fs::write(folder.path().join("thesis.txt"), "all of it")?;
    let refuses = || output(program(["server", "127.0.0.1:0"], folder.path()));
    failed(refuses().await?, "`CERTIFICATES` can name another folder")?;
    assert_eq!(texts(folder.path())?, ["all of it"]);

    // Or an old one under Git.
    fs::write(folder.path().join(".gitignore"), "*\n")?;
    age(folder.path(), 1000)?;
    failed(refuses().await?, "`CERTIFICATES` can name another folder")?;
    assert_eq!(texts(folder.path())?, ["*\n", "all of it"]);
    fs::remove_file(folder.path().join(".gitignore"))?;

    // That's how one calls the folder where one is, and the one around it.
    let desk = folder.path().join("desk");
    fs::create_dir(&desk)?;
    for name in [".", "..", "../"] {
        let mut program = program(["server", "127.0.0.1:0"], Path::new(name));
        program.current_dir(&desk);
        failed(output(program).await?, "`CERTIFICATES` can name another folder")?;
        assert_eq!(files(folder.path())?, [desk.clone(), folder.path().join("thesis.txt")]);
        assert!(files(&desk)?.is_empty());
    }

    // Certificates of somebody else, however old they are.
    let authority = crate::made::Authority::called("somebody else")?;
    let folder = authority.folder("127.0.0.1", &crate::made::NOW)?;
    let before = texts(folder.path())?;
    for file in files(folder.path())? {
        make_older(&file, 1000)?;
    }
    let (_server, addr) = server(folder.path()).await?;
    assert_eq!(texts(folder.path())?, before);
    worked(client(addr, folder.path()).await?)
}

#[tokio::test]
async fn an_empty_token_is_none() -> anyhow::Result<()> {
    let folder = crate::made::Authority::called("ours")?.folder("127.0.0.1", &crate::made::NOW)?;
    for token in ["", "\n", "ada's\nsecret"] {
        fs::write(folder.path().join("ada.token"), token)?;
        let program = program(["server", "127.0.0.1:0"], folder.path());
        failed(output(program).await?, "ada.token needs letters and digits, and no more\n")?;
    }
    Ok(())
}

/// The texts of the files in `folder`.
fn texts(folder: &Path) -> anyhow::Result<Vec<String>> {
    files(folder)?.iter().map(|file| Ok(fs::read_to_string(file)?)).collect()
}

/// Certificates that the lesson has made become so many days old.
fn age(folder: &Path, days: u64) -> anyhow::Result<()> {
    make_older(&folder.join(".gitignore"), days)
}

fn make_older(file: &Path, days: u64) -> anyhow::Result<()> {
    let time = SystemTime::now() - Duration::from_secs(days * 24 * 60 * 60);
    Ok(fs::File::options().write(true).open(file)?.set_modified(time)?)
}
