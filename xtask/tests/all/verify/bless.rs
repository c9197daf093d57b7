//! `cargo xtask verify --bless`, which writes the transcripts.

use std::fs;

use anyhow::Result;
use snapbox::{assert_data_eq, str};

use super::{CLIENT, SERVER, Workspace};

#[test]
fn bless_writes_what_was_printed_and_keeps_the_wildcards_that_match() -> Result<()> {
    let workspace = Workspace::new(&["01-new", "02-changed", "03-client-fails"])?;
    fs::remove_dir_all(workspace.path("lessons/01-new/transcripts"))?;
    let new = "lessons/01-new/transcripts/step4";
    let changed = "lessons/02-changed/transcripts/step4";
    let fails = "lessons/03-client-fails/transcripts/step4";
    workspace.write(&format!("{changed}/server.txt"), "Server started, [..]\nGreeted nobody\n")?;
    workspace.write(&format!("{changed}/client.txt"), "Reply 1: [..]\n...\nDone\n")?;
    workspace.write(&format!("{fails}/client.txt"), "Not yet written\n")?;

    let run = workspace.run("verify 01")?;
    assert_eq!(run.code, Some(1));
    assert_data_eq!(
        run.about("01-new server + client")?,
        str![[r#"
FAIL  01-new                  server + client [..] s
      server: no transcript lessons/01-new/transcripts/step4/server.txt; --bless writes one
---- expected: expected
++++ actual:   printed
        1 + Server started, listening on 127.0.0.1:[..]
        2 + Greeted a client
      client: no transcript lessons/01-new/transcripts/step4/client.txt; --bless writes one
---- expected: expected
++++ actual:   printed
        1 + Will greet the server
        2 + Reply 1: Hello
        3 + Reply 2: Hello
        4 + Reply 3: Hello
        5 + Done

"#]]
    );

    let run = workspace.run("verify --bless")?;
    assert_eq!(run.code, Some(1));
    assert_data_eq!(run.summary(), str!["2 passed, 1 failed in [..] s"]);
    let about = run.about("03-client-fails server + client")?;
    assert!(about.contains("client: it ended with exit "), "{about}");
    assert_eq!(workspace.read(&format!("{fails}/client.txt"))?, "Not yet written\n");
    assert_eq!(workspace.read(&format!("{new}/server.txt"))?, SERVER);
    assert_eq!(workspace.read(&format!("{new}/client.txt"))?, CLIENT);
    let server = workspace.read(&format!("{changed}/server.txt"))?;
    assert_eq!(server, "Server started, [..]\nGreeted a client\n");
    let client = workspace.read(&format!("{changed}/client.txt"))?;
    assert_eq!(client, "Will greet the server\nReply 1: [..]\n...\nDone\n");

    let run = workspace.run("verify 01 02")?;
    assert_eq!(run.code, Some(0), "{}", run.stdout);

    for path in [new, changed].map(|folder| format!("{folder}/client.txt")) {
        workspace.write(&path, &workspace.read(&path)?.replace('\n', "\r\n"))?;
    }
    let run = workspace.run("verify 01 02")?;
    assert_eq!(run.code, Some(0), "with CRLF: {}", run.stdout);
    Ok(())
}

#[test]
fn bless_does_not_hide_that_two_clients_disagree() -> Result<()> {
    let workspace = Workspace::new(&["01-hello"])?;
    workspace.program("lessons/01-hello/examples/odd_client.rs")?;
    let run = workspace.run("verify --examples --bless")?;
    assert_eq!(run.code, Some(1));
    assert_data_eq!(run.summary(), str!["1 passed, 1 failed in [..] s"]);
    Ok(())
}
