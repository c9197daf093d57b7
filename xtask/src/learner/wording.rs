//! What is wrong with a pair of programs, in words for whoever has written one of them.

use std::fmt;
use std::path::Path;

use crate::run::pair::Outcome;
use crate::run::transcript;
use crate::steps::states::State;
use crate::workspace::relative;

/// Which side of a pair was the learner's; the other one was ours.
#[derive(Clone, Copy, PartialEq)]
pub enum Yours {
    Server,
    Client,
    Both,
}

/// What is wrong with a pair that ought to do what the lesson does at `state`, if something is:
/// the first thing, in words for whom `yours` is.
pub fn wrong(
    outcome: &Outcome,
    yours: Yours,
    state: &State,
    root: &Path,
) -> anyhow::Result<Option<String>> {
    let Outcome { server, client, .. } = outcome;
    let (your_server, your_client) = match yours {
        Yours::Server => ("your server", "our client (with your server)"),
        Yours::Client => ("our server (with your client)", "your client"),
        Yours::Both => ("your server (with your client)", "your client (with your server)"),
    };
    if outcome.port.is_none()
        && let Some(failure) = &server.failure
    {
        return Ok(Some(format!("{your_server}: {failure}{}", first_line(&server.stderr))));
    }
    if let Some(failure) = &client.failure {
        let line = client.stderr.lines().next().unwrap_or_default();
        // In lesson 1 a status speaks for itself.
        let answer = line.strip_prefix("error: the call failed: ");
        let answer = answer.or(line.strip_prefix("error: ").filter(|it| it.starts_with("code: ")));
        // It is the server of this lesson, and it is here that somebody knows.
        let answer =
            answer.map(|it| it.trim_end_matches(": is this the server of another lesson?"));
        return Ok(Some(match answer {
            Some(answer) if yours == Yours::Server => format!("your server answered {answer}"),
            _ => format!("{your_client}: {failure}{}", first_line(&client.stderr)),
        }));
    }
    let printed = difference(outcome, "client", state, root)?.map(|difference| match yours {
        // Our client has printed it, but with a wrong answer in it.
        Yours::Server => format!("your server answered {}", difference.after_label()),
        Yours::Client | Yours::Both => format!("{your_client} printed {difference}"),
    });
    if printed.is_some() {
        return Ok(printed);
    }
    if let Some(failure) = &server.failure {
        return Ok(Some(format!("{your_server}: {failure}{}", first_line(&server.stderr))));
    }
    let printed = difference(outcome, "server", state, root)?.map(|difference| match yours {
        // Our server has printed it, but of a wrong request.
        Yours::Client => {
            format!("your client sent something else: our server printed {difference}")
        }
        Yours::Server | Yours::Both => format!("{your_server} printed {difference}"),
    });
    Ok(printed)
}

/// The beginning of what a program has said, if it has.
fn first_line(stderr: &str) -> String {
    stderr.lines().find(|line| !line.is_empty()).map(|line| format!(": {line}")).unwrap_or_default()
}

/// The first line that one side has printed and should not have, or the other way round.
struct Line {
    expected: Option<String>,
    printed: Option<String>,
    /// The transcript, and the line in it.
    place: String,
}

fn difference(
    outcome: &Outcome,
    side: &str,
    state: &State,
    root: &Path,
) -> anyhow::Result<Option<Line>> {
    let path = state.pair.transcript(side);
    let difference = transcript::compare(&path, &outcome.printed(side))?;
    Ok(difference.map(|difference| {
        let (expected, printed) = difference.first();
        Line {
            expected: expected.map(str::to_owned),
            printed: printed.map(str::to_owned),
            place: format!("{}:{}", relative(&path, root), difference.line.unwrap_or(1)),
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
