//! Shows what crosses the wire between a client and a server: see `cargo xtask wire --help`.

use std::future::pending;
use std::io::{self, Write, stderr};
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::{Arc, Mutex};

use anyhow::Context;
use clap::Parser;
use tokio::net::TcpListener;
use tokio::runtime::Builder;
use wire::pair::Both;
use wire::proxy::{self, To};
use wire::schema::Schema;
use wire::show::{Form, Show};
use xtask::commands::wire::{Args, crate_or_lesson};
use xtask::system::apart;
use xtask::system::error::WrongUse;
use xtask::system::process;
use xtask::workspace::Workspace;

/// Shows what crosses the wire between a client and a server
#[derive(Parser)]
#[command(bin_name = "cargo xtask wire")]
struct Cli {
    #[command(flatten)]
    args: Args,
}

fn main() -> ExitCode {
    // Of a learner's crate: Cargo calls us for each thing that it compiles.
    if let Some(ended) = apart::as_wrapper() {
        return ended.unwrap_or_else(|error| {
            eprintln!("error: cannot start rustc: {error}");
            ExitCode::FAILURE
        });
    }
    let Cli { args } = Cli::parse();
    // One thread: see `xtask::system::process::spawn`.
    let result = match Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime.block_on(run(&args)),
        Err(error) => Err(error.into()),
    };
    result.unwrap_or_else(|error| {
        // Whoever reads what we print has seen enough.
        let is_read = |error: &io::Error| error.kind() == io::ErrorKind::BrokenPipe;
        if error.downcast_ref().is_some_and(is_read) {
            return ExitCode::SUCCESS;
        }
        // If not even this can be printed, there is still the exit code.
        _ = writeln!(stderr(), "error: {error:#}");
        if error.is::<WrongUse>() { ExitCode::from(2) } else { ExitCode::FAILURE }
    })
}

/// Whichever ends first, the other is dropped: every process that was started ends with it, and the
/// calls that were under way are shown.
async fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let show = |schema| {
        let form = Form::of(args.format, args.frames, args.bytes);
        Show::on_stdout(form, schema)
    };
    tokio::select! {
        code = process::interrupted() => {
            // Nothing but Ctrl-C ends it.
            code.map(|code| if args.listen.is_some() { ExitCode::SUCCESS } else { code })
        }
        result = look(args, show) => result,
    }
}

async fn look(args: &Args, show: impl Fn(Schema) -> Show) -> anyhow::Result<ExitCode> {
    if let (Some(addr), Some(to)) = (args.listen, &args.to) {
        return listen(addr, to, show(Schema::of_files(&args.proto)?)).await;
    }
    let what = args.what.as_deref().unwrap_or_default();
    let workspace = Workspace::load().await?;
    let both = match crate_or_lesson(&workspace, what)? {
        Some(folder) => {
            if args.example.is_some() {
                let why = format!("{what} is your own: --example is for our lessons");
                return Err(WrongUse(why).into());
            }
            Both::of_crate(&workspace, folder, args.step).await?
        }
        None => {
            let lesson = workspace.the(what)?;
            Both::of_lesson(&workspace, lesson, args.step, args.example.as_deref()).await?
        }
    };
    let outcome = both.run(show(both.schema())).await?;
    let mut code = ExitCode::SUCCESS;
    for failure in outcome.failures() {
        writeln!(stderr(), "error: {failure}")?;
        code = ExitCode::FAILURE;
    }
    Ok(code)
}

/// Stands between whoever comes and the server at `to`, until Ctrl-C.
async fn listen(addr: SocketAddr, to: &str, show: Show) -> anyhow::Result<ExitCode> {
    let listener = TcpListener::bind(addr)
        .await
        .with_context(|| format!("cannot listen on {addr}: give another port, or 0 for any"))?;
    let here = listener.local_addr()?;
    writeln!(stderr(), "Listening on {here}, passing on to {to}; Ctrl-C ends this.")?;
    let to = To { addr: to.to_owned(), server: None };
    proxy::serve(listener, to, Arc::new(Mutex::new(show)), pending()).await?;
    Ok(ExitCode::SUCCESS)
}
