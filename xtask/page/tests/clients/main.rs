//! The server of lesson 10, called in gRPC-Web by clients that others wrote, in Node.
//!
//! Where there's no Node, or npm doesn't get them, nothing is tested, and that is said.

use std::env;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use browser::server;
use protox::prost_reflect::prost::Message;
use testing::server::Server;
use testing::{STUCK, skipped};
use tokio::process::Command;
use tokio::time::timeout;

/// The scripts, and what they need of others.
const FILES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/clients");
/// Where they are run.
const FOLDER: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/clients");
const PROTO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../lessons/10-browser/proto");

/// What `command` prints.
async fn run(command: &str, args: &[&str]) -> Result<String> {
    // On Windows, npm is a script that only a shell finds.
    let mut command = if cfg!(windows) {
        let mut shell = Command::new("cmd");
        shell.args(["/c", command]);
        shell
    } else {
        Command::new(command)
    };
    command.args(args).current_dir(FOLDER).kill_on_drop(true);
    let output = timeout(STUCK, command.output()).await??;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr).trim());
    Ok(String::from_utf8(output.stdout)?)
}

/// Gets the clients, in the versions that are locked.
async fn install() -> Result<()> {
    run("node", &["--version"]).await.context("there is no Node")?;
    let args = ["ci", "--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund"];
    run("npm", &args).await.context("npm does not get the clients")?;
    Ok(())
}

#[tokio::test]
#[ignore = "slow: cargo xtask ci runs it"]
async fn clients_in_node_are_greeted_and_told_why_a_call_failed() -> Result<()> {
    fs::create_dir_all(FOLDER)?;
    for file in fs::read_dir(FILES)? {
        let file = file?;
        fs::copy(file.path(), Path::new(FOLDER).join(file.file_name()))?;
    }
    let descriptors = protox::compile(["helloworld.proto"], [PROTO])?;
    fs::write(Path::new(FOLDER).join("descriptors.bin"), descriptors.encode_to_vec())?;
    if let Err(error) = install().await {
        // Not everywhere can these be had.
        if env::var_os("GITHUB_ACTIONS").is_some() {
            bail!(error.context("there, Node and npm are needed"));
        }
        skipped(&format!("no client in Node calls lesson 10: {error:#}"));
        return Ok(());
    }
    let serve = |incoming, stop| server::run(incoming, server::routes(), stop);
    let server = Server::start(serve).await?;
    let mut expected = "Hello, you!\n".to_owned();
    expected.extend((0..5).map(|i| format!("Hello, you! - {i}\n")));
    expected += "3 pause_ms 1001 is more than 1000\n";
    for client in ["grpc-web.js", "connect.js"] {
        let printed = run("node", &[client, &server.addr.to_string()]).await.context(client)?;
        ensure!(printed == expected, "{client}: {printed}");
    }
    Ok(())
}
