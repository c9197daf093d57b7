//! What the metadata of a lesson asks of the runner, in workspaces of made-up lessons: several servers,
//! steps that break with old clients, certificates, and a build of its own.

use std::env::consts::EXE_SUFFIX;

use anyhow::{Context, Result, ensure};
use snapbox::{assert_data_eq, str};

use crate::common::Run;
use crate::verify::{Program, Workspace};

#[test]
fn both_sides_find_certificates_in_one_folder() -> Result<()> {
    let workspace = Workspace::new(&["01-secure"])?;
    let main = "lessons/01-secure/src/main.rs";
    for said in ["Will greet the server", "Greeted a client"] {
        let folder =
            format!("println!(\"{said}\"); println!(\"{{:?}}\", env::var_os(\"CERTIFICATES\"));");
        workspace.replace(main, &format!("println!(\"{said}\");"), &folder)?;
    }
    let folder = format!("Some({:?})", workspace.path("target").join("certificates"));
    let transcripts = "lessons/01-secure/transcripts/step4";
    for (side, said) in [("server", "Greeted a client\n"), ("client", "Will greet the server\n")] {
        let path = format!("{transcripts}/{side}.txt");
        workspace.replace(&path, said, &format!("{said}{folder}\n"))?;
    }
    let run = workspace.run("verify")?;
    assert_eq!(run.code, Some(0), "{}{}", run.stdout, run.stderr);

    let program = workspace.path("target/debug").join(format!("secure{EXE_SUFFIX}"));
    let program = program.to_str().context("a path that is no text")?;
    for role in ["server", "client"] {
        let command = format!("'{program}' {role}");
        let mut verify = workspace.xtask("verify 01")?;
        let run =
            Run::of(verify.arg(format!("--{role}")).arg(command).env("CERTIFICATES", "none"))?;
        assert_eq!(run.code, Some(0), "{role}: {}{}", run.stdout, run.stderr);
    }
    Ok(())
}

#[test]
fn a_lesson_that_is_no_default_member_is_built_apart() -> Result<()> {
    let workspace = Workspace::new(&["01-one", "02-two", "03-apart"])?;
    let ours = "members = [\"lessons/*\"]\n";
    let two = "default-members = [\"lessons/0[!3]-*\"]\n";
    workspace.replace("Cargo.toml", ours, &(ours.to_owned() + two))?;
    // It asks for a feature with which the others do not compile.
    let shared = "[package]\nname = \"shared\"\nedition = \"2024\"\n[features]\nloud = []\n";
    workspace.write("shared/Cargo.toml", shared)?;
    workspace
        .write("shared/src/lib.rs", "#[cfg(not(feature = \"loud\"))]\npub const QUIET: () = ();")?;
    for (lesson, features) in [("01-one", ""), ("03-apart", ", features = [\"loud\"]")] {
        let manifest = format!("lessons/{lesson}/Cargo.toml");
        let shared = format!("[dependencies]\nshared = {{ path = \"../../shared\"{features} }}\n");
        workspace.write(&manifest, &(workspace.read(&manifest)? + &shared))?;
    }
    let main = "lessons/01-one/src/main.rs";
    workspace.write(main, &(workspace.read(main)? + "const _: () = shared::QUIET;\n"))?;
    workspace.replace("Cargo.toml", "members = [", "exclude = [\"shared\"]\nmembers = [")?;

    for folder in [".", "lessons/02-two"] {
        let run = Run::of(workspace.xtask("verify")?.current_dir(workspace.path(folder)))?;
        assert_eq!(run.code, Some(0), "{}{}", run.stdout, run.stderr);
        assert_data_eq!(run.summary(), str!["3 passed, 0 failed in [..] s"]);
        assert_eq!(run.stderr.matches("Finished ").count(), 2, "{folder}: {}", run.stderr);
    }
    Ok(())
}

