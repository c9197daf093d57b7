//! What a user sees of `cargo xtask verify` with programs that are not ours: `--server`,
//! `--client`, `--python` and `--format`.

use std::env::consts::EXE_SUFFIX;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tempfile::TempDir;

use crate::common::{Run, root, target};

/// `verify` with `args`, in the folder `here`.
fn verify(here: &Path, args: &[&str]) -> Result<Run> {
    let mut command = crate::common::xtask(here, "verify");
    command.args(args);
    command.env("CARGO_MANIFEST_DIR", env!("CARGO_MANIFEST_DIR"));
    command.env("CARGO_TARGET_DIR", target());
    Run::of(&mut command)
}

/// A folder with a copy of our hello world, `hello world`, for commands that are somebody's.
fn desk() -> Result<TempDir> {
    let run = verify(root(), &["01"])?;
    ensure!(run.code == Some(0), "{}{}", run.stdout, run.stderr);
    let desk = tempfile::tempdir()?;
    let hello = target().join("debug").join(format!("helloworld{EXE_SUFFIX}"));
    fs::copy(hello, desk.path().join("hello world"))?;
    Ok(desk)
}

#[test]
fn a_command_takes_the_place_of_one_side_or_both() -> Result<()> {
    let desk = desk()?;
    // On Windows a backslash separates folders.
    let escaped = if cfg!(windows) {
        "'./hello world' client {host}:{port}"
    } else {
        "./hello\\ world client {host}:{port}"
    };
    for (args, pair) in [
        (vec!["--server", "'./hello world' server"], "your server + our client"),
        (vec!["--server", "\"./hello world\" server {addr}"], "your server + our client"),
        (vec!["--client", escaped], "our server + your client"),
        (
            vec!["--server", "'./hello world' server", "--client", "'./hello world' client"],
            "your server + your client",
        ),
    ] {
        let run = verify(desk.path(), &[&["01"], &args[..]].concat())?;
        ensure!(run.code == Some(0), "{args:?}: {}{}", run.stdout, run.stderr);
        ensure!(run.about(pair)?.lines().count() == 1, "{}", run.stdout);
        ensure!(run.summary().starts_with("1 passed, 0 failed in "), "{}", run.stdout);
    }
    Ok(())
}

#[test]
fn a_command_is_judged_by_the_step_it_is_at() -> Result<()> {
    let desk = desk()?;
    let client = ["01", "--client", "'./hello world' client", "--step", "4"];
    let run = verify(desk.path(), &client)?;
    ensure!(run.code == Some(1), "{}{}", run.stdout, run.stderr);
    ensure!(run.stdout.contains("not implemented"), "{}", run.stdout);

    // The server knows more than that, which does no harm.
    let server = ["01", "--server", "'./hello world' server", "--step", "4"];
    let run = verify(desk.path(), &server)?;
    ensure!(run.code == Some(0), "{}{}", run.stdout, run.stderr);
    Ok(())
}

#[test]
fn what_makes_no_sense_is_refused_in_one_line() -> Result<()> {
    let desk = desk()?;
    for (args, error) in [
        (vec!["01", "--server", "no-such-program"], "cannot start no-such-program: "),
        (vec!["01", "--client", "./no/such"], "cannot start ./no/such: "),
        (vec!["01", "--server", "'hello"], "`'hello` is no command: missing closing quote"),
        (vec!["01", "--server", " "], "` ` names no program"),
        (vec!["01", "--server", "'' x"], "`'' x` names no program"),
        (vec!["--server", "x"], "--server and --client stand for one lesson's: name one"),
        (vec!["01", "02", "--client", "x"], "--server and --client stand for one lesson's: "),
        (
            vec!["01", "--server", "x", "--step", "3"],
            "01-helloworld can be run from step 4 on; its last step is 5",
        ),
        (
            vec!["01", "--server", "x", "--step", "6"],
            "01-helloworld can be run from step 4 on; its last step is 5",
        ),
        (vec!["01", "--step", "4"], "--step goes with --server or --client; "),
    ] {
        let run = verify(desk.path(), &args)?;
        let errors: Vec<_> =
            run.stderr.lines().filter(|line| line.starts_with("error: ")).collect();
        ensure!((run.code, &*run.stdout) == (Some(2), ""), "{args:?}: {}", run.stderr);
        ensure!(
            errors.len() == 1 && errors[0].starts_with(&format!("error: {error}")),
            "{errors:?}"
        );
    }
    for args in ["01 --server x --bless", "01 --python --client x", "01 --ignore-server-output"] {
        let run = Run::of(&mut crate::common::xtask(root(), &format!("verify {args}")))?;
        ensure!(run.code == Some(2) && run.stdout.is_empty(), "{args}: {}", run.stderr);
    }
    Ok(())
}

