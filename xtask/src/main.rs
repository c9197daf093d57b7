//! `cargo xtask`: see `cli`.

use std::process::ExitCode;

use xtask::system::apart;

// One thread, so that no child outlives its parent: see `process::spawn`.
#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    if let Some(ended) = apart::as_wrapper() {
        return ended.unwrap_or_else(|error| {
            eprintln!("error: cannot start rustc: {error}");
            ExitCode::FAILURE
        });
    }
    xtask::cli::run().await
}
