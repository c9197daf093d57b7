//! Measures what the lessons cost: see `cargo xtask bench --help`.

mod bare;
mod cores;
mod data;
mod database;
mod load;
mod machine;
mod progress;
mod report;
mod server;
mod several;
mod sizes;
mod slow_reader;
mod streams;
mod targets;
mod tls;
mod turns;
mod unary;
mod verify;

use std::fs;
use std::io::{Write, stderr, stdout};
use std::process::ExitCode;

use anyhow::bail;
use clap::{Parser, Subcommand};
use tokio::runtime::{Builder, Runtime};
use xtask::run::python::Python;
use xtask::system::cargo::{Build, RENDERED};
use xtask::workspace::lesson::{Lesson, Programs};
use xtask::workspace::{Workspace, packages, relative};

use crate::machine::Machine;
use crate::progress::Progress;
use crate::report::Report;

/// Measures what the lessons cost
#[derive(Parser)]
#[command(args_conflicts_with_subcommands = true)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    /// Which lessons [default: all]
    lessons: Vec<String>,
    /// Measure the lessons in Python, too
    #[arg(long)]
    python: bool,
}

#[derive(Subcommand)]
enum Command {
    /// Be the ceiling: a server of hello world whose reply is a constant
    BareServer {
        /// HOST:PORT
        addr: String,
    },
    /// Be lesson 7's server, but without certificates for clients: in the clear, or with TLS
    ProductServer {
        #[arg(long)]
        tls: bool,
        /// HOST:PORT
        addr: String,
    },
}

/// How many parts a run has.
const PARTS: usize = 8;

fn main() -> ExitCode {
    match start(Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // If not even this can be printed, there is still the exit code.
            _ = writeln!(stderr(), "error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn start(cli: Cli) -> anyhow::Result<()> {
    match cli.command {
        // As the lessons do it.
        Some(Command::BareServer { addr }) => Runtime::new()?.block_on(bare::serve(&addr)),
        Some(Command::ProductServer { tls, addr }) => {
            Runtime::new()?.block_on(tls::serve(&addr, tls))
        }
        // One thread makes all calls: it leaves the other cores to the server, and can start it: see
        // `xtask::system::process::spawn`.
        None => Builder::new_current_thread()
            .enable_all()
            .build()?
            .block_on(run(&cli.lessons, cli.python)),
    }
}

async fn run(names: &[String], with_python: bool) -> anyhow::Result<()> {
    let workspace = Workspace::load().await?;
    let lessons = &*workspace.select(names)?;
    let python = if with_python { Some(Python::prepare(&workspace).await?) } else { None };
    let programs = &build(&workspace, lessons).await?;
    let folder = &workspace.target.join("bench");
    if folder.exists() {
        // A run was stopped, or failed.
        fs::remove_dir_all(folder)?;
    }
    fs::create_dir(folder)?;
    let progress = &Progress::new(PARTS)?;

    let machine = Machine::this().await?;
    let unary = unary::measure(lessons, programs, python.as_ref(), folder, progress).await?;
    progress.part_done();
    let tls = tls::measure(lessons, programs, progress).await?;
    progress.part_done();
    let handshakes = tls::handshakes(&tls);
    let fleet = several::measure(lessons, programs, progress).await?;
    progress.part_done();
    let database = database::measure(&workspace, lessons, programs, folder, progress).await?;
    progress.part_done();
    let sizes = sizes::measure(lessons, programs, folder, progress).await?;
    progress.part_done();
    let streams = streams::measure(lessons, programs, folder, progress).await?;
    progress.part_done();
    let slow_reader = slow_reader::measure(lessons, programs, folder, progress).await?;
    let slow_list = database::slow_list(lessons, programs, folder, progress).await?;
    progress.part_done();
    let (verify, targets) = (Vec::new(), Vec::new());
    let mut report = Report {
        machine,
        unary,
        tls,
        handshakes,
        fleet,
        database,
        streams,
        sizes,
        slow_reader,
        slow_list,
        verify,
        targets,
    };
    report.targets = report.targets();
    let path = workspace.target.join("bench.json");
    // Before the longest part, so that it can be stopped there.
    report.write(&path)?;
    if names.is_empty() {
        report.verify = verify::measure(&workspace, &folder.join("target"), progress).await?;
        report.write(&path)?;
    }
    fs::remove_dir_all(folder)?;
    progress.ends();
    let path = relative(&path, &workspace.root);
    writeln!(stdout(), "{}\nThe same as JSON, with more in it: {path}", report.table())?;
    Ok(())
}

/// Builds the programs of `lessons`, in as few calls of `cargo build` as may be.
async fn build(workspace: &Workspace, lessons: &[&Lesson]) -> anyhow::Result<Programs> {
    // As this one was built: a test of it makes do with what is built already.
    let profile = if cfg!(debug_assertions) { "dev" } else { "release" };
    let mut programs = Programs::default();
    let mut lessons = lessons.to_vec();
    if lessons.iter().any(|lesson| lesson.package == "database") {
        // It is measured beside that one.
        lessons.push(workspace.the("teams")?);
    }
    for packages in packages(&lessons) {
        let args = [&["--profile", profile, "--bins", RENDERED], &*packages].concat();
        let (built, status) = Programs::of(Build::start(&workspace.root, &args, false)?).await?;
        if !status.success() {
            bail!("the lessons do not build: {status}");
        }
        programs.extend(built);
    }
    Ok(programs)
}
