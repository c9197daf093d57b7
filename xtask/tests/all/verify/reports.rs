//! What is shown of a pair that fails.

use anyhow::{Context, Result};
use snapbox::{assert_data_eq, str};

use super::{CLIENT, Program, SERVER, Workspace};

#[test]
#[ignore = "slow: cargo xtask ci runs it"]
fn a_failing_pair_is_shown_with_the_reason_and_what_it_printed() -> Result<()> {
    let mut lessons = vec![
        "01-passes",
        "02-wrong-client",
        "03-wrong-server",
        "04-server-exits",
        "05-server-never-ready",
        "06-server-endless",
        "07-client-fails",
        "08-client-complains",
        "09-client-endless",
        "10-client-hangs",
    ];
    if cfg!(unix) {
        // Elsewhere there is no Ctrl-C to be tested: the server is killed.
        lessons.extend(["11-server-deaf", "12-server-cut-off"]);
    }
    let workspace = Workspace::new(&lessons)?;
    let wrong_client = CLIENT.replace("Reply 2: Hello", "Reply 2: Goodbye");
    workspace.write("lessons/02-wrong-client/transcripts/step4/client.txt", &wrong_client)?;
    let wrong_server = SERVER.replace("Greeted", "Left");
    workspace.write("lessons/03-wrong-server/transcripts/step4/server.txt", &wrong_server)?;

    let run = workspace.run("verify")?;
    assert_eq!(run.code, Some(1));
    assert_data_eq!(run.summary(), format!("1 passed, {} failed in [..] s", lessons.len() - 1));
    assert_data_eq!(
        run.about("01-passes server + client")?,
        str![[r#"
ok    01-passes               server + client [..] s

"#]]
    );
    assert_data_eq!(
        run.about("02-wrong-client server + client")?,
        str![[r#"
FAIL  02-wrong-client         server + client [..] s
      client: it differs from lessons/02-wrong-client/transcripts/step4/client.txt:3
---- expected: expected
++++ actual:   printed
   1    1 | Will greet the server
   2    2 | Reply 1: Hello
   3      - Reply 2: Goodbye
        3 + Reply 2: Hello
   4    4 | Reply 3: Hello
   5    5 | Done

"#]]
    );
    assert_data_eq!(
        run.about("03-wrong-server server + client")?,
        str![[r#"
FAIL  03-wrong-server         server + client [..] s
      server: it differs from lessons/03-wrong-server/transcripts/step4/server.txt:2
---- expected: expected
++++ actual:   printed
   1    1 | Server started, listening on 127.0.0.1:[..]
   2      - Left a client
        2 + Greeted a client

"#]]
    );
    assert_data_eq!(
        run.about("04-server-exits server + client")?,
        str![[r#"
FAIL  04-server-exits         server + client [..] s
      server: it ended with exit [..]: 7, before it was ready: no disk
      server, standard output: 0 lines
      server, standard error: 1 line
no disk
      client, standard output: 0 lines
      client, standard error: 0 lines

"#]]
    );
    assert_data_eq!(
        run.about("07-client-fails server + client")?,
        str![[r#"
FAIL  07-client-fails         server + client [..] s
      client: it ended with exit [..]: 3: no more replies
      client, standard output: 4 lines
Will greet the server
Reply 1: Hello
Reply 2: Hello
Reply 3: Hello
      client, standard error: 1 line
no more replies
      server, standard output: 2 lines
Server started, listening on 127.0.0.1:[..]
Greeted a client
      server, standard error: 0 lines

"#]]
    );
    assert_data_eq!(
        run.about("10-client-hangs server + client")?,
        str![[r#"
FAIL  10-client-hangs         server + client [..] s
      client: it did not end within 10 s: waiting for one more
      client, standard output: 4 lines
Will greet the server
Reply 1: Hello
Reply 2: Hello
Reply 3: Hello
      client, standard error: 1 line
waiting for one more
      server, standard output: 2 lines
Server started, listening on 127.0.0.1:[..]
Greeted a client
      server, standard error: 0 lines

"#]]
    );

    for (lesson, failure) in [
        ("05-server-never-ready", "server: it was not ready within 10 s: expected [..]"),
        ("06-server-endless", "server: it printed more than 256 KiB, before it was ready"),
        ("08-client-complains", "client: it printed on standard error: too few replies"),
        ("09-client-endless", "client: it printed more than 256 KiB"),
        ("11-server-deaf", "server: it did not stop after Ctrl-C within 10 s"),
        (
            "12-server-cut-off",
            "server: it ended with signal: 2 (SIGINT) after Ctrl-C, expected exit code 0",
        ),
    ] {
        if lessons.contains(&lesson) {
            assert_data_eq!(
                run.about(&format!("{lesson} server + client"))?,
                format!(
                    "FAIL  {lesson} [..]\n      {failure}\n      [..], standard output: [..]\n...\n"
                )
            );
        }
    }
    for lesson in ["06-server-endless", "09-client-endless"] {
        let about = run.about(&format!("{lesson} server + client"))?;
        let left_out = about
            .lines()
            .find_map(|line| line.strip_prefix("[.. ")?.strip_suffix(" bytes ..]"))
            .with_context(|| format!("nothing is left out: {about}"))?;
        assert!(left_out.parse::<usize>()? < 1 << 18, "more was read: {left_out}");
        let hangs = run.stdout.find("10-client-hangs");
        assert!(run.stdout.find(lesson) < hangs, "{lesson} had all the time: {}", run.stdout);
    }

    // Each server, each client but those of the three that were never ready, and on Unix what
    // one of the servers has started.
    let programs = workspace.started(2 * lessons.len() - 3 + usize::from(cfg!(unix)))?;
    programs.into_iter().try_for_each(Program::ended)
}
