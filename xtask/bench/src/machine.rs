//! What it was measured on.

use std::thread::available_parallelism;
use std::{env, fs};

use serde::Serialize;
use tokio::process::Command;

/// A machine. What the system does not say is null; Linux says all of it.
#[derive(Serialize)]
pub struct Machine {
    pub cores: usize,
    pub cpu: Option<String>,
    pub memory_bytes: Option<u64>,
    pub os: String,
    pub rustc: String,
}

impl Machine {
    /// This one.
    ///
    /// # Errors
    ///
    /// If there is no rustc, or the system does not say how many cores there are.
    pub async fn this() -> anyhow::Result<Machine> {
        let rustc = Command::new("rustc").arg("--version").output().await?.stdout;
        let memory = entry("/proc/meminfo", "MemTotal");
        let kib = memory.and_then(|memory| memory.strip_suffix(" kB")?.parse::<u64>().ok());
        let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
        Ok(Machine {
            cores: available_parallelism()?.get(),
            cpu: entry("/proc/cpuinfo", "model name"),
            memory_bytes: kib.map(|kib| kib * 1024),
            os: format!("{} {} {kernel}", env::consts::OS, env::consts::ARCH).trim().to_owned(),
            rustc: String::from_utf8_lossy(&rustc).trim().to_owned(),
        })
    }
}

/// The value of the first line `KEY : VALUE` in a file of the system.
fn entry(path: &str, key: &str) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    let mut lines = text.lines().filter_map(|line| line.split_once(':'));
    lines.find(|(name, _)| name.trim() == key).map(|(_, value)| value.trim().to_owned())
}
