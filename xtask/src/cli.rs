//! The command line: what it takes, and which command that is.

use std::io::{Write, stderr};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::commands::{bench, book, check, ci, hint, list, start, steps, verify};
use crate::system::error::WrongUse;
use crate::system::process;

/// Runs the lessons and checks what they print
#[derive(Parser)]
#[command(bin_name = "cargo xtask", after_long_help = PAGE)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Show the lessons, their steps and their pairs of programs
    List,
    /// Build lessons, run their servers and clients, and compare what they print
    Verify(verify::Args),
    /// Build and run every step of every lesson, derived from its regions
    Steps(steps::Args),
    /// Write a lesson as it stands before a step to a folder of yours, for you to complete
    Start(start::Args),
    /// Say what of your own lesson works already, what does not, and what to do next
    Check(check::Args),
    /// Say what to write next in your own lesson, and where
    Hint(hint::Args),
    /// Build the book to read alongside, or serve it while you write on it
    Book(book::Args),
    /// Measure the lessons: calls a second, latencies, memory; it takes some minutes
    Bench(bench::Args),
    /// Run every check that a change must pass, or some parts of it
    Ci(ci::Args),
}

/// What `--help` says below the list of commands.
const PAGE: &str = "\
A lesson is a server and a client. `verify` builds both, starts the server on a free port, runs
the client against it, stops the server, and compares what each has printed with a transcript: a
text file in the lesson's folder. So a lesson that still builds, but no longer does what the book
says, is noticed.

  cargo xtask verify              all lessons
  cargo xtask verify 03           one of them; `teams` and `03-teams` mean the same
  cargo xtask verify 03 --bless   after a change that was meant: accept what it prints now

In a transcript, `[..]` stands for anything within a line, and `...` on a line of its own for any
number of lines. Standard error is not in it: a pair that works prints nothing there.

A lesson is written in steps, and regions in its source say which line belongs to which. `steps`
does for every step what `verify` does for the last one. `start`, `check` and `hint` are for whoever
writes a lesson on their own:

  cargo xtask start teams         the lesson before step 1, in the new folder my-teams
  cargo xtask check my-teams      what works already, what does not, and what to do next
  cargo xtask hint my-teams       what to write next, and where

Exit code: 0 if all is well, 1 if a check has failed, 2 if the command line is wrong.";

/// Does what the command line asks for. What went wrong is said on standard error.
pub async fn run() -> ExitCode {
    let cli = Cli::parse();
    // Then there is no other end, and nothing has failed.
    let ends_with_ctrl_c = match &cli.command {
        Command::Check(args) => args.watch,
        Command::Book(args) => args.serves(),
        _ => false,
    };
    // Whichever ends first, the other one is dropped, and with it every process it had started.
    let result = tokio::select! {
        result = process::interrupted() => {
            result.map(|code| if ends_with_ctrl_c { ExitCode::SUCCESS } else { code })
        }
        result = command(cli.command) => result,
    };
    result.unwrap_or_else(|error| {
        // If not even this can be printed, there is still the exit code.
        _ = writeln!(stderr(), "error: {error:#}");
        if error.is::<WrongUse>() { ExitCode::from(2) } else { ExitCode::FAILURE }
    })
}

async fn command(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::List => list::run().await,
        Command::Verify(args) => verify::run(&args).await,
        Command::Steps(args) => steps::run(&args).await,
        Command::Start(args) => start::run(&args).await,
        Command::Check(args) => check::run(&args).await,
        Command::Hint(args) => hint::run(&args).await,
        Command::Book(args) => book::run(&args).await,
        Command::Bench(args) => bench::run(&args).await,
        Command::Ci(args) => ci::run(&args).await,
    }
}
