//! Several servers: which connection goes to which is said.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use anyhow::{Context, Result, ensure};
use wire::End;
use wire::schema::Schema;
use wire::show::{Form, Show};
use xtask::commands::wire::Format;

use crate::wire::{answer, call, message, objects};

/// What has been printed.
#[derive(Clone, Default)]
pub struct Printed(Arc<Mutex<Vec<u8>>>);

impl Printed {
    /// Takes it out.
    pub fn take(&self) -> Result<String> {
        let bytes = std::mem::take(&mut *self.0.lock().ok().context("it panicked")?);
        Ok(String::from_utf8(bytes)?)
    }
}

impl Write for Printed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().map_err(|_| io::Error::other("it panicked"))?.extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Shows a call on each of three connections, to the second server, the first, and the only one.
fn three_calls(format: Option<Format>, frames: bool) -> Result<String> {
    let printed = Printed::default();
    let form = Form::of(format, frames, false);
    let mut show = Show::new(form, Schema::default(), Box::new(printed.clone()));
    let there = call("/Teams/GetTeam", &[], &message(0, b"\x0a\x05Miami"));
    let back = answer(&[], &message(0, b""), "0");
    for server in [Some(2), Some(1), None] {
        let mut connection = show.connection(server);
        show.sent(&mut connection, End::Client, &there)?;
        show.sent(&mut connection, End::Server, &back)?;
        show.ended(&connection)?;
    }
    printed.take()
}

#[test]
fn a_connection_to_one_of_several_says_to_which() -> Result<()> {
    let printed = three_calls(None, false)?;
    let heads: Vec<_> = printed.lines().filter(|line| line.starts_with("connection")).collect();
    assert_eq!(heads, ["connection 1, to server 2", "connection 2, to server 1"], "{printed}");
    let first = printed.lines().next();
    ensure!(first == Some("connection 1, to server 2"), "{printed}");

    let printed = three_calls(None, true)?;
    ensure!(printed.contains("connection 3\n"), "{printed}");

    let objects = objects(&three_calls(Some(Format::Json), false)?)?;
    let servers = |connection| {
        let of_it = objects.iter().filter(move |it| it["connection"] == connection);
        of_it.map(|it| it["server"].as_u64())
    };
    ensure!(servers(1).all(|server| server == Some(2)), "{objects:?}");
    ensure!(servers(3).count() > 0 && servers(3).all(|server| server.is_none()), "{objects:?}");
    Ok(())
}
