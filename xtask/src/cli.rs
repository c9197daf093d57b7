//! The command line: what it takes, and which command that is.

use std::io::{self, Write, stderr};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::commands::{bench, book, check, ci, hint, list, start, steps, verify, wire};
use crate::system::error::WrongUse;
use crate::system::process;

/// Runs the lessons and checks what they print
#[derive(Parser)]
#[command(bin_name = "cargo xtask", after_help = BEGIN, after_long_help = PAGE)]
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
    /// Run a pair of programs, and show what crosses the wire between them
    Wire(wire::Args),
    /// Build the book to read alongside, or serve it while you write on it
    Book(book::Args),
    /// Measure the lessons: calls a second, latencies, memory; it takes some minutes
    Bench(bench::Args),
    /// Run every check that a change must pass, or some parts of it
    Ci(ci::Args),
}

/// What stands below the list of commands if somebody has typed none.
const BEGIN: &str = "\
Begin with the book, `cargo xtask book --open`, or with the first lesson, `cargo xtask start 01`.";

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
    // It ends in order then, and says what it has seen.
    let ends_by_itself = matches!(&cli.command, Command::Wire(_));
    // Whichever ends first, the other one is dropped, and with it every process it had started.
    let result = tokio::select! {
        result = process::interrupted(), if !ends_by_itself => {
            result.map(|code| if ends_with_ctrl_c { ExitCode::SUCCESS } else { code })
        }
        result = command(cli.command) => result,
    };
    result.unwrap_or_else(|error| failed(&error))
}

/// Says what went wrong, and returns the exit code that goes with it.
pub fn failed(error: &anyhow::Error) -> ExitCode {
    let remedy = if is_out_of_files(error) {
        ": allow more of them with `ulimit -n 1024`, or end some programs, and try again"
    } else {
        ""
    };
    let cause = error.root_cause().downcast_ref::<io::Error>();
    if cause.is_some_and(|cause| cause.kind() == io::ErrorKind::BrokenPipe) {
        // Whoever reads what we print has seen enough, as `head` does.
        return ExitCode::FAILURE;
    }
    // If not even this can be printed, there is still the exit code.
    _ = writeln!(stderr(), "error: {error:#}{remedy}");
    if error.is::<WrongUse>() { ExitCode::from(2) } else { ExitCode::FAILURE }
}

/// Whether the system lets us open no more files.
fn is_out_of_files(error: &anyhow::Error) -> bool {
    // Windows has no such limit.
    #[cfg(unix)]
    let too_many = [libc::EMFILE, libc::ENFILE];
    #[cfg(not(unix))]
    let too_many: [i32; 0] = [];
    let mut codes =
        error.chain().filter_map(|cause| cause.downcast_ref::<io::Error>()?.raw_os_error());
    codes.any(|code| too_many.contains(&code))
}

async fn command(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::List => list::run().await,
        Command::Verify(args) => verify::run(&args).await,
        Command::Steps(args) => steps::run(&args).await,
        Command::Start(args) => start::run(&args).await,
        Command::Check(args) => check::run(&args).await,
        Command::Hint(args) => hint::run(&args).await,
        Command::Wire(args) => wire::run(&args).await,
        Command::Book(args) => book::run(&args).await,
        Command::Bench(args) => bench::run(&args).await,
        Command::Ci(args) => ci::run(&args).await,
    }
}
