//! `cargo xtask`: see `cli`.

use std::process::ExitCode;

use tokio::runtime::Builder;
use xtask::cli;
use xtask::system::apart;

fn main() -> ExitCode {
    if let Some(ended) = apart::as_wrapper() {
        return ended.unwrap_or_else(|error| {
            eprintln!("error: cannot start rustc: {error}");
            ExitCode::FAILURE
        });
    }
    // One thread, so that no child outlives its parent: see `process::spawn`.
    match Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime.block_on(cli::run()),
        Err(error) => cli::failed(&error.into()),
    }
}
