//! Whether a learner's server ends a stream when its client stops waiting: with the data that comes with
//! a lesson, it would be at its end before.

use std::fs;
use std::path::PathBuf;
use std::process;

use anyhow::Context;
use serde_json::Value;

use crate::run::pair::TIME_LIMIT;
use crate::run::side::Side;
use crate::run::{cause, pair};
use crate::workspace::Workspace;
use crate::workspace::lesson::Lesson;
use crate::workspace::metadata::Late;

/// How often the server has the lesson's data.
const TIMES: usize = 100;

/// A list that may be at its end before the deadline, in bytes: that of a server with data of its
/// own, or that keeps one place of many at a point.
const SHORT: usize = 64 << 10;

/// What is wrong with how `server` takes the deadline of a call, if something is. Nothing is seen of a
/// server that takes no data file.
///
/// # Errors
///
/// If the program that calls it fails to build, or to start.
pub async fn wrong(
    workspace: &Workspace,
    lesson: &Lesson,
    late: &Late,
    server: &Side,
    quietly: bool,
) -> anyhow::Result<Option<String>> {
    let client = workspace.caller("late", lesson, quietly).await?;
    let mut client = Side::with("late", &client, [late.path.clone(), late.message.clone()]);
    // A server that goes on sends all that it has, in very small pieces.
    client.limit = 3 * TIME_LIMIT;
    let data = Data::write(workspace, late)?;
    let outcome = pair::run(&server.clone().with_data(data.path.clone()), 1, &client).await?;
    if outcome.addrs.is_empty() {
        return Ok(None);
    }
    let method = late.path.rsplit('/').next().unwrap_or_default();
    let Some((code, sent)) = outcome.client.stdout.trim().split_once(' ') else {
        let panic = outcome.server().and_then(|(_, server)| cause::panic(&server.stderr));
        let why = panic.unwrap_or_else(|| "the stream broke off, or did not end".into());
        return Ok(Some(format!(
            "your server did not end {method} at the deadline of the call: {why}"
        )));
    };
    Ok(match code {
        "DEADLINE_EXCEEDED" => None,
        "OK" if sent.parse::<usize>()? <= SHORT => None,
        "OK" => Some(format!("your server goes on with {method} after the deadline of the call")),
        code => Some(format!(
            "your server ended {method} with {code} after the deadline of the call, expected \
             DEADLINE_EXCEEDED"
        )),
    })
}

/// A file with all that the lesson's has, many times over. It goes with this.
struct Data {
    path: PathBuf,
}

impl Data {
    fn write(workspace: &Workspace, late: &Late) -> anyhow::Result<Data> {
        let ours = workspace.root.join("data").join(&late.data);
        let json = fs::read(&ours).with_context(|| format!("cannot read {}", ours.display()))?;
        let list: Vec<Value> = serde_json::from_slice(&json)?;
        let many: Vec<&Value> = (0..TIMES).flat_map(|_| &list).collect();
        let folder = workspace.target.join("late");
        fs::create_dir_all(&folder)?;
        let data = Data { path: folder.join(format!("{}-{}", process::id(), late.data)) };
        fs::write(&data.path, serde_json::to_vec(&many)?)?;
        Ok(data)
    }
}

impl Drop for Data {
    fn drop(&mut self) {
        // In the target directory, what is left is in nobody's way.
        _ = fs::remove_file(&self.path);
    }
}
