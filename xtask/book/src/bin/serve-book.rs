//! Serves the book: see `cargo xtask book --help`. A program of its own, because what it needs takes
//! its time to compile.

use std::io::{Write, stderr};
use std::process::ExitCode;

use book::serve;
use clap::Parser;
use xtask::workspace::Workspace;

/// Serves the book, and builds it again whenever a file changes
#[derive(Parser)]
struct Cli {
    /// Open the book in a browser
    #[arg(long)]
    open: bool,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let Cli { open } = Cli::parse();
    let served = async { serve::run(Workspace::load().await?, open).await };
    if let Err(error) = served.await {
        // If not even this can be printed, there is still the exit code.
        _ = writeln!(stderr(), "error: {error:#}");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}
