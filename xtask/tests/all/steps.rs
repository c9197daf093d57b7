//! What a user sees of `cargo xtask steps`, with copies of the lessons themselves.

use std::fs;
use std::ops::Deref;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use snapbox::{assert_data_eq, str};

use crate::common::{Folder, Run, root};

const HELLO: &str = "lessons/01-helloworld";
const DISPLACEMENT: &str = "lessons/02-unary-displacement";

/// Copies of lessons in a workspace of their own, with what belongs to their steps. It has the
/// build directory of the lessons, where what they depend on is compiled already.
struct Workspace {
    folder: Folder,
}

impl Deref for Workspace {
    type Target = Folder;

    fn deref(&self) -> &Folder {
        &self.folder
    }
}

impl Workspace {
    fn new(lessons: &[&str]) -> Result<Workspace> {
        let workspace = Workspace { folder: Folder::new()? };
        // Cargo wants to see what the tests of lessons depend on, though they are not here.
        for path in ["Cargo.toml", "Cargo.lock", "xtask/testing"].iter().chain(lessons) {
            copy(&root().join(path), &workspace.path(path))?;
        }
        let manifest = workspace.read("Cargo.toml")?;
        let others = ["members = ", "default-members = "];
        let manifest: String = manifest
            .lines()
            .filter(|line| !others.iter().any(|other| line.starts_with(other)))
            .map(|line| format!("{line}\n"))
            .collect();
        let ours = "[workspace]\nmembers = [\"lessons/*\"]\n";
        workspace.write("Cargo.toml", &manifest.replacen("[workspace]\n", ours, 1))?;
        Ok(workspace)
    }

    /// Where `text`, which has to be there once, stands in a file: `FILE:LINE`.
    fn place(&self, path: &str, text: &str) -> Result<String> {
        let all = self.read(path)?;
        let (before, after) = all.split_once(text).with_context(|| format!("no {text}"))?;
        ensure!(!after.contains(text), "{path} has {text:?} more than once");
        Ok(format!("{path}:{}", before.matches('\n').count() + 1))
    }

    /// Writes `text` to the end of a file.
    fn append(&self, path: &str, text: &str) -> Result<()> {
        self.write(path, &(self.read(path)? + text))
    }

    fn steps(&self, lessons: &str) -> Result<Run> {
        self.steps_in(&self.path("target"), lessons)
    }

    fn steps_in(&self, target: &Path, lessons: &str) -> Result<Run> {
        let mut command = self.xtask(&format!("steps {lessons}"));
        command
            .env("CARGO_TARGET_DIR", target)
            .env("CARGO_BUILD_BUILD_DIR", crate::common::target());
        // Each state is built once.
        command.env("CARGO_INCREMENTAL", "0").env("CARGO_PROFILE_DEV_DEBUG", "false");
        let run = Run::of(&mut command)?;
        Ok(Run {
            stdout: run.stdout.replace('\\', "/"),
            stderr: run.stderr.replace('\\', "/"),
            ..run
        })
    }
}

/// Copies a file, or a folder without what is in no state. On Windows, Git may have put CRLF at
/// the ends of lines: the tests look for LF.
fn copy(from: &Path, to: &Path) -> Result<()> {
    if !from.is_dir() {
        fs::create_dir_all(to.parent().context("no folder")?)?;
        let text = fs::read_to_string(from).with_context(|| from.display().to_string())?;
        return Ok(fs::write(to, text.replace("\r\n", "\n"))?);
    }
    for entry in fs::read_dir(from)? {
        let name = entry?.file_name();
        if !["tests", "examples", "python"].iter().any(|other| name == *other) {
            copy(&from.join(&name), &to.join(&name))?;
        }
    }
    Ok(())
}

/// The file `text`, which belongs to the step `whole` as a whole, at the end of `step`, found in
/// another way than by the runner.
fn at(text: &str, whole: usize, step: usize) -> Result<String> {
    let mut left = String::new();
    // Of the regions around a line; an exercise comes after all steps.
    let mut steps = vec![whole];
    for line in text.lines() {
        if line.contains("ANCHOR_END") {
            steps.pop();
        } else if let Some((_, name)) = line.split_once("ANCHOR: ") {
            let number = name.strip_prefix("step").and_then(|rest| rest.split('-').next());
            steps.push(number.map_or(Ok(usize::MAX), str::parse)?);
        } else if steps.iter().all(|since| *since <= step) {
            left += &format!("{line}\n");
        }
    }
    Ok(left)
}