#[test]
fn what_cargo_sets_for_the_runner_is_not_set_for_what_it_builds() -> Result<()> {
    let workspace = Workspace::new(&["01-hello"])?;
    // ring has such a build script.
    let build = "fn main() { println!(\"cargo:rerun-if-env-changed=CARGO_PKG_NAME\"); }";
    workspace.write("lessons/01-hello/build.rs", build)?;
    for (name, compiles) in [("xtask", true), ("wire", false)] {
        let run = Run::of(workspace.xtask("verify")?.env("CARGO_PKG_NAME", name))?;
        assert_eq!(run.code, Some(0), "{}{}", run.stdout, run.stderr);
        assert_eq!(run.stderr.contains("Compiling"), compiles, "{name}: {}", run.stderr);
    }
    Ok(())
}

/// Lets the made-up `lesson` call three servers, from its first step with a client on.
fn calls_three(workspace: &Workspace, lesson: &str) -> Result<()> {
    let path = format!("lessons/{lesson}/Cargo.toml");
    workspace.write(&path, &(workspace.read(&path)? + &three_since(4)))
}

fn three_since(step: usize) -> String {
    format!("[package.metadata.lesson.several]\nstep = {step}\nservers = 3\n")
}

#[test]
#[ignore = "slow: cargo xtask ci runs it"]
fn a_client_of_several_servers_gets_all_their_addresses() -> Result<()> {
    let workspace = Workspace::new(&["01-several", "02-one-left-out", "03-one-exits"])?;
    for lesson in ["01-several", "02-one-left-out", "03-one-exits"] {
        calls_three(&workspace, lesson)?;
    }
    for example in ["more_client", "other_pair"] {
        workspace.program(&format!("lessons/01-several/examples/{example}.rs"))?;
    }
    workspace.transcripts("lessons/01-several/transcripts/other_pair")?;

    let run = workspace.run("verify --examples")?;
    assert_eq!(run.code, Some(1));
    assert_data_eq!(run.summary(), str!["3 passed, 2 failed in [..] s"]);
    // Three servers each, but one where the example has its own; and a client each.
    let programs = workspace.started(4 * 4 + 2)?;
    let servers = programs.iter().filter(|program| program.name == "several server").count();
    assert_eq!(servers, 6);
    programs.into_iter().try_for_each(Program::ended)?;
    assert_data_eq!(
        run.about("02-one-left-out server + client")?,
        str![[r#"
FAIL  02-one-left-out         server + client [..] s
      server 2 of 3: it differs from lessons/02-one-left-out/transcripts/step4/server.txt:2
---- expected: expected
++++ actual:   printed
   1    1 | Server started, listening on 127.0.0.1:[..]
   2      - Greeted a client

"#]]
    );
    // Its port is closed a moment before the system says that it has ended: Ctrl-C may come in between.
    assert_data_eq!(
        run.about("03-one-exits server + client")?,
        str![[r#"
FAIL  03-one-exits            server + client [..] s
      server 3 of 3: it ended with exit [..]: 7 [..]
...
"#]]
    );
    Ok(())
}

/// Gives the made-up `lesson` a fifth step, with `more` in its metadata.
fn has_a_fifth_step(workspace: &Workspace, lesson: &str, more: &str) -> Result<()> {
    let manifest = format!("lessons/{lesson}/Cargo.toml");
    workspace.replace(&manifest, "\"call\"]", "\"call\", \"change\"]")?;
    workspace.write(&manifest, &(workspace.read(&manifest)? + more))?;
    workspace.transcripts(&format!("lessons/{lesson}/transcripts/step5"))?;
    let (mut regions, mut hints) = (String::new(), String::new());
    for name in (1..=5).map(|step| format!("step{step}-part")) {
        regions += &format!("// ANCHOR: {name}\n// {name}\n// ANCHOR_END: {name}\n");
        hints += &format!("{name} = \"Write it.\"\n");
    }
    let main = format!("lessons/{lesson}/src/main.rs");
    workspace.write(&main, &(workspace.read(&main)? + &regions))?;
    workspace.write(&format!("lessons/{lesson}/hints.toml"), &hints)
}

#[test]
fn before_its_step_a_client_gets_one_address() -> Result<()> {
    let workspace = Workspace::new(&["01-several"])?;
    has_a_fifth_step(&workspace, "01-several", &three_since(5))?;
    let run = workspace.run("steps")?;
    assert_eq!(run.code, Some(0), "{}{}", run.stdout, run.stderr);
    let mut servers = Vec::new();
    // Steps 4 and 5, and the client of step 4 with the server of step 5.
    for program in workspace.started(2 + 4 + 2)? {
        if program.name.ends_with(" server") {
            servers.push(program.name.clone());
        }
        program.ended()?;
    }
    servers.sort();
    let four = "several_step4 server";
    let five = "several_step5 server";
    assert_eq!(servers, [four, five, five, five, five]);

    let run = workspace.run("verify 01 --step 4 --client no-such-program")?;
    assert_eq!(run.code, Some(2), "{}", run.stdout);
    workspace.started(1)?.into_iter().try_for_each(Program::ended)
}

/// Writes a crate of a learner's with all of the made-up `lesson`, and returns its folder.
fn learner(workspace: &Workspace, package: &str, lesson: &str) -> Result<String> {
    let own = format!("my-{package}");
    let manifest = format!(
        "[package]\nname = \"{package}\"\nedition = \"2024\"\n[package.metadata.start]\n\
         lesson = \"{lesson}\"\n[workspace]\n"
    );
    workspace.write(&format!("{own}/Cargo.toml"), &manifest)?;
    workspace.program(&format!("{own}/src/main.rs"))?;
    Ok(own)
}

#[test]
#[ignore = "slow: cargo xtask ci runs it"]
fn check_knows_how_many_servers_a_client_calls() -> Result<()> {
    let workspace = Workspace::new(&["01-several"])?;
    has_a_fifth_step(&workspace, "01-several", &three_since(5))?;
    assert_eq!(workspace.run("verify")?.code, Some(0));
    workspace.started(4)?;
    for (package, five) in [
        ("several", "ok    step 5: change"),
        ("one-only", "--    step 5: change; your server has it, your client does not call it yet"),
    ] {
        let own = learner(&workspace, package, "01-several")?;
        let run = workspace.run(&format!("check {own}"))?;
        ensure!(run.stdout.contains("ok    step 4: call\n"), "{}{}", run.stdout, run.stderr);
        ensure!(run.stdout.contains(five), "{}{}", run.stdout, run.stderr);
    }
    Ok(())
}

/// Lets the servers of the made-up `lesson` want to hear something else from its fifth step on.
fn breaks(workspace: &Workspace, lesson: &str) -> Result<()> {
    let main = format!("lessons/{lesson}/src/main.rs");
    let words =
        "&[\n    b'?',\n    // ANCHOR: step5-word\n    b'!',\n    // ANCHOR_END: step5-word\n];\n";
    workspace.replace(&main, "b\"?\";\n", words)?;
    let hints = format!("lessons/{lesson}/hints.toml");
    workspace.write(&hints, &(workspace.read(&hints)? + "step5-word = \"Say it.\"\n"))
}

#[test]
fn an_old_client_has_to_fail_where_the_lesson_says_so() -> Result<()> {
    const CROSSED: &str = "client step 4, server step 5";
    let workspace = Workspace::new(&["01-breaks"])?;
    has_a_fifth_step(&workspace, "01-breaks", "")?;
    let manifest = "lessons/01-breaks/Cargo.toml";
    let steps = |expected: &str| -> Result<()> {
        let run = workspace.run("steps")?;
        let is_ok = expected.starts_with("ok ");
        assert_eq!(run.code, Some(i32::from(!is_ok)), "{}{}", run.stdout, run.stderr);
        let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(words(&run.stdout).contains(&words(expected)), "{expected}: {}", run.stdout);
        Ok(())
    };
    steps(&format!("ok 01-breaks {CROSSED} the old client works"))?;

    // It should fail, and works.
    workspace.replace(manifest, "steps = ", "breaks = [5]\nsteps = ")?;
    let expected = "client: expected exit code 1, and one line that begins with `error: `";
    steps(&format!("FAIL 01-breaks {CROSSED} {expected} server, standard output: 2 lines"))?;

    breaks(&workspace, "01-breaks")?;
    steps(&format!("ok 01-breaks {CROSSED} it fails, in one line"))?;

    // It should work, and fails.
    workspace.replace(manifest, "breaks = [5]\n", "")?;
    steps(&format!("FAIL 01-breaks {CROSSED} client: it ended with "))?;

    workspace.replace(manifest, "steps = ", "breaks = [4]\nsteps = ")?;
    let run = workspace.run("steps")?;
    assert!(run.stderr.contains("`breaks` are steps after the first that"), "{}", run.stderr);
    Ok(())
}

#[test]
#[ignore = "slow: cargo xtask ci runs it"]
fn check_knows_a_step_at_which_old_clients_fail() -> Result<()> {
    let workspace = Workspace::new(&["01-breaks"])?;
    has_a_fifth_step(&workspace, "01-breaks", "")?;
    workspace.replace("lessons/01-breaks/Cargo.toml", "steps = ", "breaks = [5]\nsteps = ")?;
    breaks(&workspace, "01-breaks")?;
    learner(&workspace, "breaks", "01-breaks")?;
    let main = "my-breaks/src/main.rs";
    let program = workspace.read(main)?;
    let words = |server: &str, client: &str| {
        let program = program.replace("WORDS.ends_with(&word)", &format!("word == *b\"{server}\""));
        let client = format!("b\"{client}\"");
        workspace.write(main, &program.replace("&WORDS[WORDS.len() - 1..]", &client))
    };
    for (server, client, four, five) in [
        ("?", "?", "ok    step 4: call", "--    step 5: change"),
        (
            "!",
            "?",
            "ok    step 4: call",
            "--    step 5: change; your server has it, your client does not call it yet",
        ),
        ("?", "!", "ok    step 4: call", "FAIL  step 5: change"),
        ("!", "!", "ok    step 4: call", "ok    step 5: change"),
    ] {
        words(server, client)?;
        let run = workspace.run("check my-breaks")?;
        for line in [four, five] {
            let mut lines = run.stdout.lines();
            ensure!(lines.any(|it| it == line), "{server}{client}: {}{}", run.stdout, run.stderr);
        }
    }
    Ok(())
}

#[test]
fn a_command_may_be_several_servers_or_their_client() -> Result<()> {
    let workspace = Workspace::new(&["01-several"])?;
    calls_three(&workspace, "01-several")?;
    assert_eq!(workspace.run("verify")?.code, Some(0));
    workspace.started(4)?;
    let program = workspace.path("target/debug").join(format!("several{EXE_SUFFIX}"));
    let program = program.to_str().context("a path that is no text")?;
    for args in [
        vec!["--server", "PROGRAM server {host}:{port}"],
        vec!["--client", "PROGRAM client"],
        vec!["--client", "PROGRAM client {addr}"],
        vec!["--server", "PROGRAM server", "--client", "PROGRAM client {addr}"],
    ] {
        let args: Vec<_> = args.iter().map(|arg| arg.replace("PROGRAM", program)).collect();
        let run = Run::of(workspace.xtask("verify 01")?.args(&args))?;
        assert_eq!(run.code, Some(0), "{args:?}: {}{}", run.stdout, run.stderr);
        workspace.started(4)?.into_iter().try_for_each(Program::ended)?;
    }
    Ok(())
}
