//! `cargo xtask wire`: shows what crosses the wire between a client and a server. A program of its own
//! does it, so that nobody waits for it to compile who only wants to run the lessons.

use std::env;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::system::cargo::cargo;
use crate::system::error::WrongUse;
use crate::system::process;
use crate::workspace::Workspace;

/// Between whom to look, and how closely.
#[derive(clap::Args)]
#[command(after_long_help = "\
It passes on what a client and a server send each other, byte for byte, and shows it. WHAT is a lesson,
or the folder of your own crate: then it starts the server on a free port and runs the client against
it. With --listen and --to it stands between any client and any server, until Ctrl-C.

By default there's a line a message: when, in which direction (→ from the client), the number of the
call, the method, and the message as text. Then the status, and how many bytes the call took.

Where a lesson's client calls several servers, it stands in front of each, and says which connection goes
to which.

A page speaks gRPC-Web. That's read like gRPC, over HTTP/1.1 and over HTTP/2, with its trailers in
the body. HTTP/1.1 has no frames: there, --frames shows the heads of requests and answers, and the
chunks or pieces in which a body comes. If messages are in base64, --bytes shows what it stands for.
A request that's no call, such as the one for the page itself, is one line: its method, its path, and
the status of HTTP.

What it can't read it names, shows as bytes, and passes on all the same. A message whose proto it
doesn't have is shown by the numbers and wire types of its fields. Over TLS nothing can be read: it says
of each connection which version that is, and how many bytes went each way; with --frames, of each
record its type and its length.

With --format json each line is an object, for a frame:

  ms            when, in milliseconds since the start
  connection    which one, from 1
  server        to which server, from 1, if there are several
  from          `client` or `server`
  what          `preface` or `frame`; in HTTP/1.1 `head`, `body` (some of it), `chunk` or `last chunk`;
                `tls` (a record), `raw` (what can't be read) or `closed`
  length        in bytes, without the head of the frame or record, or the length of the chunk
  line          the first one of a head
  frame, flags, stream, says    a frame: its type, the names of its flags, its stream, and what it
                says in words, a list
  headers       a list: `name`, `value`, `bytes` (that it took), and `known` (whether it was in the table)
  record        the type of a TLS record
  version       of TLS, in the record that chooses it
  call, method  if it belongs to a call: its number, from 1, and its path
  trailers      those of gRPC-Web, a list as of `headers`
  messages      those that end in this frame or piece: `type`, `length`, `compressed`, and `value`, with bytes
                as hexadecimal digits; `text` instead if there's no proto or it isn't what the proto
                says, and `wrong` if something is
  status, message    how the call ended, if it ends here
  ended         the bytes of the whole call, `there` and `back`
  wrong         what's wrong with it, if something is
  bytes         with --bytes: all of them, as hexadecimal digits; of a TLS record its head only

Exit code: 0 if all is well, 1 if a program has failed, 2 if the command line is wrong, 130 after Ctrl-C
(but 0 with --listen, which nothing else ends).")]
pub struct Args {
    /// A lesson, by number, package or folder (03, teams or 03-teams), or the folder of your own crate
    #[arg(required_unless_present = "listen", conflicts_with = "listen")]
    pub what: Option<String>,
    /// Run the lesson as it is at the end of this step; of your own crate, start as many servers as then
    #[arg(long, value_name = "N", requires = "what")]
    pub step: Option<usize>,
    /// Run this example of the lesson
    #[arg(long, value_name = "NAME", requires = "what", conflicts_with = "step")]
    pub example: Option<String>,
    /// Show each frame: its type, its flags, and the headers with the bytes that each took; in
    /// HTTP/1.1, heads and chunks
    #[arg(long)]
    pub frames: bool,
    /// Show the bytes as well, and each field of a message under its own
    #[arg(long)]
    pub bytes: bool,
    /// Print objects for a program to read
    #[arg(long, value_enum)]
    pub format: Option<Format>,
    /// Listen here for clients of yours
    #[arg(long, value_name = "ADDR", requires = "to")]
    pub listen: Option<SocketAddr>,
    /// Pass on to the server there, HOST:PORT
    #[arg(long, value_name = "ADDR", requires = "listen")]
    pub to: Option<String>,
    /// Read messages as this proto file says; you can name several
    #[arg(long, value_name = "FILE", requires = "listen")]
    pub proto: Vec<PathBuf>,
}

/// A form that programs read.
#[derive(Clone, Copy, PartialEq, clap::ValueEnum)]
pub enum Format {
    /// An object a line
    Json,
}

/// Hands the command line on to the package `wire`, and waits for its end, after Ctrl-C as well.
///
/// # Errors
///
/// If it cannot be started, or what `args` name is neither a lesson nor a folder.
pub async fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let workspace = Workspace::load().await?;
    // Before anything is compiled.
    if let Some(what) = &args.what {
        crate_or_lesson(&workspace, what)?;
    }
    let mut command = cargo();
    // In the current folder, to which paths are relative.
    command.args(["run", "--package", "wire", "--manifest-path"]);
    command.arg(workspace.root.join("Cargo.toml")).arg("--").args(env::args_os().skip(2));
    let mut wire = process::spawn(command)?;
    loop {
        tokio::select! {
            status = wire.child.wait() => {
                let code = status?.code().and_then(|code| u8::try_from(code).ok());
                return Ok(code.map_or(ExitCode::FAILURE, ExitCode::from));
            }
            told = process::interrupted() => {
                told?;
                wire.interrupt()?;
            }
        }
    }
}

/// The folder of a crate of somebody's, if `what` is one and no lesson.
///
/// # Errors
///
/// With [`WrongUse`], if it is neither.
pub fn crate_or_lesson<'a>(
    workspace: &Workspace,
    what: &'a str,
) -> anyhow::Result<Option<&'a Path>> {
    match workspace.the(what) {
        Ok(_) => Ok(None),
        Err(_) if Path::new(what).join("Cargo.toml").is_file() => Ok(Some(Path::new(what))),
        Err(_) if Path::new(what).is_dir() => {
            Err(WrongUse(format!("{what} is no crate: it has no Cargo.toml")).into())
        }
        Err(error) => Err(error),
    }
}
