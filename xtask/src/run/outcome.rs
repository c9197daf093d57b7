//! What came of a server, or several, and a client that have run against each other.

use std::net::SocketAddr;
use std::process::ExitStatus;
use std::time::Duration;

use crate::run::cause;

/// What came of a pair.
pub struct Outcome {
    pub time: Duration,
    /// Where the servers listened. There are none if one was never ready: then there was no client.
    pub addrs: Vec<SocketAddr>,
    /// One, or several of the same kind.
    pub servers: Vec<Ended>,
    pub client: Ended,
}

/// What came of a program.
#[derive(Default)]
pub struct Ended {
    pub stdout: String,
    pub stderr: String,
    /// How it has ended, if nobody had to kill it.
    pub status: Option<ExitStatus>,
    /// What went wrong while it ran, as it goes on after "it". What it printed has not been looked
    /// at yet.
    pub failure: Option<String>,
    /// Whether it is a server that ended before anybody stopped it.
    pub is_early: bool,
    /// Whether it is a program of ours, and printed on standard error.
    pub complained: bool,
}

impl Ended {
    /// The line of its standard error that names the cause, behind a colon; nothing without one.
    pub fn cause(&self) -> String {
        cause::of(&self.stderr).map(|cause| format!(": {cause}")).unwrap_or_default()
    }
}

impl Outcome {
    /// All sides, first those that are to be looked at first: a server that was not there fails
    /// its client; but one that was there speaks of its own Ctrl-C as well.
    pub fn sides(&self) -> Vec<(String, &Ended)> {
        let is_first = self.addrs.is_empty() || self.servers.iter().any(|server| server.is_early);
        let order = if is_first { ["server", "client"] } else { ["client", "server"] };
        order.into_iter().flat_map(|side| self.of(side)).collect()
    }

    /// The client, or the servers, each with what it is called: `server`, or `server 2 of 3`.
    pub fn of(&self, side: &str) -> Vec<(String, &Ended)> {
        let all = self.servers.len();
        let server = |(index, server)| match all {
            1 => ("server".to_owned(), server),
            _ => (format!("server {} of {all}", index + 1), server),
        };
        match side {
            "server" => self.servers.iter().enumerate().map(server).collect(),
            _ => vec![(side.to_owned(), &self.client)],
        }
    }

    /// The server that is to be looked at first: one with which something is wrong, if there is one.
    pub fn server(&self) -> Option<(String, &Ended)> {
        let mut servers = self.of("server");
        let is_wrong = |(_, server): &(String, &Ended)| {
            server.is_early || server.failure.is_some() || cause::panic(&server.stderr).is_some()
        };
        let first = servers.iter().position(is_wrong).unwrap_or_default();
        (first < servers.len()).then(|| servers.swap_remove(first))
    }

    /// Where the client was told to connect to.
    pub fn told(&self) -> String {
        joined(&self.addrs)
    }

    /// What went wrong while they ran, a line each, with the line that names the cause.
    pub fn failures(&self) -> impl Iterator<Item = String> {
        self.sides().into_iter().filter_map(|(side, ended)| {
            let failure = match &ended.failure {
                Some(failure) => failure,
                None if ended.complained => "printed on standard error",
                None => return None,
            };
            Some(format!("{side}: it {failure}{}", ended.cause()))
        })
    }

    /// What one of them has printed on standard output, with `[..]` for the port of each server.
    pub fn printed(&self, ended: &Ended) -> String {
        self.without_ports(&ended.stdout)
    }

    /// `text` with `[..]` for the port of each server.
    pub fn without_ports(&self, text: &str) -> String {
        let ports = self.addrs.iter().map(|addr| format!(":{}", addr.port()));
        ports.fold(text.to_owned(), |text, port| text.replace(&port, ":[..]"))
    }
}

/// Addresses, as a client is told them.
pub(super) fn joined(addrs: &[SocketAddr]) -> String {
    addrs.iter().map(SocketAddr::to_string).collect::<Vec<_>>().join(",")
}
