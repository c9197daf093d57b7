//! What `cargo xtask check` says of a crate, finished or not.

use std::fs;

use anyhow::{Context, Result, ensure};
use snapbox::assert_data_eq;

use super::{Desk, marks};
use crate::common::{Run, root};

#[test]
#[ignore = "slow: cargo xtask ci runs it"]
fn check_runs_the_tests_of_the_learner() -> Result<()> {
    let desk = Desk::with_all_of("unary-displacement")?;
    let test = "my-unary-displacement/tests/servicer.rs";
    let ours = root().join("lessons/02-unary-displacement/tests/servicer.rs");
    // What a test prints need not be text.
    let prints = "#[test]\nfn prints() {\n    \
                  std::io::Write::write_all(&mut std::io::stdout(), &[0xff, 10]).unwrap();\n}\n";
    desk.write(test, &(fs::read_to_string(ours)? + prints))?;
    let printed = desk.succeed("check")?;
    ensure!(printed.contains("\nok    your tests\nAll of it works"), "{printed}");

    desk.replace(test, "\"end is missing\"", "\"no end\"")?;
    let run = desk.run("check")?;
    let fails = "names_the_point_that_is_missing";
    let next = "\nNext: put your tests right, or what they test, and check again.\n";
    let is_said = run.stdout.contains("\nFAIL  your tests\n") && run.stdout.contains(fails);
    ensure!(is_said && run.stdout.ends_with(next), "{}{}", run.stdout, run.stderr);
    assert_eq!(run.code, Some(1));

    // A teacher reads the same verdict.
    let run = desk.run("check --all .")?;
    let expected = "FAIL  my-unary-displacement  02-unary-displacement  1 2 3 4  their own tests: \
                    panicked at tests/servicer.rs:";
    ensure!(run.code == Some(1) && run.stdout.starts_with(expected), "{}", run.stdout);
    Ok(())
}

#[test]
#[ignore = "slow: cargo xtask ci runs it"]
fn check_says_what_is_wrong_with_a_proto_file() -> Result<()> {
    let desk = Desk::new()?;
    desk.succeed("start 01")?;
    let proto = "syntax = \"proto3\";\n\
                 package helloworld;\n\
                 service Greeter { rpc SayHello (HelloRequest) returns (HelloReply); }\n\
                 message HelloRequest { string name = 1; }\n\
                 message HelloReply { string message = 1; }\n";
    for (old, new, expected) in [
        ("syntax", "synax", "proto/helloworld.proto:1:1: [..]"),
        (
            "package helloworld;\n",
            "",
            "your proto file has no service helloworld.Greeter, but a service Greeter",
        ),
        (
            "SayHello ",
            "sayHello ",
            "your proto file has no method helloworld.Greeter.SayHello, but a method \
             helloworld.Greeter.sayHello",
        ),
        (
            "returns (",
            "returns (stream ",
            "in your proto file the method helloworld.Greeter.SayHello takes \
             helloworld.HelloRequest and returns a stream of helloworld.HelloReply, expected: takes \
             helloworld.HelloRequest and returns helloworld.HelloReply",
        ),
        (
            "name = 1",
            "name = 2",
            "in your proto file the field helloworld.HelloRequest.name has the type \
             string and the number 2, expected: has the type string and the number 1",
        ),
        (
            "string message",
            "bytes message",
            "in your proto file the field helloworld.HelloReply.message has the type \
             bytes and the number 1, expected: has the type string and the number 1",
        ),
        ("string message = 1;", "", "your proto file has no field helloworld.HelloReply.message"),
    ] {
        desk.write("my-helloworld/proto/helloworld.proto", &proto.replace(old, new))?;
        let run = desk.run("check")?;
        assert_eq!(run.code, Some(1), "{}", run.stdout);
        assert_data_eq!(
            run.stdout,
            format!(
                "01-helloworld (package helloworld): Hello, world\n\
                 FAIL  step 1: define the service\n      {expected}\n\
                 --    step 2: generate the code\n\
                 --    step 3: implement the servicer\n\
                 --    step 4: write the client\n\
                 --    step 5: update the service: SayHelloAgain\n\
                 Next: put step 1 right, and check again.\n"
            )
        );
    }
    // What is there besides does no harm.
    let more = "message More {}\n";
    desk.write("my-helloworld/proto/helloworld.proto", &format!("{proto}{more}"))?;
    // An exercise may declare the same names again.
    desk.write("my-helloworld/proto/exercise.proto", proto)?;
    assert_eq!(marks(&desk.succeed("check")?)[..2], ["ok step 1", "-- step 2"]);
    Ok(())
}

