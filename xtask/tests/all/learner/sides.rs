//! What `cargo xtask check` says of a server or a client that does not do what it should.

use std::fs;

use anyhow::{Context, Result, ensure};
use snapbox::assert_data_eq;

use super::{Desk, marks};

#[test]
#[ignore = "slow: cargo xtask ci runs it"]
fn check_says_what_is_wrong_with_a_server_or_a_client() -> Result<()> {
    let desk = Desk::with_all_of("helloworld")?;
    let all = ["ok step 1", "ok step 2", "ok step 3", "ok step 4", "ok step 5"];
    assert_eq!(marks(&desk.succeed("check")?), all);

    let server = "src/server.rs";
    let client = "src/client.rs";
    let listen = "src/listen.rs";
    let said = "println!(\"Greeter client received: {}\", reply.message);";
    let call = "let reply = stub.say_hello(";
    // Which file, what in it, becomes what; which steps fail, and what there is to say.
    for (file, old, new, failed, expected) in [
        (
            server,
            "Hello, {name}!",
            "Hello {name}",
            "3",
            "      your server answered `Hello you`, expected `Hello, you!`\n      \
             (lessons/01-helloworld/transcripts/step4/client.txt:2)\n",
        ),
        (
            server,
            "Hello again, {name}!",
            "Hello, {name}, again!",
            "5",
            "      your server answered `Hello, you, again!`, expected `Hello again, you!`\n      \
             (lessons/01-helloworld/transcripts/step5/client.txt:3)\n",
        ),
        (
            server,
            "let name = request.into_inner().name;",
            "let name = request.into_inner().name;\n\
             if !name.is_empty() { return Err(Status::internal(\"not today\")); }",
            "3",
            "      your server answered code: 'Internal error', message: \"not today\"; our client \
             should have printed `Greeter client received: Hello, you!`\n",
        ),
        (
            listen,
            "Server started, listening on",
            "Up and running on",
            "3",
            "      your server printed `Up and running on 127.0.0.1:[..]`, expected `Server \
             started, listening on 127.0.0.1:[..]`\n      \
             (lessons/01-helloworld/transcripts/step4/server.txt:1)\n",
        ),
        (
            listen,
            "listening on {addr}",
            "listening",
            "3",
            "      your server printed `Server started, listening` first, expected `Server started, \
             listening on HOST:PORT`\n",
        ),
        (
            listen,
            "let addr = listener.local_addr()?;",
            "if true { anyhow::bail!(\"no idea\"); }\nlet addr = listener.local_addr()?;",
            "3",
            "      your server ended with exit status: 1, before it was ready: error: no idea\n",
        ),
        (
            client,
            "Will try to greet world ...",
            "Will greet world",
            "4",
            "      your client printed `Will greet world`, expected `Will try to greet world \
             ...`\n      (lessons/01-helloworld/transcripts/step4/client.txt:1)\n",
        ),
        (
            client,
            "name: \"you\"",
            "name: \"me\"",
            "4",
            "      your client printed `Greeter client received: Hello, me!`, expected `Greeter \
             client received: Hello, you!`\n",
        ),
        (
            client,
            said,
            "return Ok(());",
            "4",
            "      your client printed nothing more, expected `Greeter client received: Hello, \
             you!`\n",
        ),
        (
            client,
            "    Ok(())\n",
            "    println!(\"Bye\");\n    Ok(())\n",
            "5",
            "      your client printed `Bye`, expected nothing more\n      \
             (lessons/01-helloworld/transcripts/step5/client.txt:4)\n",
        ),
        (
            client,
            call,
            "if true { anyhow::bail!(\"no idea\"); }\nlet reply = stub.say_hello(",
            "4",
            "      your client (with our server) ended with exit status: 1: error: no idea\n",
        ),
    ] {
        let run = desk.check_with(&format!("my-helloworld/{file}"), old, new)?;
        let marks = marks(&run.stdout);
        ensure!(run.code == Some(1), "{new}: {}{}", run.stdout, run.stderr);
        ensure!(marks.contains(&format!("FAIL step {failed}")), "{new}: {}", run.stdout);
        let fails = marks.iter().filter(|mark| mark.starts_with("FAIL"));
        ensure!(fails.count() == 1, "{new}: {}", run.stdout);
        ensure!(run.stdout.contains(expected), "{new}: {}", run.stdout);
        let next = format!("\nNext: put step {failed} right, and check again.\n");
        ensure!(run.stdout.ends_with(&next), "{new}: {}", run.stdout);
    }
    Ok(())
}

