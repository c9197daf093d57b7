//! What is wrong with a pair of programs, in words for whoever has written one of them.

use std::fmt;
use std::path::Path;

use crate::run::cause;
use crate::run::outcome::{Ended, Outcome};
use crate::run::pair::TIME_LIMIT;
use crate::run::transcript;
use crate::system::process::MAX_OUTPUT;
use crate::workspace::lesson::Pair;
use crate::workspace::relative;

/// What a server that ends too early is often made of.
const AWAIT: &str = ": is there an `.await` behind what serves?";

/// Which side of a pair was the learner's; the other one was ours.
#[derive(Clone, Copy, PartialEq)]
pub enum Yours {
    Server,
    Client,
    Both,
}

/// What is wrong with a pair that ought to do what `ours` does, if something is: the first thing, in words for whom `yours` is. A cause comes before what it has caused.
pub fn wrong(
    outcome: &Outcome,
    yours: Yours,
    ours: &Pair,
    root: &Path,
) -> anyhow::Result<Option<String>> {
    let client = &outcome.client;
    let Some((name, server)) = outcome.server() else { return Ok(None) };
    let your_server = |name: &str| match yours {
        Yours::Server => format!("your {name}"),
        Yours::Client => format!("our {name} (with your client)"),
        Yours::Both => format!("your {name} (with your client)"),
    };
    let named = your_server;
    let your_server = &*named(&name);
    let your_client = match yours {
        Yours::Server => "our client (with your server)",
        Yours::Client => "your client (with our server)",
        Yours::Both => "your client (with your server)",
    };
    let failed = |side: &str, ended: &Ended| {
        ended.failure.as_ref().map(|failure| format!("{side} {failure}{}", ended.cause()))
    };
    if outcome.addrs.is_empty()
        && let Some(failed) = failed(your_server, server)
    {
        return Ok(Some(if server.status.is_some_and(|status| status.success()) {
            failed + AWAIT
        } else {
            failed
        }));
    }
    if server.stdout.len().max(server.stderr.len()) > MAX_OUTPUT
        && let Some(failed) = &server.failure
    {
        // What else went wrong comes of that: nobody reads on.
        return Ok(Some(format!("{your_server} {failed}")));
    }
    if let Some(status) = server.status.filter(|_| server.is_early && yours != Yours::Client) {
        let found_nobody =
            says(client, &["no server at", "connection refused", "connectionrefused"]);
        let (when, hint) = match client.failure {
            None => (", before it was stopped", ""),
            Some(_) if found_nobody => (", before it was called", AWAIT),
            Some(_) => (" while it was called", ""),
        };
        return Ok(Some(match status.success() {
            true => format!("{your_server} ended by itself{when}{hint}"),
            false => format!("{your_server} ended with {status}{when}{}", server.cause()),
        }));
    }
    if let Some(panic) = cause::panic(&server.stderr) {
        return Ok(Some(format!("{your_server} {panic}")));
    }
    let is_full = client.stdout.len() > MAX_OUTPUT;
    if yours == Yours::Server && client.failure.is_some() && client.status.is_none() && !is_full {
        let limit = TIME_LIMIT.as_secs();
        return Ok(Some(format!(
            "your server did not answer our client to the end within {limit} s"
        )));
    }
    if let Some(failed) = failed(your_client, client) {
        let line = client.stderr.lines().next().unwrap_or_default();
        // In lesson 1 a status speaks for itself.
        let answer = line.strip_prefix("error: the call failed: ");
        let answer = answer.or(line.strip_prefix("error: ").filter(|it| it.starts_with("code: ")));
        // It is the server of this lesson, and it is here that somebody knows.
        let answer =
            answer.map(|it| it.trim_end_matches(": is this the server of another lesson?"));
        return Ok(Some(match answer {
            Some(answer) if yours == Yours::Server => {
                let line =
                    difference(outcome, client, "client", ours, root)?.and_then(|it| it.expected);
                let expected =
                    line.map(|line| format!("; our client should have printed `{line}`"));
                format!("your server answered {answer}{}", expected.unwrap_or_default())
            }
            // Clients of the book's complain of the server then.
            None if yours == Yours::Client && line.starts_with("error: the server ") => {
                failed + "\n(our server does what it should: look at what your client asks for)"
            }
            _ => failed,
        }));
    }
    let printed =
        difference(outcome, client, "client", ours, root)?.map(|difference| match yours {
            // Our client has printed it, but with a wrong answer in it.
            Yours::Server if difference.expected.is_some() && difference.printed.is_some() => {
                format!("your server answered {}", difference.after_label())
            }
            Yours::Server => format!("our client (with your server) printed {difference}"),
            Yours::Client => format!("your client printed {difference}"),
            Yours::Both => format!("{your_client} printed {difference}"),
        });
    if printed.is_some() {
        return Ok(printed);
    }
    if let (Some(status), Some(_), false) = (server.status, &server.failure, server.is_early) {
        return Ok(Some(format!(
            "{your_server} ended with {status}{}\n`check` pressed Ctrl-C: the server has to end with \
             exit code 0",
            server.cause()
        )));
    }
    if let Some(failed) = failed(your_server, server) {
        return Ok(Some(failed));
    }
    for (name, server) in outcome.of("server") {
        let Some(difference) = difference(outcome, server, "server", ours, root)? else { continue };
        return Ok(Some(match yours {
            // Our server has printed it, but of a wrong request.
            Yours::Client => {
                let is_more = difference.printed.is_some();
                let what = if is_more { "something else" } else { "too little" };
                format!("your client sent {what}: our {name} printed {difference}")
            }
            Yours::Server | Yours::Both => format!("{} printed {difference}", named(&name)),
        }));
    }
    Ok(None)
}

