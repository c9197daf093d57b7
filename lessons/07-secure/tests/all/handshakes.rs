//! Connections that never get as far as TLS.

use std::time::Duration;

use testing::STUCK;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::made::{client, folder, server, worked};

/// How long the server waits for TLS.
const HANDSHAKE_TIME: Duration = Duration::from_secs(5);

/// What a client says first begins with this, and says that 512 bytes come.
const BEGINNING: &[u8] = b"\x16\x03\x01\x02\x00\x01";

#[tokio::test]
#[ignore = "slow: cargo xtask ci runs it"]
async fn a_thousand_that_are_never_finished_are_cut_off() -> anyhow::Result<()> {
    let folder = folder()?;
    let path = folder.path().join("certificates");
    let (_server, addr) = server(&path).await?;
    let mut connections = Vec::new();
    while connections.len() < 1_000 {
        let Ok(mut connection) = TcpStream::connect(addr).await else { break };
        if connections.len() % 2 == 0 {
            connection.write_all(BEGINNING).await?;
        }
        connections.push(connection);
    }
    eprintln!("{} connections", connections.len());
    // Beside them, it answers.
    worked(client(addr, &path).await?)?;
    for mut connection in connections {
        // However the end of a connection looks here, there is one.
        let end = timeout(STUCK, connection.read_to_end(&mut Vec::new())).await;
        assert!(end.is_ok(), "it waits for longer than {HANDSHAKE_TIME:?}");
    }
    assert!(client(addr, &path).await?.status.success());
    Ok(())
}

#[cfg(unix)]
#[tokio::test]
async fn none_keeps_a_server_that_has_to_stop() -> anyhow::Result<()> {
    let folder = folder()?;
    let (server, addr) = server(&folder.path().join("certificates")).await?;
    let mut silent = TcpStream::connect(addr).await?;
    silent.write_all(BEGINNING).await?;
    testing::program::ctrl_c(&server)?;
    let output = timeout(STUCK, server.wait_with_output()).await??;
    assert_eq!((output.status.code(), String::from_utf8(output.stderr)?), (Some(0), "".into()));
    Ok(())
}

#[tokio::test]
async fn garbage_is_cut_off() -> anyhow::Result<()> {
    let folder = folder()?;
    let path = folder.path().join("certificates");
    let (_server, addr) = server(&path).await?;
    for garbage in
        [&b"GET / HTTP/1.1\r\n\r\n"[..], b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", &[0xff; 99_999]]
    {
        let mut connection = TcpStream::connect(addr).await?;
        // It may be gone before it has taken all.
        _ = connection.write_all(garbage).await;
        let end = timeout(STUCK, connection.read_to_end(&mut Vec::new())).await;
        assert!(end.is_ok(), "garbage is left alone");
    }
    worked(client(addr, &path).await?)
}