fn is_verdict(line: &str) -> bool {
    line.starts_with("ok ") || line.starts_with("FAIL ")
}

/// The lines with the verdicts, in alphabetical order: Cargo builds the states in any order.
fn verdicts(run: &Run) -> String {
    let mut lines: Vec<_> = run.stdout.lines().filter(|line| is_verdict(line)).collect();
    lines.sort_unstable();
    lines.join("\n")
}

/// What has failed, in alphabetical order.
fn failed(run: &Run) -> Vec<&str> {
    let lines = run.stdout.lines().filter(|line| line.starts_with("FAIL "));
    let mut failed: Vec<_> = lines.filter_map(|line| line.rsplit("  ").next()).collect();
    failed.sort_unstable();
    failed
}

/// What stands below the verdict on `what` has failed.
fn details(run: &Run, what: &str) -> Result<String> {
    let is_it = |line: &&str| line.starts_with("FAIL ") && line.ends_with(&format!("  {what}"));
    let mut lines = run.stdout.lines().skip_while(|line| !is_it(line)).skip(1).peekable();
    ensure!(lines.peek().is_some(), "no FAIL of {what}: {}", run.stdout);
    let below = lines.take_while(|line| !is_verdict(line) && !line.contains(" states built, "));
    Ok(below.collect::<Vec<_>>().join("\n").trim_end().to_owned())
}

/// The packages that Cargo has compiled, by their names.
fn compiled(run: &Run) -> Vec<&str> {
    let lines = run.stderr.lines().filter_map(|line| line.trim().strip_prefix("Compiling "));
    let mut names: Vec<_> = lines.filter_map(|rest| rest.split_whitespace().next()).collect();
    names.sort_unstable();
    names
}