#[test]
fn programs_can_read_the_results() -> Result<()> {
    let desk = desk()?;
    let args = ["01", "--client", "'./hello world' client", "--step", "4", "--format"];
    let json = verify(desk.path(), &[&args[..], &["json"]].concat())?;
    assert_eq!(json.code, Some(1));
    ensure!(json.stderr.contains("0 passed, 1 failed in "), "{}", json.stderr);
    let results: Value = serde_json::from_str(&json.stdout)?;
    let [result] = results.as_array().context("no list")?.as_slice() else {
        anyhow::bail!("{results}");
    };
    assert_eq!(result["lesson"], "01-helloworld");
    assert_eq!(result["server"], "helloworld-step4 server");
    assert_eq!(result["client"], "'./hello world' client");
    assert_eq!(result["verdict"], "failed");
    ensure!(result["seconds"].as_f64().is_some_and(|seconds| seconds > 0.0));
    let difference = result["difference"].as_str().context("no difference")?;
    ensure!(difference.contains("not implemented") && !difference.contains('\x1b'), "{difference}");

    let junit = verify(desk.path(), &[&args[..], &["junit"]].concat())?;
    assert_eq!(junit.code, Some(1));
    let suites = junit_parser::from_reader(junit.stdout.as_bytes())?;
    assert_eq!((suites.tests, suites.failures, suites.errors), (1, 1, 0));
    let suite = &suites.suites[0];
    assert_eq!((suite.name.as_str(), suite.tests, suite.failures), ("01-helloworld", 1, 1));
    let case = &suite.cases[0];
    assert_eq!(case.original_name, "helloworld-step4 server + './hello world' client");
    assert_eq!(case.classname.as_deref(), Some("01-helloworld"));
    ensure!(case.time > 0.0);
    let junit_parser::TestStatus::Failure(failure) = &case.status else {
        anyhow::bail!("{case:?}");
    };
    // With the line that names the cause.
    let cause = "client: it ended with exit status: 1: error: ";
    ensure!(failure.message.starts_with(cause), "{}", failure.message);
    ensure!(failure.message.contains("not implemented"), "{}", failure.message);
    ensure!(failure.text.contains("not implemented"), "{}", failure.text);

    // Whatever has passed, in the order of the lessons.
    let run = verify(root(), &["02", "01", "--examples", "--format", "json"])?;
    assert_eq!(run.code, Some(0));
    let results: Vec<Value> = serde_json::from_str(&run.stdout)?;
    let lessons: Vec<_> = results.iter().filter_map(|result| result["lesson"].as_str()).collect();
    let [one, two] = ["01-helloworld", "02-unary-displacement"];
    assert_eq!(lessons, [one, one, two, two]);
    ensure!(results.iter().all(|result| result["verdict"] == "passed"), "{}", run.stdout);
    ensure!(results.iter().all(|result| result["difference"].is_null()), "{}", run.stdout);

    let run = verify(root(), &["02", "01", "--examples", "--format", "junit"])?;
    let suites = junit_parser::from_reader(run.stdout.as_bytes())?;
    assert_eq!((suites.suites.len(), suites.tests, suites.failures), (2, 4, 0));
    Ok(())
}

