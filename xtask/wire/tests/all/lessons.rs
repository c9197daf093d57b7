//! All lessons with us between client and server: every pair, and every step.

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use wire::pair::Both;
use wire::show::{Form, Show};
use xtask::commands::wire::Format;
use xtask::run::compare::with_transcripts;
use xtask::steps::{regions, states};
use xtask::workspace::Workspace;
use xtask::workspace::lesson::{Pair, Programs};

use crate::several::Printed;
use crate::tshark;
use crate::wire::objects;

/// Runs a pair, which prints what its transcripts say. Returns what crossed between them.
pub async fn look(workspace: &Workspace, pair: &Pair, programs: &Programs) -> Result<Vec<Value>> {
    let both = Both::of_pair(pair, programs)?;
    let printed = Printed::default();
    let form = Form::of(Some(Format::Json), false, true);
    let outcome = both.run(Show::new(form, both.schema(), Box::new(printed.clone()))).await?;
    let sides = ["server", "client"];
    let (ok, details) = with_transcripts(pair, &sides, &outcome, &workspace.root, None);
    ensure!(ok, "{}: {details}", pair.name);
    objects(&printed.take()?)
}

/// All of `seen` could be read, or it was over TLS: then it says so. Returns whether it was read.
fn is_read(seen: &[Value]) -> Result<bool> {
    if seen.iter().any(|object| object["what"] == "tls") {
        let is_said = |object: &Value| object["version"].as_str() == Some("TLS 1.3");
        ensure!(seen.iter().any(is_said), "nothing says which version it is");
        ensure!(seen.iter().all(|object| object["wrong"].is_null()), "{seen:?}");
        return Ok(false);
    }
    // A page of elsewhere asks before it calls, and may have to leave it at that.
    let asks = |it: &Value| it["line"].as_str().is_some_and(|line| line.starts_with("OPTIONS "));
    let mut messages = 0;
    for object in seen {
        ensure!(object["wrong"].is_null(), "{object}");
        for message in object["messages"].as_array().into_iter().flatten() {
            // One that no proto describes may be anything.
            ensure!(message["wrong"].is_null() || message["type"].is_null(), "{object}");
            messages += 1;
        }
    }
    ensure!(messages > 0 || seen.iter().any(asks), "no message has crossed");
    Ok(true)
}

#[tokio::test]
#[ignore = "slow: cargo xtask ci runs it"]
async fn all_pairs_and_steps_are_read_and_print_the_same() -> Result<()> {
    let workspace = Workspace::load().await?;
    let lessons: Vec<_> = workspace.lessons.iter().collect();
    let programs = workspace.build(&lessons, true).await?;
    let mut all = Vec::new();
    for lesson in lessons {
        // What goes through a Unix socket passes nobody who stands at a port.
        for pair in lesson.pairs.iter().filter(|pair| pair.name != "unix_socket") {
            let seen = look(&workspace, pair, &programs).await?;
            let name = format!("{} {}", lesson.name, pair.name);
            if is_read(&seen).context(name.clone())? {
                all.push((name, seen));
            }
        }
        let sources = regions::read_sound(lesson, &workspace.root)?;
        let states = states::derive(&workspace, lesson, &sources)?;
        let runnable: Vec<_> = states.runnable().collect();
        let programs = states.programs(&workspace, &runnable, true).await?;
        for state in runnable {
            let seen = look(&workspace, &state.pair, &programs).await?;
            let name = format!("{} {}", lesson.name, state.pair.name);
            if is_read(&seen).context(name.clone())? {
                all.push((name, seen));
            }
        }
    }
    if !tshark::is_there() {
        testing::skipped("no other reading to compare with: there is no tshark");
        return Ok(());
    }
    tshark::agrees(&all).context("tshark reads it differently")
}
