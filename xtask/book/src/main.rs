//! Builds the book, and keeps what it shows up to date: see `cargo xtask book --help`.

use std::io::{self, ErrorKind, Write, stderr, stdin, stdout};
use std::process::ExitCode;

use anyhow::Context;
use book::pages::FOLDER;
use book::pages::listing::Listings;
use book::reader::scene;
use book::weave::{self, Lessons};
use clap::{Parser, Subcommand};
use mdbook_preprocessor::{Preprocessor, parse_input};
use xtask::system::process;
use xtask::workspace::Workspace;

/// Builds the book
#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    /// Open the book in a browser
    #[arg(long)]
    open: bool,
    /// Rewrite the scenes that differ
    #[arg(long)]
    bless: bool,
}

#[derive(Subcommand)]
enum Command {
    /// Be a preprocessor of plain mdBook: read the book from standard input, and write it filled in
    Preprocess {
        #[command(subcommand)]
        question: Option<Question>,
    },
}

#[derive(Subcommand)]
enum Question {
    /// Say whether this preprocessor is for a renderer: it is for any
    Supports {
        /// Its name
        renderer: String,
    },
}

// One thread, so that no child outlives its parent: see `xtask::system::process::spawn`.
#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run(Cli::parse()).await {
        Ok(code) => code,
        Err(error) => {
            // If not even this can be printed, there is still the exit code.
            _ = writeln!(stderr(), "error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    if let Some(Command::Preprocess { question: Some(Question::Supports { .. }) }) = cli.command {
        return Ok(ExitCode::SUCCESS);
    }
    let workspace = Workspace::load().await?;
    if cli.command.is_some() {
        let (context, book) = parse_input(stdin())?;
        let book = Lessons::new(Listings::read(&workspace)?).run(&context, book)?;
        serde_json::to_writer(stdout(), &book)?;
        return Ok(ExitCode::SUCCESS);
    }
    if cli.bless {
        let problems = scene::play_all(&workspace, true).await?;
        for problem in &problems {
            writeln!(stdout(), "{problem}")?;
        }
        return Ok(if problems.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE });
    }
    let mut folder = workspace.root.join(FOLDER).join("book");
    let turn = process::turn(&workspace.target.join("book")).await?;
    let mut built = weave::build(&workspace, &folder, None);
    if built.as_ref().is_err_and(cannot_be_written) {
        folder = workspace.target.join("book");
        built = weave::build(&workspace, &folder, None);
    }
    drop(turn);
    built?;
    let page = folder.join("index.html");
    writeln!(stdout(), "The book is in {}", page.display())?;
    if cli.open {
        opener::open(&page).context("no browser can be opened: open that file in yours")?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Whether the files are not ours to write, or nobody's.
fn cannot_be_written(error: &anyhow::Error) -> bool {
    let kinds = error.chain().filter_map(|cause| Some(cause.downcast_ref::<io::Error>()?.kind()));
    let denied = [ErrorKind::PermissionDenied, ErrorKind::ReadOnlyFilesystem];
    kinds.into_iter().any(|kind| denied.contains(&kind))
}