#[test]
fn without_python_the_twins_say_what_to_install() -> Result<()> {
    let desk = tempfile::tempdir()?;
    let mut command = crate::common::xtask(desk.path(), "verify --python");
    command.env("CARGO_TARGET_DIR", desk.path().join("target"));
    command.env("PATH", desk.path());
    // A workspace of its own: there, nothing is prepared yet.
    for (path, text) in [
        ("Cargo.toml", "[workspace]\nresolver = \"3\"\nmembers = [\"lessons/*\"]\n"),
        (
            "lessons/01-made-up/Cargo.toml",
            "[package]\nname = \"made-up\"\nedition = \"2024\"\n[package.metadata.lesson]\n\
             title = \"Made up\"\nsteps = [\"1\", \"2\", \"3\", \"4\"]\n",
        ),
        ("lessons/01-made-up/src/main.rs", "fn main() {}\n"),
        ("lessons/requirements.txt", ""),
    ] {
        let path = desk.path().join(path);
        fs::create_dir_all(path.parent().context("no folder")?)?;
        fs::write(path, text)?;
    }
    // Only Python is missing: rustc and the linker are where they are.
    let old = std::env::var_os("PATH").unwrap_or_default();
    let tools = desk.path().join("tools");
    fs::create_dir(&tools)?;
    let folders = std::env::split_paths(&old).chain(["/usr/bin".into()]);
    for tool in folders.flat_map(|folder| fs::read_dir(folder).into_iter().flatten().flatten()) {
        let link = tools.join(tool.file_name());
        let is_python = tool.file_name().to_string_lossy().starts_with("python");
        if !is_python && !link.exists() {
            #[cfg(unix)]
            std::os::unix::fs::symlink(tool.path(), link)?;
        }
    }
    command.env("PATH", &tools);
    if cfg!(not(unix)) {
        testing::skipped("there are no links to make a PATH without Python");
        return Ok(());
    }
    let run = Run::of(&mut command)?;
    assert_eq!((run.code, &*run.stdout), (Some(1), ""), "{}", run.stderr);
    let last = run.stderr.lines().last().unwrap_or_default();
    ensure!(last.starts_with("error: no python3 on the PATH: install "), "{}", run.stderr);
    Ok(())
}

mod twins {
    use super::*;

    /// Python as the twins have it, and the stubs of hello world. None where there is no Python:
    /// `cargo xtask ci` does not pass there.
    fn prepared() -> Result<Option<(PathBuf, PathBuf)>> {
        let run = verify(root(), &["01", "--python"])?;
        if run.stderr.contains("error: no python3 on the PATH") {
            testing::skipped("there is no Python");
            return Ok(None);
        }
        ensure!(run.code == Some(0), "{}{}", run.stdout, run.stderr);
        let folder = target().join("python");
        let interpreter = if cfg!(windows) { "venv/Scripts/python.exe" } else { "venv/bin/python" };
        Ok(Some((folder.join(interpreter), folder.join("stubs/01-helloworld"))))
    }

    #[test]
    #[ignore = "slow: cargo xtask ci runs it"]
    fn each_is_run_with_the_others() -> Result<()> {
        if prepared()?.is_none() {
            return Ok(());
        }
        let run = verify(root(), &["01", "--python"])?;
        for pair in [
            "server + client",
            "python server + client",
            "server + python client",
            "both in python",
        ] {
            ensure!(
                run.about(&format!("01-helloworld {pair}"))?.starts_with("ok "),
                "{}",
                run.stdout
            );
        }
        // The second time, nothing is installed or generated.
        ensure!(!run.stderr.contains("..."), "{}", run.stderr);
        Ok(())
    }