#[test]
#[ignore = "slow: cargo xtask ci runs it"]
fn check_finds_what_a_client_sends_in_what_our_server_prints() -> Result<()> {
    let desk = Desk::with_all_of("streaming")?;
    desk.replace("my-streaming/src/client.rs", "Requires watering.", "Requires water.")?;
    let run = desk.run("check")?;
    assert_eq!(run.code, Some(1), "{}", run.stdout);
    let expected = "FAIL  step 7: a second service: RequestStreaming\n      \
                    your client sent something else: our server printed `payload Recv: status: \
                    THIRSTY | info: 'Requires water.'`, expected `payload Recv: status: THIRSTY | \
                    info: 'Requires watering.'`\n";
    ensure!(run.stdout.contains(expected), "{}", run.stdout);
    Ok(())
}

#[test]
#[ignore = "slow: cargo xtask ci runs it"]
fn check_finds_a_server_that_does_not_fail_as_it_is_asked_to() -> Result<()> {
    let desk = Desk::with_all_of("fleet")?;
    desk.replace("my-fleet/src/server.rs", "\"fail-at\"", "\"fail-never\"")?;
    let run = desk.run("check")?;
    assert_eq!(run.code, Some(1), "{}", run.stdout);
    let wrong = run.stdout.split_once("\nFAIL  step 7: try again: retries\n");
    let said = wrong.is_some_and(|(_, why)| why.contains(" has answered instead of failing\n"));
    ensure!(said, "{}", run.stdout);

    // One that has called several servers is not taken for one that doesn't call them yet.
    desk.replace("my-fleet/src/server.rs", "\"fail-never\"", "\"fail-at\"")?;
    let client = "my-fleet/src/client.rs";
    desk.replace(
        client,
        "    let sick = ",
        "    assert!(addrs.is_empty(), \"lost\");\n    let sick = ",
    )?;
    let run = desk.run("check")?;
    assert_eq!(run.code, Some(1), "{}", run.stdout);
    ensure!(run.stdout.contains("\nFAIL  step ") && run.stdout.contains("lost"), "{}", run.stdout);

    // A file that is not there, though other files have most of its words.
    let drain = "my-fleet/src/drain.rs";
    fs::remove_file(desk.path(drain))?;
    let hint = desk.succeed("hint")?;
    ensure!(hint.contains("\nsrc/drain.rs, a new file: "), "{hint}");
    Ok(())
}

#[test]
#[ignore = "slow: cargo xtask ci runs it"]
fn check_finds_a_server_that_forgets() -> Result<()> {
    let desk = Desk::with_all_of("database")?;
    let migrate = "    let migrated = migrate(&options).await;\n";
    let forget = format!("    _ = std::fs::remove_file(path);\n{migrate}");
    let version = "let version: u32 =\n        \
                   sqlx::query_scalar(\"PRAGMA user_version\").fetch_one(&mut *transaction).await?;";
    for (file, old, new, expected) in [
        (
            "file.rs",
            migrate,
            &*forget,
            "\nFAIL  step 5: write: AddTeam\n      your server was started again with the same file, \
             and our client printed `Teams client received: Denver Miners`, expected `Teams client \
             was refused: Denver has a team already`\n",
        ),
        // One that makes its tables again.
        (
            "file.rs",
            version,
            "let version: u32 = 0;",
            "\nFAIL  step 3: implement the servicer\n      your server, started again with the same file, ended \
             with exit status: 1, before it was ready: error: cannot use the database ",
        ),
        (
            "main.rs",
            "server::serve(addr, file)",
            "server::serve(addr, [FILE, file][0])",
            "      your server was told the file `teams.db`, and did not make it\n",
        ),
    ] {
        let run = desk.check_with(&format!("my-database/src/{file}"), old, new)?;
        ensure!(
            run.code == Some(1) && run.stdout.contains(expected),
            "{}{}",
            run.stdout,
            run.stderr
        );
    }
    Ok(())
}

