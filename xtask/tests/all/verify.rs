//! What a user sees of `cargo xtask verify` and `cargo xtask list`, in workspaces of made-up
//! lessons.

use std::io::{BufRead, BufReader, ErrorKind, Read};
use std::net::{TcpListener, TcpStream};
use std::ops::Deref;
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use snapbox::{assert_data_eq, str};

use crate::common::{Folder, LIMIT, Run};

mod bless;
mod reports;

/// What the server of a made-up lesson prints.
const SERVER: &str = "\
Server started, listening on 127.0.0.1:[..]
Greeted a client
";

/// What its client prints.
const CLIENT: &str = "\
Will greet the server
Reply 1: Hello
Reply 2: Hello
Reply 3: Hello
Done
";

/// A workspace of made-up lessons, in a folder that is removed with it.
pub struct Workspace {
    folder: Folder,
    /// Every made-up program connects to it when it starts, and stays connected until it ends.
    programs: TcpListener,
}

/// A made-up program that has started.
pub struct Program {
    pub name: String,
    connection: BufReader<TcpStream>,
}

impl Deref for Workspace {
    type Target = Folder;

    fn deref(&self) -> &Folder {
        &self.folder
    }
}

impl Workspace {
    pub fn new(lessons: &[&str]) -> Result<Workspace> {
        let programs = TcpListener::bind("127.0.0.1:0")?;
        programs.set_nonblocking(true)?;
        let workspace = Workspace { folder: Folder::new()?, programs };
        // Debug information only costs time here.
        workspace.write(
            "Cargo.toml",
            "[workspace]\n\
             resolver = \"3\"\n\
             members = [\"lessons/*\"]\n\
             [profile.dev]\n\
             debug = false\n",
        )?;
        for lesson in lessons {
            let (_, package) = lesson.split_once('-').context("no number")?;
            let lesson = format!("lessons/{lesson}");
            workspace.write(
                &format!("{lesson}/Cargo.toml"),
                &format!(
                    "[package]\n\
                     name = \"{package}\"\n\
                     edition = \"2024\"\n\
                     [package.metadata.lesson]\n\
                     title = \"Made up\"\n\
                     steps = [\"define\", \"generate\", \"implement\", \"call\"]\n"
                ),
            )?;
            workspace.program(&format!("{lesson}/src/main.rs"))?;
            workspace.transcripts(&format!("{lesson}/transcripts/step4"))?;
        }
        Ok(workspace)
    }

    /// Puts the made-up program into the file `path`.
    pub fn program(&self, path: &str) -> Result<()> {
        self.write(path, include_str!("made_up/program.rs"))
    }

    /// Puts the transcripts that it matches into the folder `path`.
    pub fn transcripts(&self, path: &str) -> Result<()> {
        self.write(&format!("{path}/server.txt"), SERVER)?;
        self.write(&format!("{path}/client.txt"), CLIENT)
    }

    /// `cargo xtask` with `args`, which have no spaces.
    pub fn xtask(&self, args: &str) -> Result<Command> {
        let mut command = self.folder.xtask(args);
        command.env("CARGO_TARGET_DIR", self.path("target"));
        command.env("TEST", self.programs.local_addr()?.to_string());
        Ok(command)
    }

    pub fn run(&self, args: &str) -> Result<Run> {
        Run::of(&mut self.xtask(args)?)
    }

    /// Waits until `number` more programs have started.
    pub fn started(&self, number: usize) -> Result<Vec<Program>> {
        let deadline = Instant::now() + LIMIT;
        let mut programs = Vec::new();
        while programs.len() < number {
            match self.programs.accept() {
                Ok((connection, _)) => programs.push(Program::new(connection)?),
                Err(error) if error.kind() != ErrorKind::WouldBlock => return Err(error.into()),
                Err(_) if Instant::now() > deadline => {
                    let names: Vec<_> = programs.iter().map(|program| &program.name).collect();
                    bail!("{number} programs should have started, but only {names:?} did");
                }
                Err(_) => sleep(Duration::from_millis(10)),
            }
        }
        Ok(programs)
    }
}

