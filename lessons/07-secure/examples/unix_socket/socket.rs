//! The file of a socket.

use anyhow::{Context, ensure};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::PathBuf;
use std::{env, fs};

/// The file that stands for `addr` (HOST:PORT). It's called by the port, in a folder into which
/// only its owner can look. Fails if others can.
pub fn path(addr: &str) -> anyhow::Result<PathBuf> {
    let (_, port) = addr.rsplit_once(':').context("an address is HOST:PORT")?;
    let port: u16 = port.parse().context("an address is HOST:PORT")?;
    let user = env::var("USER").unwrap_or_default();
    let folder = env::temp_dir().join(format!("grpc-secure-{user}"));
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&folder)
        .with_context(|| format!("cannot make the folder {}", folder.display()))?;
    let mode = fs::metadata(&folder)?.permissions().mode();
    ensure!(mode & 0o077 == 0, "others can look into {}: remove it", folder.display());
    Ok(folder.join(format!("{port}.sock")))
}
