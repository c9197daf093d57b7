//! `cargo xtask book`: builds the book. A program of its own does it, so that nobody waits for
//! mdBook to compile who only wants to run the lessons.

use std::process::ExitCode;

use crate::system::cargo::cargo;
use crate::system::process;
use crate::workspace::Workspace;

/// What to do with the book.
#[derive(clap::Args)]
#[command(after_long_help = "\
The book is in `mdbook/`; its pages are written to `mdbook/book/`. It shows the lessons' own source,
in regions, and what the programs print. mdBook itself is compiled the first time; there is nothing
to install. If you have mdBook 0.5, `mdbook build mdbook` gives the same pages.")]
pub struct Args {
    /// Serve the book on this machine, and build it again whenever a file changes, until Ctrl-C
    #[arg(long)]
    serve: bool,
    /// Open the book in your browser
    #[arg(long)]
    open: bool,
    /// Run what the book shows, and rewrite its scenes: what commands print when something is wrong
    #[arg(long, conflicts_with_all = ["serve", "open"])]
    bless: bool,
}

impl Args {
    /// Whether only Ctrl-C ends it.
    pub fn serves(&self) -> bool {
        self.serve
    }
}

/// Hands `args` on to the package `book`.
///
/// # Errors
///
/// If it cannot be started.
pub async fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let workspace = Workspace::load().await?;
    let mut command = cargo();
    command.args(["run", "--package", "book", "--bin"]).current_dir(&workspace.root);
    if args.serve {
        command.args(["serve-book", "--"]);
    } else {
        // Without the web server, which takes its time to compile.
        command.args(["book", "--no-default-features", "--"]);
    }
    for (wanted, flag) in [(args.open, "--open"), (args.bless, "--bless")] {
        command.args(wanted.then_some(flag));
    }
    let status = process::spawn(command)?.child.wait().await?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
