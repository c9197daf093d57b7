//! `cargo xtask`: see `cli`.

use std::process::ExitCode;

// One thread, so that no child outlives its parent: see `process::spawn`.
#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    xtask::cli::run().await
}
