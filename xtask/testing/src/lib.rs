//! What the tests of the lessons share: servers, calls and programs, and what goes wrong with them.
//!
//! - [`net`]: a free port, a channel, and a network that breaks
//! - [`call`]: any bytes as a call, and a call that stays in the middle
//! - [`late`]: a client that stops waiting before it has read its answers
//! - [`server`]: a server whose tasks can be counted
//! - [`program`]: a lesson's program as a process, and Ctrl-C
//! - [`faults`]: what every server has to survive
//! - [`alone`]: a test in a process of its own
//! - [`folder`]: a folder that goes when its test ends
//! - [`numbers`]: as good as random, and the same every time

pub mod alone;
pub mod call;
pub mod faults;
pub mod folder;
pub mod late;
pub mod net;
pub mod numbers;
pub mod program;
pub mod server;

use std::io::{Write, stderr};
use std::time::Duration;

use anyhow::ensure;
use tokio::time::{Instant, sleep};

/// Far longer than anything in a test takes: what isn't over by then is stuck.
pub const STUCK: Duration = Duration::from_secs(60);

/// Says why a test, or a part of it, is left out. Unlike `eprintln!`, this is seen when it passes, too.
pub fn skipped(reason: &str) {
    // Without a standard error nobody is there to read it.
    _ = writeln!(stderr(), "skipped: {reason}");
}

/// Asks `reached` again and again, until it says yes.
///
/// # Errors
///
/// If it never does: `what` says what that would have been.
pub async fn until(what: &str, mut reached: impl FnMut() -> bool) -> anyhow::Result<()> {
    let deadline = Instant::now() + STUCK;
    while !reached() {
        ensure!(Instant::now() < deadline, "never: {what}");
        sleep(Duration::from_millis(1)).await;
    }
    Ok(())
}
