//! What the programs of each state print, and what they make of those before and after them.

use std::fs;

use anyhow::Result;
use snapbox::{assert_data_eq, str};

use super::{DISPLACEMENT, HELLO, Workspace, details, failed, verdicts};

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