#[test]
#[ignore = "slow: cargo xtask ci runs it"]
fn check_says_nothing_of_what_comes_after_a_step_that_is_wrong() -> Result<()> {
    let desk = Desk::with_all_of("streaming")?;
    desk.replace("my-streaming/src/server.rs", "Hello, {names}!", "Hello {names}")?;
    let run = desk.run("check")?;
    assert_eq!(run.code, Some(1), "{}", run.stdout);
    let expected = "\n--    step 6: bidirectional streaming: SayHello_v3\n\
                    --    step 7: a second service: RequestStreaming\n";
    ensure!(run.stdout.contains(expected), "{}", run.stdout);

    let server = "my-streaming/src/server.rs";
    desk.replace(server, "Hello {names}", "Hello, {names}!")?;

    // A client that comes no further than a method which an older server does not know.
    let client = "my-streaming/src/client.rs";
    let prints = "\n    println!(\"[CLIENT]";
    let fails = format!("\n    anyhow::ensure!(false, \"no idea\");{prints}");
    let run = desk.check_with(client, prints, &fails)?;
    let expected = "\nFAIL  step 5: client streaming: SayHello_v2\n      your client (with our server) \
                    ended with exit status: 1: error: no idea\n";
    ensure!(run.stdout.contains(expected), "{}{}", run.stdout, run.stderr);

    // A service that is written, and not added.
    let add = ".add_service(RequestStreamingServer::new(RequestStreamingServicer))";
    desk.replace(server, add, "")?;
    let unanswered = "your server answers UNIMPLEMENTED to my_package.RequestStreaming.stream_state: \
                      is its service added, with `.add_service`?\n";
    let stdout = desk.succeed("check")?;
    let expected = format!("\n--    step 7: a second service: RequestStreaming; {unanswered}");
    ensure!(stdout.contains(&expected), "{stdout}");
    let hint = desk.succeed("hint --solution")?;
    let region = format!(
        "add the service of a `RequestStreamingServicer` to the same server\n`check` says: {unanswered}"
    );
    ensure!(hint.contains(&region) && hint.contains(&format!("\n+        {add}\n")), "{hint}");
    Ok(())
}

#[test]
#[ignore = "slow: cargo xtask ci runs it"]
fn check_does_not_mind_what_is_not_written_yet() -> Result<()> {
    let desk = Desk::with_all_of("helloworld")?;
    let server = "my-helloworld/src/server.rs";
    let client = "my-helloworld/src/client.rs";
    let (old_server, old_client) = (desk.read(server)?, desk.read(client)?);

    // A client that stops after the first call.
    let second = old_client.rfind("\n    let reply =").context("no second call")?;
    desk.write(client, &format!("{}\n    Ok(())\n}}\n", &old_client[..second]))?;
    let stdout = desk.succeed("check")?;
    let expected = "--    step 5: update the service: SayHelloAgain; your server has it, your \
                    client does not call it yet\nNext: step 5, ";
    ensure!(stdout.contains(expected), "{stdout}");
    desk.write(client, &old_client)?;

    // A server that does not know the second method.
    desk.replace(
        server,
        "Ok(Response::new(HelloReply { message: format!(\"Hello again, {name}!\") }))",
        "Err(Status::unimplemented(name))",
    )?;
    let stdout = desk.succeed("check")?;
    let expected = "; your server answers UNIMPLEMENTED to helloworld.Greeter.SayHelloAgain: \
                    \"you\"\nNext: step 5, ";
    ensure!(stdout.contains(expected), "{stdout}");
    desk.write(server, &old_server)?;

    // No client at all, in words of the learner's own.
    desk.replace(
        "my-helloworld/src/main.rs",
        "[\"client\", addr] => client::run(addr).await,",
        "",
    )?;
    desk.replace("my-helloworld/src/main.rs", "use helloworld::client;\n", "")?;
    desk.replace(
        "my-helloworld/src/main.rs",
        "_ => bail!(\"",
        "_ => bail!(\"I do not understand {args:?}: ",
    )?;
    let stdout = desk.succeed("check")?;
    let expected = ["ok step 1", "ok step 2", "ok step 3", "-- step 4", "-- step 5"];
    assert_eq!(marks(&stdout), expected);
    ensure!(stdout.contains("\nNext: step 4, write the client. "), "{stdout}");
    Ok(())
}