    #[test]
    #[ignore = "slow: cargo xtask ci runs it"]
    fn a_wrong_answer_is_found() -> Result<()> {
        let Some((python, stubs)) = prepared()? else { return Ok(()) };
        let desk = tempfile::tempdir()?;
        let twin = fs::read_to_string(root().join("lessons/01-helloworld/python/server.py"))?;
        ensure!(twin.contains("Hello again, "));
        let wrong = format!("import sys\nsys.path.insert(0, {stubs:?})\n{twin}");
        fs::write(desk.path().join("server.py"), wrong.replace("Hello again, ", "Hi again, "))?;

        let command = format!("{} server.py", python.display());
        let run = verify(desk.path(), &["01", "--server", &command])?;
        assert_eq!(run.code, Some(1), "{}{}", run.stdout, run.stderr);
        let name = "client: it differs from lessons/01-helloworld/transcripts/step5/client.txt:3";
        ensure!(run.stdout.contains(name), "{}", run.stdout);
        ensure!(run.stdout.contains("Greeter client received: Hi again, you!"), "{}", run.stdout);
        Ok(())
    }

    /// Servers of other people's habits, in Python: that is on every machine that gets here.
    #[test]
    #[ignore = "slow: cargo xtask ci runs it"]
    fn a_server_is_ready_when_it_says_so_or_accepts() -> Result<()> {
        let Some((python, stubs)) = prepared()? else { return Ok(()) };
        let desk = tempfile::tempdir()?;
        let program = |said: &str| {
            format!(
                "import sys\nsys.path.insert(0, {stubs:?})\n\
                 from concurrent.futures import ThreadPoolExecutor\n\
                 import grpc, helloworld_pb2, helloworld_pb2_grpc\n\
                 class Greeter(helloworld_pb2_grpc.GreeterServicer):\n\
                 \x20   def SayHello(self, request, context):\n\
                 \x20       return helloworld_pb2.HelloReply(message=f'Hello, {{request.name}}!')\n\
                 server = grpc.server(ThreadPoolExecutor())\n\
                 helloworld_pb2_grpc.add_GreeterServicer_to_server(Greeter(), server)\n\
                 addr = sys.argv[1]\n\
                 {said}\n\
                 server.add_insecure_port(addr)\n\
                 server.start()\n\
                 server.wait_for_termination()\n"
            )
        };
        let here = |name: &str| format!("{} {name}", python.display());
        let verify = |name: &str, more: &[&str]| {
            verify(desk.path(), &[&["01", "--step", "4", "--server", &here(name)], more].concat())
        };

        // Its output is in a pipe, and so it comes when the program ends. It ends with a traceback.
        fs::write(
            desk.path().join("late.py"),
            program("print('Server started, listening on', addr)"),
        )?;
        let run = verify("late.py", &[])?;
        ensure!(run.code == Some(0), "{}{}", run.stdout, run.stderr);

        // The client of the last step calls what it has not: that comes first, and then the traceback.
        let run = super::verify(desk.path(), &["01", "--server", &here("late.py")])?;
        let about = run.about("01-helloworld your server + our client")?;
        let line = about.lines().nth(1).unwrap_or_default();
        ensure!(line.starts_with("      client: it ended with exit status: 1: error: "), "{about}");
        let (error, trace) =
            (about.find("standard error: 1 line"), about.find("KeyboardInterrupt"));
        ensure!(error.is_some() && trace.is_some() && error < trace, "{about}");

        fs::write(desk.path().join("silent.py"), program("print('Hm', file=sys.stderr)"))?;
        let run = verify("silent.py", &[])?;
        ensure!(run.code == Some(1), "{}{}", run.stdout, run.stderr);
        ensure!(run.stdout.contains("transcripts/step4/server.txt:1"), "{}", run.stdout);
        let run = verify("silent.py", &["--ignore-server-output"])?;
        ensure!(run.code == Some(0), "{}{}", run.stdout, run.stderr);

        // Its line comes when the first call is over.
        let late = program("late = ['Server started, listening on ' + addr]").replace(
            "        return",
            "        context.add_callback(lambda: print(*late, flush=True, end='\\n' * len(late)) or late.clear())\n        return",
        );
        fs::write(desk.path().join("after.py"), late)?;
        let run = verify("after.py", &[])?;
        ensure!(run.code == Some(0), "{}{}", run.stdout, run.stderr);

        let dies = program("import os");
        let dies = dies.replace("        return", "        os._exit(3)\n        return");
        fs::write(desk.path().join("dies.py"), dies)?;
        let run = verify("dies.py", &[])?;
        ensure!(run.code == Some(1), "{}{}", run.stdout, run.stderr);
        let died = "server: it ended with exit status: 3 before it was stopped";
        ensure!(run.stdout.contains(died), "{}", run.stdout);

        fs::write(desk.path().join("dead.py"), program("sys.exit('no luck today')"))?;
        let run = verify("dead.py", &[])?;
        ensure!(run.code == Some(1), "{}{}", run.stdout, run.stderr);
        ensure!(run.stdout.contains("server: it ended with exit status: 1, before it was ready"));
        ensure!(run.stdout.contains("no luck today"), "{}", run.stdout);
        Ok(())
    }

