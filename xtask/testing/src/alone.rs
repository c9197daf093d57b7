//! A test in a process of its own.

use std::process::{self, Command, Stdio};
use std::{env, fs};

use anyhow::ensure;
use tokio::runtime::Runtime;

/// Says to a test program that it is the process of one test's own, and in which of its cases.
const ALONE: &str = "TEST_IS_ALONE";

/// Not 0, which is also what comes of a name that no test has.
const PASSED: i32 = 42;

/// Runs `test`, which the test program knows as `name`, in a process of its own: the files and the
/// memory there are its own, and what the servers print isn't in the way.
///
/// # Errors
///
/// If the test fails. What it said is on standard error then.
pub fn alone(name: &str, test: impl AsyncFnOnce() -> anyhow::Result<()>) -> anyhow::Result<()> {
    each_alone(name, [""], async |_| test().await)
}

/// Like [`alone`], for each of `cases` in turn.
///
/// # Errors
///
/// If the test of a case fails.
pub fn each_alone<'a>(
    name: &str,
    cases: impl IntoIterator<Item = &'a str>,
    test: impl AsyncFnOnce(&str) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    if let Ok(case) = env::var(ALONE) {
        Runtime::new()?.block_on(test(&case))?;
        process::exit(PASSED);
    }
    for case in cases {
        let status = Command::new(env::current_exe()?)
            .args(["--exact", name, "--include-ignored", "--nocapture"])
            .env(ALONE, case)
            .stdout(Stdio::null())
            .status()?;
        ensure!(
            status.code() == Some(PASSED),
            "{name}: {case}: {status}: what it said stands above"
        );
    }
    Ok(())
}

/// How many files and sockets this process has open. Only Linux says so.
pub(crate) fn open_files() -> Option<usize> {
    Some(fs::read_dir("/proc/self/fd").ok()?.count())
}

/// As many connections as this process may have. Both of their ends are in it, so that a limit of
/// 1024 open files, which is usual, is enough for fewer than a thousand of them.
pub(crate) fn max_connections() -> usize {
    let limits = fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"));
    let soft = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
    // Elsewhere: what macOS has.
    (soft.unwrap_or(256_usize) - 50) / 2
}