#[test]
fn what_does_not_compile_is_not_run() -> Result<()> {
    let desk = Desk::new()?;
    desk.succeed("start 01 --step 4")?;
    desk.replace("my-helloworld/src/server.rs", "Hello, {name}!", "Hello, {nam}!")?;
    let run = desk.run("check")?;
    assert_eq!(run.code, Some(1));
    assert_eq!(run.stdout, "It does not compile: Cargo says above what is wrong, and where.\n");
    ensure!(run.stderr.contains("cannot find value `nam` in this scope"), "{}", run.stderr);
    ensure!(run.stderr.contains("--> src/server.rs:"), "{}", run.stderr);
    Ok(())
}

#[test]
#[ignore = "slow: cargo xtask ci runs it"]
fn a_proto_file_may_have_another_name() -> Result<()> {
    let desk = Desk::with_all_of("helloworld")?;
    let proto = |name: &str| desk.path(&format!("my-helloworld/proto/{name}.proto"));
    fs::rename(proto("helloworld"), proto("hello"))?;
    desk.replace("my-helloworld/src/server.rs", "Hello again", "Hi again")?;
    let whole_folder = "std::fs::read_dir(\"proto\")?.filter_map(|it| Some(it.ok()?.path()))\
                        .filter(|it| it.display().to_string().ends_with(\".proto\"))";
    for protos in [whole_folder, "[[\"proto/hello\", \"proto\"].join(\".\")]"] {
        let build = format!(
            "fn main() -> Result<(), Box<dyn std::error::Error>> {{\n    \
             let protos = protox::compile({protos}, [\"proto\"])?;\n    \
             tonic_prost_build::compile_fds(protos)?;\n    Ok(())\n}}\n"
        );
        desk.write("my-helloworld/build.rs", &build)?;
        let run = desk.run("check")?;
        let expected =
            "\nFAIL  step 5: update the service: SayHelloAgain\n      your server answered ";
        let is_it = run.code == Some(1) && run.stdout.contains(expected);
        ensure!(is_it, "{}{}", run.stdout, run.stderr);
    }

    // All of it works: the next lesson goes beside this one, wherever in it somebody is.
    desk.replace("my-helloworld/src/server.rs", "Hi again", "Hello again")?;
    let mut inside = desk.alias("check");
    let run = Run::of(inside.current_dir(desk.path("my-helloworld/src")))?;
    let expected = "`cargo xtask start unary-displacement ../../my-unary-displacement`\n";
    ensure!(run.stdout.ends_with(expected), "{}{}", run.stdout, run.stderr);
    Ok(())
}