    #[test]
    #[ignore = "slow: cargo xtask ci runs it"]
    fn a_client_has_to_end_with_exit_code_0() -> Result<()> {
        let Some((python, _)) = prepared()? else { return Ok(()) };
        let text =
            fs::read_to_string(root().join("lessons/01-helloworld/transcripts/step5/client.txt"))?;
        let desk = tempfile::tempdir()?;
        for (code, expected) in [(0, 0), (3, 1)] {
            fs::write(
                desk.path().join("client.py"),
                format!("import sys\nprint({text:?}, end='')\nsys.exit({code})\n"),
            )?;
            let command = format!("{} client.py {{port}}", python.display());
            let run = verify(desk.path(), &["01", "--client", &command])?;
            ensure!(run.code == Some(expected), "{}{}", run.stdout, run.stderr);
        }

        // What it has started holds on to its output, and does not count.
        let child = "import subprocess\nsubprocess.Popen([sys.executable, '-c', 'input()'], stdin=subprocess.PIPE)";
        let program = format!(
            "import sys\n{child}\nprint({text:?}, end='', flush=True)\nimport os\nos._exit(0)\n"
        );
        fs::write(desk.path().join("client.py"), program)?;
        let command = format!("{} client.py", python.display());
        let run = verify(desk.path(), &["01", "--client", &command])?;
        ensure!(run.code == Some(0), "{}{}", run.stdout, run.stderr);
        Ok(())
    }

    #[test]
    #[ignore = "slow: cargo xtask ci runs it"]
    fn nothing_that_is_printed_or_typed_breaks_the_results() -> Result<()> {
        let Some((python, _)) = prepared()? else { return Ok(()) };
        let desk = tempfile::tempdir()?;
        let program = "print('\\x1b[2J\\x00\\u202e\\xa0\\ufffe\\uffff]]> <&\"')\n";
        fs::write(
            desk.path().join("client.py"),
            format!("import sys\nsys.stdout.reconfigure(encoding='utf-8')\n{program}"),
        )?;
        let command = format!("{} client.py \u{fffe}<&", python.display());
        let run = |format| verify(desk.path(), &["01", "--client", &command, "--format", format]);

        let human = run("json")?.stderr;
        ensure!(
            human.contains("\\u{1b}[2J\\u{0}\\u{202e}\\u{a0}") && !human.contains('\x1b'),
            "{human}"
        );
        let json: Value = serde_json::from_str(&run("json")?.stdout)?;
        ensure!(json[0]["client"] == *command, "{json}");
        let junit = run("junit")?.stdout;
        let suites = junit_parser::from_reader(junit.as_bytes())?;
        assert_eq!(suites.failures, 1);
        ensure!(!junit.contains(['\u{fffe}', '\u{ffff}', '\x1b', '\0']), "{junit}");
        Ok(())
    }
}