#[test]
#[ignore = "slow: cargo xtask ci runs it"]
fn check_finds_a_server_that_ends_a_chat_after_a_time_of_its_own() -> Result<()> {
    let desk = Desk::with_all_of("routeguide")?;
    let server = "my-routeguide/src/server.rs";
    let whole = desk.read(server)?;
    let title = "step 8: deadlines: as long as the client waits\n";
    let stdout = desk.succeed("check")?;
    ensure!(stdout.contains(&format!("\nok    {title}")), "{stdout}");

    let too_early = "a chat that may last an hour has ended";
    let too_late = "the server goes on after the deadline of a call";
    for (time, said) in [
        ("from_millis(50)", too_early),
        ("from_millis(100)", too_early),
        ("from_secs(1)", too_early),
        ("from_secs(10)", too_late),
        ("MAX", too_late),
    ] {
        let sleep = format!("tokio::time::sleep(std::time::Duration::{time})");
        desk.write(server, &whole.replace("crate::deadline::of(request.metadata())", &sleep))?;
        let run = desk.run("check")?;
        let expected = format!(
            "\nFAIL  {title}      our client (with your server) ended with exit status: 1: \
             error: {said}\n"
        );
        ensure!(run.code == Some(1) && run.stdout.contains(&expected), "{time}: {}", run.stdout);
    }

    // Our client would not see it of a list of a hundred places, and those are all that a server
    // may have.
    desk.write(server, &whole)?;
    let until = "let features = until(deadline, features);";
    let late = "let features = until(deadline, features).map(|it| Ok(it.expect(\"late\")));";
    for (file, old, new, said) in [
        ("server", until, "", Some("goes on with ListFeatures after the deadline of the call")),
        (
            "server",
            until,
            late,
            Some(
                "did not end ListFeatures at the deadline of the call: panicked at src/server.rs:[..]: \
                 late: [..]",
            ),
        ),
        ("main", "server::serve(addr, data)", "{ _ = data; server::serve(addr, DATA) }", None),
        (
            "places",
            "places.sort_by_key(|place| key(place.location));",
            "places.sort_by_key(|place| key(place.location)); places.dedup();",
            None,
        ),
    ] {
        let run = desk.check_with(&format!("my-routeguide/src/{file}.rs"), old, new)?;
        let at = run.stdout.lines().position(|line| line.ends_with(title.trim_end()));
        let mut lines = run.stdout.lines().skip(at.with_context(|| run.stderr.clone())?);
        let (first, second) = (lines.next(), lines.next().unwrap_or_default());
        let word = if said.is_some() { "FAIL" } else { "ok  " };
        assert_eq!(first, Some(&*format!("{word}  {}", title.trim_end())), "{new}: {second}");
        if let Some(said) = said {
            assert_data_eq!(second.to_owned(), format!("      your server {said}"));
        }
    }

    // Before the step is begun, it is not wrong.
    let begun = Desk::new()?;
    begun.succeed("start routeguide --step 8")?;
    let stdout = begun.succeed("check")?;
    ensure!(stdout.contains(&format!("\n--    {title}Next: step 8, ")), "{stdout}");
    Ok(())
}

#[test]
#[ignore = "slow: cargo xtask ci runs it"]
fn check_finds_a_server_and_a_client_that_only_we_understand() -> Result<()> {
    let desk = Desk::with_all_of("helloworld")?;
    // The two know each other, and then do something else.
    desk.replace(
        "my-helloworld/src/client.rs",
        "stub.say_hello(HelloRequest { name: \"you\".into() })",
        "stub.say_hello({\n\
             let mut request = tonic::Request::new(HelloRequest { name: \"you\".into() });\n\
             request.metadata_mut().insert(\"friend\", tonic::metadata::MetadataValue::from(1));\n\
             request\n\
         })",
    )?;
    desk.replace(
        "my-helloworld/src/server.rs",
        "let name =",
        "if request.metadata().contains_key(\"friend\") {\n\
             return Err(Status::unavailable(\"not you\"));\n\
         }\n\
         let name =",
    )?;
    let run = desk.run("check")?;
    assert_eq!(run.code, Some(1), "{}", run.stdout);
    let expected = "FAIL  step 5: update the service: SayHelloAgain\n      \
                    your client (with your server) ended with exit status: 1: error: code: \
                    'The service is currently unavailable', message: \"not you\"\n";
    ensure!(run.stdout.contains(expected), "{}", run.stdout);
    Ok(())
}