#[test]
#[ignore = "slow: cargo xtask ci runs it"]
fn every_state_is_built_and_run_and_crossed_with_the_next_one() -> Result<()> {
    let workspace = Workspace::new(&[HELLO, DISPLACEMENT])?;
    let run = workspace.steps("")?;
    assert_eq!(run.code, Some(0), "{}{}", run.stdout, run.stderr);
    assert_data_eq!(
        verdicts(&run),
        str![[r#"
ok    01-helloworld           before step 1               builds
ok    01-helloworld           client step 4, server step 5  the old client works
ok    01-helloworld           client step 5, server step 4  UNIMPLEMENTED, in one line
ok    01-helloworld           step 1                      builds
ok    01-helloworld           step 2                      builds
ok    01-helloworld           step 3                      builds
ok    01-helloworld           step 4                      builds, and prints what it should
ok    01-helloworld           step 5                      builds, and prints what it should
ok    02-unary-displacement   before step 1               builds
ok    02-unary-displacement   step 1                      builds
ok    02-unary-displacement   step 2                      builds
ok    02-unary-displacement   step 3                      builds
ok    02-unary-displacement   step 4                      builds, and prints what it should
"#]]
    );
    assert_data_eq!(
        run.summary(),
        str!["11 states built, 3 of them run, 2 pairs of versions crossed; 0 failed in [..] s"]
    );

    for (lesson, steps) in [(HELLO, 5), (DISPLACEMENT, 4)] {
        let folder = workspace.path("target").join(lesson.replace("lessons", "steps"));
        for (path, whole) in [
            ("build.rs", 0),
            ("src/server.rs", 3),
            ("src/client.rs", 4),
            ("src/listen.rs", 0),
            ("src/lib.rs", 0),
            ("src/main.rs", 0),
        ] {
            let text = workspace.read(&format!("{lesson}/{path}"))?;
            for step in 0..=steps {
                let there = fs::read_to_string(folder.join(format!("step{step}")).join(path));
                assert_eq!(
                    there.unwrap_or_default(),
                    at(&text, whole, step)?,
                    "{path} at step {step}"
                );
            }
        }
    }

    let run = workspace.steps("")?;
    assert_eq!((run.code, compiled(&run)), (Some(0), vec![]));
    assert_data_eq!(
        run.summary(),
        str!["11 states built, 3 of them run, 2 pairs of versions crossed; 0 failed in [..] s"]
    );

    // What has changed is built again, and nothing else.
    workspace.replace(
        &format!("{HELLO}/src/server.rs"),
        "format!(\"Hello, {name}!\")",
        "[\"Hello, \", &name, \"!\"].concat()",
    )?;
    let run = workspace.steps("")?;
    let changed = vec!["helloworld-step3", "helloworld-step4", "helloworld-step5"];
    assert_eq!((run.code, compiled(&run)), (Some(0), changed));
    Ok(())
}

#[test]
#[ignore = "slow: cargo xtask ci runs it"]
fn what_needs_a_later_step_is_told_with_its_line_in_the_lesson() -> Result<()> {
    let workspace = Workspace::new(&[HELLO])?;
    let server = format!("{HELLO}/src/server.rs");
    workspace.replace(&server, "format!(\"Hello, {name}!\")", "hello(&name)")?;
    workspace.append(
        &server,
        "// ANCHOR: step5-hello\n\
         \n\
         fn hello(name: &str) -> String {\n    \
             format!(\"Hello, {name}!\")\n\
         }\n\
         // ANCHOR_END: step5-hello\n",
    )?;
    let run = workspace.steps("01")?;
    assert_eq!((run.code, failed(&run)), (Some(1), vec!["step 3", "step 4"]), "{}", run.stdout);
    let place = workspace.place(&server, "hello(&name)")?;
    for step in [3, 4] {
        assert_data_eq!(
            details(&run, &format!("step {step}"))?,
            format!(
                "      {place}: cannot find function `hello` in this scope
error[E0425]: cannot find function `hello` in this scope
  --> step{step}/src/server.rs:[..]
   |
[..] |         Ok(Response::new(HelloReply {{ message: hello(&name) }}))
   |                                                ^^^^^ not found in this scope"
            )
        );
    }
    assert_data_eq!(
        run.summary(),
        str!["4 states built, 1 of them run, 0 pairs of versions crossed; 2 failed in [..] s"]
    );
    Ok(())
}

#[test]
fn a_message_of_a_later_step_is_told_with_its_line_in_the_proto_file() -> Result<()> {
    let workspace = Workspace::new(&[HELLO])?;
    let proto = format!("{HELLO}/proto/helloworld.proto");
    let method = "rpc SayHello (HelloRequest) returns (";
    workspace.replace(&proto, &format!("{method}HelloReply"), &format!("{method}Greeting"))?;
    workspace.append(
        &proto,
        "// ANCHOR: step5-greeting\n\
         message Greeting {}\n\
         // ANCHOR_END: step5-greeting\n",
    )?;
    let run = workspace.steps("01")?;
    assert_eq!(run.code, Some(1));
    let place = workspace.place(&proto, "rpc SayHello (")?;
    for step in [1, 2, 3, 4] {
        assert_data_eq!(
            details(&run, &format!("step {step}"))?,
            format!("      {place}:40: name 'Greeting' is not defined")
        );
    }
    Ok(())
}

#[test]
#[ignore = "slow: cargo xtask ci runs it"]
fn what_a_macro_lacks_is_told_with_the_line_where_it_is_called() -> Result<()> {
    let workspace = Workspace::new(&[HELLO])?;
    let library = format!("{HELLO}/src/lib.rs");
    workspace.replace(&library, "include_proto!(\"helloworld\")", "include_proto!(\"greeter\")")?;
    let run = workspace.steps("01")?;
    assert_eq!(run.code, Some(1));
    let place = workspace.place(&library, "tonic::include_proto!")?;
    assert_data_eq!(details(&run, "step 2")?, format!("      {place}: couldn't read [..]\n..."));
    Ok(())
}

#[test]
#[ignore = "slow: cargo xtask ci runs it"]
fn what_only_a_later_step_uses_is_a_failure() -> Result<()> {
    let workspace = Workspace::new(&[HELLO])?;
    let server = format!("{HELLO}/src/server.rs");
    workspace.replace(&server, "use tonic::{Request,", "use tonic::{Code, Request,")?;
    let reply = "Ok(Response::new(HelloReply { message: format!(\"Hello again, {name}!\") }))";
    workspace.replace(
        &server,
        reply,
        &format!(
            "if name.is_empty() {{\n    \
                 return Err(Status::new(Code::InvalidArgument, \"name is missing\"));\n\
             }}\n\
             {reply}"
        ),
    )?;
    let run = workspace.steps("01")?;
    assert_eq!((run.code, failed(&run)), (Some(1), vec!["step 3", "step 4"]), "{}", run.stdout);
    let place = workspace.place(&server, "use tonic::{Code,")?;
    for step in [3, 4] {
        let first =
            format!("      {place}: unused import: `Code`\nerror: unused import: `Code`\n...");
        assert_data_eq!(details(&run, &format!("step {step}"))?, first);
    }
    Ok(())
}

#[test]
#[ignore = "slow: cargo xtask ci runs it"]
fn what_a_state_prints_is_compared_with_the_transcripts_of_its_step() -> Result<()> {
    let workspace = Workspace::new(&[HELLO])?;
    let transcript = format!("{HELLO}/transcripts/step4/client.txt");
    workspace.replace(&transcript, "Hello, you!", "Hello, me!")?;
    let run = workspace.steps("01")?;
    // Step 4 itself, and its client at the server of step 5.
    let both = ["client step 4, server step 5", "step 4"];
    assert_eq!((run.code, failed(&run)), (Some(1), both.to_vec()), "{}", run.stdout);
    for what in both {
        assert_data_eq!(
            details(&run, what)?,
            str![[r#"
      client: it differs from lessons/01-helloworld/transcripts/step4/client.txt:2
---- expected: expected
++++ actual:   printed
   1    1 | Will try to greet world ...
   2      - Greeter client received: Hello, me!
        2 + Greeter client received: Hello, you!
"#]]
        );
    }
    assert_data_eq!(
        run.summary(),
        str!["6 states built, 2 of them run, 2 pairs of versions crossed; 2 failed in [..] s"]
    );

    fs::remove_dir_all(workspace.path(&format!("{HELLO}/transcripts/step5")))?;
    fs::rename(
        workspace.path(&format!("{HELLO}/transcripts/step4")),
        workspace.path(&format!("{HELLO}/transcripts/step5")),
    )?;
    let run = workspace.steps("01")?;
    assert_eq!(run.code, Some(1));
    assert_eq!(
        details(&run, "step 4")?,
        "      no folder lessons/01-helloworld/transcripts/step4: it has to say what both print at \
         this step"
    );
    Ok(())
}

#[test]
fn what_is_wrong_with_regions_is_told_with_its_line_and_nothing_is_built() -> Result<()> {
    let workspace = Workspace::new(&[HELLO, DISPLACEMENT])?;
    let [manifest, hints, proto, build, client, library, main] = [
        "Cargo.toml",
        "hints.toml",
        "proto/helloworld.proto",
        "build.rs",
        "src/client.rs",
        "src/lib.rs",
        "src/main.rs",
    ]
    .map(|path| format!("{HELLO}/{path}"));
    let title = "\"update the service: SayHelloAgain\",\n";
    workspace.replace(&manifest, title, &format!("{title}    \"rest\",\n"))?;
    workspace.replace(&hints, "step3-module = ", "step3-modules = \"none\"\nstep3-module = ")?;
    workspace.replace(&proto, "ANCHOR: step5-rpc", "ANCHOR: step5-rpcs")?;
    workspace.replace(&build, "// ANCHOR_END: step2-generate", "")?;
    workspace.replace(&client, "ANCHOR: step5-call", "ANCHOR: step9-call")?;
    workspace.replace(&client, "ANCHOR_END: step5-call", "ANCHOR_END: step9-call")?;
    // A name twice in a file, and in two.
    for (path, name) in [(&library, "step4-module"), (&main, "step3-server")] {
        workspace.append(path, &format!("// ANCHOR: {name}\n// ANCHOR_END: {name}\n"))?;
    }
    let other = format!("{DISPLACEMENT}/src/client.rs");
    workspace.replace(&other, "use anyhow::", "use anyhow:: // ANCHOR: step4-use\n")?;

    let run = workspace.steps("")?;
    assert_eq!((run.code, &*run.stdout), (Some(1), ""));
    let begin = |path: &str, name: &str| workspace.place(path, &format!("ANCHOR: {name}"));
    let again = |path: &str, name: &str| {
        workspace.place(path, &format!("ANCHOR: {name}\n// ANCHOR_END: {name}"))
    };
    let problem = |place: String, what: &str| format!("error: {place}: {what}\n");
    let method = begin(&proto, "step5-rpcs-say-hello-again")?;
    let (_, method) = method.rsplit_once(':').context("no line")?;
    let module = begin(&library, "step4-module\npub")?;
    let expected = [
        problem(
            workspace.place(&proto, "ANCHOR_END: step5-rpc")?,
            &format!(
                "`step5-rpc-say-hello-again` ends, but `step5-rpcs-say-hello-again` of line \
                 {method} has to end first"
            ),
        ),
        problem(begin(&build, "step2-generate")?, "region `step2-generate` has no end"),
        problem(
            begin(&client, "step9-call-say-hello-again")?,
            "`step9-call-say-hello-again`: there is no step 9, the lesson has 6",
        ),
        problem(
            again(&library, "step4-module")?,
            &format!("there is a region `step4-module` already, at {module}"),
        ),
        problem(
            again(&main, "step3-server")?,
            &format!("there is a region `step3-server` already, at {HELLO}/src/server.rs:1"),
        ),
        problem(
            workspace.place(&manifest, "\"rest\"")?,
            "step 6, \"rest\", adds nothing: no line is in a region of it",
        ),
        problem(workspace.place(&hints, "step3-modules")?, "there is no region `step3-modules`"),
        problem(
            workspace.place(&hints, "step5-call-say-hello-again")?,
            "there is no region `step5-call-say-hello-again`",
        ),
        problem(
            workspace.place(&hints, "step5-rpc-say-hello-again")?,
            "there is no region `step5-rpc-say-hello-again`",
        ),
        problem(
            workspace.place(&other, "ANCHOR: step4-use")?,
            "a marker stands in a comment on a line of its own",
        ),
    ];
    assert_eq!(run.stderr, expected.concat());
    Ok(())
}

#[test]
#[ignore = "slow: cargo xtask ci runs it"]
fn a_new_server_that_breaks_an_old_client_is_a_failure() -> Result<()> {
    let workspace = Workspace::new(&[HELLO])?;
    let reply = "Ok(Response::new(HelloReply { message: format!(\"Hello, {name}!\") }))\n";
    workspace.replace(
        &format!("{HELLO}/src/server.rs"),
        reply,
        &format!(
            "// ANCHOR: step5-loud\n        \
             let name = name.to_uppercase();\n        \
             // ANCHOR_END: step5-loud\n        \
             {reply}"
        ),
    )?;
    let transcript = format!("{HELLO}/transcripts/step5/client.txt");
    workspace.replace(&transcript, "Hello, you!", "Hello, YOU!")?;
    let run = workspace.steps("01")?;
    let crossed = "client step 4, server step 5";
    assert_eq!((run.code, failed(&run)), (Some(1), vec![crossed]), "{}", run.stdout);
    assert_data_eq!(
        details(&run, crossed)?,
        str![[r#"
      client: it differs from lessons/01-helloworld/transcripts/step4/client.txt:2
---- expected: expected
++++ actual:   printed
   1    1 | Will try to greet world ...
   2      - Greeter client received: Hello, you!
        2 + Greeter client received: Hello, YOU!
"#]]
    );
    Ok(())
}

#[test]
#[ignore = "slow: cargo xtask ci runs it"]
fn a_new_client_has_to_say_that_an_old_server_does_not_know_the_call() -> Result<()> {
    let workspace = Workspace::new(&[HELLO])?;
    let client = format!("{HELLO}/src/client.rs");
    let text = workspace.read(&client)?;
    let call = "stub.say_hello_again(HelloRequest { name: \"you\".into() }).await?";
    let crossed = "client step 5, server step 4";
    // What stands for the call in these, without its `?`.
    let begun = call.trim_end_matches('?');
    for (instead, said) in [
        // It hides it; it says it in two lines; it says something else; it ends as if all were
        // well; it says it in another way.
        (
            "CALL.unwrap_or_else(|_| {
                tonic::Response::new(crate::pb::HelloReply::default())
            })",
            "0 lines",
        ),
        (
            "CALL
                .map_err(|status| anyhow::anyhow!(\"{status}\\nSorry\"))?",
            "2 lines\nerror: [..]\nSorry",
        ),
        ("CALL.ok().context(\"no second greeting\")?", "1 line\nerror: no second greeting"),
        (
            "CALL.unwrap_or_else(|status| {
                eprintln!(\"error: {status}\");
                std::process::exit(0)
            })",
            "1 line\nerror: code: [..]",
        ),
        (
            "CALL.unwrap_or_else(|status| {
                eprintln!(\"warning: {status}\");
                std::process::exit(1)
            })",
            "1 line\nwarning: code: [..]",
        ),
    ] {
        workspace.write(&client, &text)?;
        workspace.replace(&client, call, &instead.replace("CALL", begun))?;
        let run = workspace.steps("01")?;
        assert_eq!((run.code, failed(&run)), (Some(1), vec![crossed]), "{instead}: {}", run.stdout);
        assert_data_eq!(
            details(&run, crossed)?,
            format!(
                "      client: expected exit code 1, and one line that begins with `error: ` and says UNIMPLEMENTED
...
      client, standard error: {said}"
            )
        );
    }
    Ok(())
}

#[test]
#[ignore = "slow: cargo xtask ci runs it"]
fn a_step_that_does_not_change_the_api_need_not_be_refused() -> Result<()> {
    let workspace = Workspace::new(&[DISPLACEMENT])?;
    let title = "\"write the client\",\n";
    let more = format!("{title}    \"say goodbye\",\n");
    workspace.replace(&format!("{DISPLACEMENT}/Cargo.toml"), title, &more)?;
    let end = "    Ok(())\n}\n";
    workspace.replace(
        &format!("{DISPLACEMENT}/src/client.rs"),
        end,
        &format!(
            "    // ANCHOR: step5-goodbye\n    \
             println!(\"goodbye\");\n    \
             // ANCHOR_END: step5-goodbye\n\
             {end}"
        ),
    )?;
    // A comment is no change.
    let proto = format!("{DISPLACEMENT}/proto/displacement.proto");
    let comment = "// ANCHOR: step5-comment\n// The end.\n// ANCHOR_END: step5-comment\n";
    workspace.append(&proto, comment)?;
    for side in ["server.txt", "client.txt"] {
        let text = workspace.read(&format!("{DISPLACEMENT}/transcripts/step4/{side}"))?;
        let more = if side == "client.txt" { "goodbye\n" } else { "" };
        workspace.write(&format!("{DISPLACEMENT}/transcripts/step5/{side}"), &(text + more))?;
    }
    let run = workspace.steps("02")?;
    assert_eq!(run.code, Some(0), "{}{}", run.stdout, run.stderr);
    assert_data_eq!(
        verdicts(&run),
        str![[r#"
ok    02-unary-displacement   before step 1               builds
ok    02-unary-displacement   client step 4, server step 5  the old client works
ok    02-unary-displacement   step 1                      builds
ok    02-unary-displacement   step 2                      builds
ok    02-unary-displacement   step 3                      builds
ok    02-unary-displacement   step 4                      builds, and prints what it should
ok    02-unary-displacement   step 5                      builds, and prints what it should
"#]]
    );
    Ok(())
}

#[test]
#[ignore = "slow: cargo xtask ci runs it"]
fn a_lesson_may_have_crlf_at_the_ends_of_its_lines() -> Result<()> {
    let workspace = Workspace::new(&[DISPLACEMENT])?;
    let mut folders = vec![workspace.path(DISPLACEMENT)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let text = fs::read_to_string(&path)?.replace("\r\n", "\n").replace('\n', "\r\n");
                fs::write(&path, text)?;
            }
        }
    }
    let run = workspace.steps("02")?;
    assert_eq!(run.code, Some(0), "{}{}", run.stdout, run.stderr);
    assert_data_eq!(
        run.summary(),
        str!["5 states built, 1 of them run, 0 pairs of versions crossed; 0 failed in [..] s"]
    );
    Ok(())
}

#[test]
#[ignore = "slow: cargo xtask ci runs it"]
fn a_file_that_the_lesson_has_no_more_is_in_no_state_any_more() -> Result<()> {
    let workspace = Workspace::new(&[DISPLACEMENT])?;
    let extra = format!("{DISPLACEMENT}/src/more/extra.rs");
    workspace.write(&extra, "// ANCHOR: step2-extra\n//! More.\n// ANCHOR_END: step2-extra\n")?;
    let folder = workspace.path("target/steps/02-unary-displacement");
    let has = |step: usize| folder.join(format!("step{step}/src/more/extra.rs")).exists();
    assert_eq!(workspace.steps("02")?.code, Some(0));
    assert_eq!([has(1), has(2), has(4)], [false, true, true]);
    fs::remove_file(workspace.path(&extra))?;
    assert_eq!(workspace.steps("02")?.code, Some(0));
    assert_eq!([has(1), has(2), has(4)], [false; 3]);
    Ok(())
}

#[test]
fn a_lesson_that_there_is_not_is_a_wrong_command_line() -> Result<()> {
    let workspace = Workspace::new(&[HELLO, DISPLACEMENT])?;
    let run = workspace.steps("01 07")?;
    assert_eq!((run.code, &*run.stdout), (Some(2), ""));
    assert_eq!(
        run.stderr,
        "error: no lesson `07`: there are 01-helloworld, 02-unary-displacement\n"
    );
    Ok(())
}

#[test]
#[ignore = "slow: cargo xtask ci runs it"]
fn what_a_step_used_to_generate_is_forgotten() -> Result<()> {
    let workspace = Workspace::new(&[HELLO])?;
    assert_eq!(workspace.steps("01")?.code, Some(0));
    // Now step 2 includes what is generated from step 3 on only.
    for path in ["build.rs", "hints.toml"].map(|path| format!("{HELLO}/{path}")) {
        let text = workspace.read(&path)?;
        workspace.write(&path, &text.replace("step2-generate", "step3-generate"))?;
    }
    let run = workspace.steps("01")?;
    assert_eq!((run.code, failed(&run)), (Some(1), vec!["step 2"]), "{}", run.stdout);
    let place = workspace.place(&format!("{HELLO}/src/lib.rs"), "tonic::include_proto!")?;
    assert_data_eq!(details(&run, "step 2")?, format!("      {place}: couldn't read [..]\n..."));
    Ok(())
}

#[test]
#[ignore = "slow: cargo xtask ci runs it"]
fn a_state_without_a_program_or_with_a_broken_one_is_a_failure() -> Result<()> {
    let workspace = Workspace::new(&[DISPLACEMENT])?;
    let main = format!("{DISPLACEMENT}/src/main.rs");
    let text = workspace.read(&main)?;
    let region = format!("// ANCHOR: step1-main\n{text}// ANCHOR_END: step1-main\n");
    workspace.write(&main, &region)?;
    let run = workspace.steps("02")?;
    assert_eq!((run.code, failed(&run)), (Some(1), vec!["before step 1"]), "{}", run.stdout);
    workspace.write(&main, &text)?;

    let extra = "// ANCHOR: step4-extra\nfn main() { lost }\n// ANCHOR_END: step4-extra\n";
    let path = format!("{DISPLACEMENT}/src/bin/extra.rs");
    workspace.write(&path, extra)?;
    let run = workspace.steps("02")?;
    assert_eq!((run.code, failed(&run)), (Some(1), vec!["step 4"]), "{}", run.stdout);
    let place = workspace.place(&path, "lost")?;
    let first = format!("      {place}: cannot find value `lost` in this scope\n...");
    assert_data_eq!(details(&run, "step 4")?, first);
    Ok(())
}

#[cfg(unix)]
#[test]
#[ignore = "slow: cargo xtask ci runs it"]
fn the_target_directory_may_be_a_symbolic_link_with_a_space_in_it() -> Result<()> {
    let workspace = Workspace::new(&[DISPLACEMENT])?;
    let link = workspace.path("my target");
    fs::create_dir(workspace.path("target"))?;
    std::os::unix::fs::symlink(workspace.path("target"), &link)?;
    let run = workspace.steps_in(&link, "02")?;
    assert_eq!(run.code, Some(0), "{}{}", run.stdout, run.stderr);
    assert_data_eq!(
        run.summary(),
        str!["5 states built, 1 of them run, 0 pairs of versions crossed; 0 failed in [..] s"]
    );
    Ok(())
}
