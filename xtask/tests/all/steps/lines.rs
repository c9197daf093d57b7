//! A state that does not compile, or a region that is wrong: each is told with its line.

use std::fs;

use anyhow::{Context, Result};
use snapbox::{assert_data_eq, str};

use super::{DISPLACEMENT, HELLO, Workspace, details, failed};

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