impl Program {
    fn new(connection: TcpStream) -> Result<Program> {
        // Some systems hand this on from the listener.
        connection.set_nonblocking(false)?;
        connection.set_read_timeout(Some(LIMIT))?;
        let mut connection = BufReader::new(connection);
        let mut name = String::new();
        connection.read_line(&mut name)?;
        Ok(Program { name: name.trim_end().to_owned(), connection })
    }

    /// Waits until the program has ended: then the system closes its connection.
    pub fn ended(mut self) -> Result<()> {
        match self.connection.read_to_end(&mut Vec::new()) {
            Err(error) if error.kind() != ErrorKind::ConnectionReset => {
                Err(error).context(format!("{} still runs", self.name))
            }
            _ => Ok(()),
        }
    }
}

#[test]
fn lessons_are_selected_by_number_folder_or_package() -> Result<()> {
    let workspace = Workspace::new(&["01-broken", "03-teams"])?;
    workspace.write("lessons/01-broken/src/main.rs", "fn main() { made_up }")?;

    // What is not selected need not even compile.
    for name in ["03", "03-teams", "teams", "03 teams"] {
        let run = workspace.run(&format!("verify {name}"))?;
        assert_eq!(run.code, Some(0), "{name}: {}", run.stderr);
        assert_data_eq!(
            run.about("03-teams server + client")?,
            str![[r#"
ok    03-teams                server + client [..] s

"#]]
        );
        assert_data_eq!(run.summary(), str!["1 passed, 0 failed in [..] s"]);
    }

    let run = workspace.run("verify 03 04")?;
    assert_eq!((run.code, &*run.stdout), (Some(2), ""));
    assert_data_eq!(
        run.stderr,
        str![[r#"
error: no lesson `04`: there are 01-broken, 03-teams

"#]]
    );

    let run = workspace.run("verify --blss")?;
    assert_eq!((run.code, &*run.stdout), (Some(2), ""));
    assert!(run.stderr.contains("unexpected argument '--blss'"), "{}", run.stderr);

    let run = workspace.run("verify")?;
    assert_eq!((run.code, &*run.stdout), (Some(1), ""));
    assert!(run.stderr.contains("cannot find value `made_up`"), "{}", run.stderr);
    assert!(run.stderr.contains("error: the lessons do not build: "), "{}", run.stderr);
    Ok(())
}

#[test]
fn examples_are_listed_and_verified_as_pairs_of_their_own() -> Result<()> {
    let workspace = Workspace::new(&["01-hello"])?;
    for example in ["more_client", "own_client", "other_pair"] {
        workspace.program(&format!("lessons/01-hello/examples/{example}.rs"))?;
    }
    workspace.transcripts("lessons/01-hello/transcripts/own_client")?;
    workspace.transcripts("lessons/01-hello/transcripts/other_pair")?;
    workspace.write("lessons/01-hello/transcripts/step4/client.txt", "Something else\n")?;

    let run = workspace.run("list")?;
    assert_eq!((run.code, &*run.stderr), (Some(0), ""));
    assert_data_eq!(
        run.stdout,
        str![[r#"
01-hello (package hello): Made up
    step 1: define
    step 2: generate
    step 3: implement
    step 4: call
    pair: server + client
    pair: server + more_client
    pair: other_pair
    pair: server + own_client

"#]]
    );

    let run = workspace.run("verify")?;
    assert_data_eq!(run.summary(), str!["0 passed, 1 failed in [..] s"]);

    let run = workspace.run("verify --examples")?;
    assert_eq!(run.code, Some(1));
    assert_data_eq!(run.summary(), str!["2 passed, 2 failed in [..] s"]);
    assert_data_eq!(
        run.about("01-hello server + own_client")?,
        str![[r#"
ok    01-hello                server + own_client [..] s

"#]]
    );
    assert_data_eq!(
        run.about("01-hello other_pair")?,
        str![[r#"
ok    01-hello                other_pair [..] s

"#]]
    );
    for client in ["client", "more_client"] {
        let about = run.about(&format!("01-hello server + {client}"))?;
        let failure = "client: it differs from lessons/01-hello/transcripts/step4/client.txt:1";
        assert!(about.replace('\\', "/").contains(failure), "{about}");
    }
    Ok(())
}

#[test]
fn there_is_colour_only_where_it_is_wanted() -> Result<()> {
    let workspace = Workspace::new(&["01-changed"])?;
    workspace.write("lessons/01-changed/transcripts/step4/client.txt", "Something else\n")?;

    let in_a_pipe = workspace.run("verify")?;
    assert!(in_a_pipe.stdout.starts_with("FAIL  01-changed "), "{}", in_a_pipe.stdout);
    assert!(!in_a_pipe.stdout.contains('\x1b'), "{}", in_a_pipe.stdout);
    assert!(!in_a_pipe.stderr.contains('\x1b'), "{}", in_a_pipe.stderr);

    let mut command = workspace.xtask("verify")?;
    let forced = Run::of(command.env("CLICOLOR_FORCE", "1"))?;
    assert!(forced.stdout.starts_with("\x1b["), "{:?}", forced.stdout);
    assert!(forced.summary().starts_with("\x1b["), "{:?}", forced.stdout);

    let mut command = workspace.xtask("verify")?;
    let refused = Run::of(command.env("CLICOLOR_FORCE", "1").env("NO_COLOR", "1"))?;
    assert!(refused.stdout.starts_with("FAIL  01-changed "), "{}", refused.stdout);
    assert!(!refused.stdout.contains('\x1b'), "{}", refused.stdout);
    Ok(())
}

/// Only Unix has these signals; elsewhere a test cannot press Ctrl-C.
#[cfg(unix)]
mod stopped {
    use std::process::Stdio;

    use super::{Program, Result, Workspace};
    use crate::common::kill;

    /// Starts `verify`, sends it `signal` as soon as `number` programs run, and waits for its
    /// end. Returns the exit code and the programs.
    fn verify(
        workspace: &Workspace,
        number: usize,
        signal: &str,
    ) -> Result<(Option<i32>, Vec<Program>)> {
        let mut command = workspace.xtask("verify")?;
        let mut runner = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
        let programs = workspace.started(number)?;
        kill(signal, &runner)?;
        Ok((runner.wait()?.code(), programs))
    }

    #[test]
    fn no_program_outlives_the_runner() -> Result<()> {
        let workspace = Workspace::new(&["01-client-hangs"])?;
        for (signal, code) in [("HUP", 129), ("INT", 130), ("TERM", 143)] {
            // The server, a program that it has started, and the client.
            let (exit_code, programs) = verify(&workspace, 3, signal)?;
            assert_eq!(exit_code, Some(code), "{signal}");
            programs.into_iter().try_for_each(Program::ended)?;
        }
        Ok(())
    }

    /// No other system ends the children of a process that cannot do it any more.
    #[cfg(target_os = "linux")]
    #[test]
    fn no_program_outlives_a_runner_that_was_killed() -> Result<()> {
        let workspace = Workspace::new(&["01-client-hangs"])?;
        let (exit_code, programs) = verify(&workspace, 3, "KILL")?;
        assert_eq!(exit_code, None);
        // What the server has started is out of reach.
        let mut children = programs.into_iter().filter(|program| !program.name.ends_with("helper"));
        children.try_for_each(Program::ended)
    }

    #[test]
    fn no_build_outlives_the_runner() -> Result<()> {
        let workspace = Workspace::new(&["01-hello"])?;
        // A build script that waits for the end of the test.
        workspace.program("lessons/01-hello/build.rs")?;
        let (exit_code, programs) = verify(&workspace, 1, "INT")?;
        assert_eq!(exit_code, Some(130));
        programs.into_iter().try_for_each(Program::ended)
    }
}