#[test]
#[ignore = "slow: cargo xtask ci runs it"]
fn the_crate_is_found_or_said_to_be_missing() -> Result<()> {
    let desk = Desk::new()?;
    let error = |args| -> Result<String> {
        let run = desk.run(args)?;
        assert_eq!((run.code, &*run.stdout), (Some(1), ""), "{args}: {}", run.stderr);
        Ok(run.stderr)
    };
    let none = "error: no crate from `cargo xtask start` is here: give its folder\n";
    assert_eq!(error("check")?, none);
    assert_eq!(error("hint")?, none);
    ensure!(error("check nowhere")?.starts_with("error: cannot read nowhere/Cargo.toml: "));

    desk.succeed("start 01 one")?;
    for command in ["check", "check one", "hint one"] {
        desk.succeed(command)?;
    }
    let mut inside = desk.alias("check");
    assert_eq!(Run::of(inside.current_dir(desk.path("one/src")))?.code, Some(0));

    desk.succeed("start 01 two")?;
    assert_eq!(
        error("check")?,
        "error: there are 2 crates from `cargo xtask start` here: give a folder, say one\n"
    );

    let manifest = desk.read("two/Cargo.toml")?;
    desk.write(
        "two/Cargo.toml",
        &manifest.replace("[package.metadata.start]", "[package.metadata.no]"),
    )?;
    assert_eq!(error("check two")?, "error: two is not from `cargo xtask start`: give --lesson\n");
    let mut inside = desk.alias("check");
    let run = Run::of(inside.current_dir(desk.path("two")))?;
    let own = "error: the crate here is not from `cargo xtask start`: give --lesson\n";
    assert_eq!((run.code, &*run.stderr), (Some(1), own));
    let stdout = desk.succeed("check two --lesson helloworld")?;
    ensure!(stdout.contains("\nNext: step 1, define the service. "), "{stdout}");
    let run = desk.run("check two --lesson hello")?;
    assert_eq!(run.code, Some(2));
    assert!(run.stderr.starts_with("error: no lesson `hello`: "), "{}", run.stderr);

    fs::remove_dir_all(desk.path("one/src"))?;
    fs::remove_file(desk.path("one/Cargo.toml"))?;
    assert_eq!(error("check one --lesson 01")?, "error: one is no crate: it has no Cargo.toml\n");
    let here = "error: this folder is no crate: it has no Cargo.toml\n";
    assert_eq!(error("check . --lesson 01")?, here);
    Ok(())
}

#[cfg(unix)]
#[test]
#[ignore = "slow: cargo xtask ci runs it"]
fn watching_goes_on_until_ctrl_c() -> Result<()> {
    use std::io::{BufRead, BufReader};
    use std::process::Stdio;

    let desk = Desk::new()?;
    desk.succeed("start 01 --step 4")?;
    let mut command = desk.alias("check --watch");
    let mut watcher = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
    let mut lines = BufReader::new(watcher.stdout.take().context("no output")?).lines();
    let mut until_it_waits = || -> Result<Vec<String>> {
        let mut seen = Vec::new();
        for line in lines.by_ref() {
            let line = line?;
            if line.starts_with("Waiting for a change in my-helloworld") {
                return Ok(marks(&seen.join("\n")));
            }
            seen.push(line);
        }
        anyhow::bail!("it has ended: {seen:?}");
    };

    assert_eq!(until_it_waits()?[2..4], ["ok step 3", "-- step 4"]);
    desk.replace("my-helloworld/src/server.rs", "Hello, {name}!", "Hi, {name}!")?;
    assert_eq!(until_it_waits()?[2..4], ["FAIL step 3", "-- step 4"]);
    desk.replace("my-helloworld/src/server.rs", "format!", "formt!")?;
    assert!(until_it_waits()?.is_empty());
    // In a folder that is new, as well.
    desk.replace(
        "my-helloworld/src/server.rs",
        "formt!(\"Hi, {name}!\")",
        "crate::a::b::hello(&name)",
    )?;
    desk.replace(
        "my-helloworld/src/lib.rs",
        "pub mod server;",
        "pub mod server;\nmod a { pub mod b; }",
    )?;
    desk.write(
        "my-helloworld/src/a/b.rs",
        "pub fn hello(name: &str) -> String { format!(\"Hello, {name}!\") }",
    )?;
    while until_it_waits()?.get(2).is_none_or(|mark| mark != "ok step 3") {}

    crate::common::kill("INT", &watcher)?;
    assert_eq!(watcher.wait()?.code(), Some(0));
    Ok(())
}