/// Whether nothing shows that a client has called the server that it was told.
pub fn may_call_elsewhere(outcome: &Outcome) -> bool {
    outcome.client.failure.is_none() || is_about_connecting(&outcome.client)
}

/// Whether a client complains of a connection, in tonic's words or ours.
fn is_about_connecting(ended: &Ended) -> bool {
    says(ended, &["transport error", "connecterror", "connection refused", "no server at"])
}

/// Whether a client complains that the server does not know a method.
pub fn lacks_a_method(ended: &Ended) -> bool {
    says(ended, &["unimplemented", "operation is not implemented"])
}

/// Whether one of `words`, in lower case, is in what a program has printed on standard error.
fn says(ended: &Ended, words: &[&str]) -> bool {
    let said = ended.stderr.to_lowercase();
    words.iter().any(|word| said.contains(word))
}

/// Whether a program that has ended may have refused what it was told to be, and not failed at it.
pub fn may_have_refused(ended: &Ended) -> bool {
    let text = format!("{}{}", ended.stdout, ended.stderr).to_lowercase();
    let words = ["usage", "unknown", "argument", "role", "command", "run", "server", "client"];
    let has_failed = is_about_connecting(ended) || cause::panic(&ended.stderr).is_some();
    text.trim().is_empty() || !has_failed && words.iter().any(|word| text.contains(word))
}

/// What to say of a client that has not.
pub fn calls_elsewhere(outcome: &Outcome) -> String {
    let client = &outcome.client;
    let cause = match client.status.is_some_and(|status| status.success()) {
        true if client.stderr.is_empty() => ": is there an `.await` behind what calls?".into(),
        _ => client.cause(),
    };
    format!("your client was told {} and does not connect to it{cause}", outcome.told())
}

/// What to say of what a program that works has printed on standard error, if it has.
pub fn noise(side: &str, ended: &Ended) -> Option<String> {
    let line = ended.stderr.lines().find(|line| !line.trim().is_empty())?;
    Some(format!("{side} printed on standard error: {}", line.trim()))
}

/// The first line that one side has printed and should not have, or the other way round.
pub struct Line {
    pub expected: Option<String>,
    pub printed: Option<String>,
    /// Which line of the transcript, from 1.
    pub number: usize,
    /// The transcript, and the line in it.
    pub place: String,
}

/// The first line in which what `ended`, one `side` of `ours`, has printed differs from its transcript.
///
/// # Errors
///
/// If the transcript cannot be read.
pub fn difference(
    outcome: &Outcome,
    ended: &Ended,
    side: &str,
    ours: &Pair,
    root: &Path,
) -> anyhow::Result<Option<Line>> {
    let path = ours.transcript(side);
    let difference = transcript::compare(&path, &outcome.printed(ended))?;
    Ok(difference.map(|difference| {
        let (expected, printed) = difference.first();
        let number = difference.line.unwrap_or(1);
        Line {
            expected: expected.map(str::to_owned),
            printed: printed.map(str::to_owned),
            number,
            place: format!("{}:{number}", relative(&path, root)),
        }
    }))
}

impl Line {
    /// Without what stands before the last colon that both have in common: `Teams client received:`
    fn after_label(mut self) -> Line {
        if let (Some(expected), Some(printed)) = (&self.expected, &self.printed) {
            let same = expected.bytes().zip(printed.bytes()).take_while(|(e, p)| e == p).count();
            if let Some(label) = expected.get(..same).and_then(|same| same.rfind(": ")) {
                self.expected = Some(expected[label + 2..].to_owned());
                self.printed = Some(printed[label + 2..].to_owned());
            }
        }
        self
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let show = |line: &Option<String>| match line {
            Some(line) => format!("`{line}`"),
            None => "nothing more".into(),
        };
        write!(f, "{}, expected {}\n({})", show(&self.printed), show(&self.expected), self.place)
    }
}
