//! Sequences: what happens in a call, from top to bottom.

use crate::pages::listing::LessonSource;
use crate::pictures::svg::Picture;

/// What happens in a sequence, from top to bottom.
enum Happens<'a> {
    /// From one participant to another.
    Sent(usize, usize, &'a str),
    /// At one participant.
    Done(usize, &'a str),
    /// What follows belongs to the method of this name.
    Called(&'a str),
}
use Happens::{Called, Done, Sent};

/// How the name of what is sent ends if there is more of it: the arrow is dashed then.
const MANY: &str = ", …";

/// The ways of several participants, and what happens between them.
fn sequence(name: &str, title: &str, participants: &[&str], happens: &[Happens<'_>]) -> Picture {
    const WIDTH: i32 = 440;
    const ROW: i32 = 34;
    let mut picture = Picture::new(name, title, WIDTH);
    let number = participants.len() as i32;
    let column = WIDTH / number;
    let x = |i: usize| column / 2 + column * i as i32;
    picture.height = 44 + ROW * happens.len() as i32 + 12;
    for (i, participant) in participants.iter().enumerate() {
        let width = (column - 8).min(110);
        picture.line((x(i), 28), (x(i), picture.height), "way");
        let side = if i < participants.len().div_ceil(2) { "client" } else { "server" };
        picture.rect((x(i) - width / 2, 2), (width, 26), &format!("box {side}"));
        picture.text(x(i), 20, "middle", "name", participant);
    }
    for (row, happening) in happens.iter().enumerate() {
        let y = 44 + ROW * row as i32 + 18;
        let step = row + 1;
        match *happening {
            Sent(from, to, what) => {
                let class = if from < to { "request" } else { "response" };
                let many = if what.ends_with(MANY) { " many" } else { "" };
                picture.arrow((x(from), y), (x(to), y), &format!("{class}{many}"));
                picture.text((x(from) + x(to)) / 2, y - 6, "middle", class, what);
                picture.description += &format!(
                    "{step}: from {} to {}: {what}. ",
                    participants[from], participants[to]
                );
            }
            Done(at, what) => {
                let width = 7 * what.chars().count() as i32 + 12;
                let left = (x(at) - width / 2).clamp(2, WIDTH - width - 2);
                picture.rect((left, y - 16), (width, 22), "note");
                picture.text(left + width / 2, y - 1, "middle", "label", what);
                picture.description += &format!("{step}: {}: {what}. ", participants[at]);
            }
            Called(method) => {
                picture.text(WIDTH / 2, y, "middle", "name", method);
                picture.description += &format!("{step}: {method}. ");
            }
        }
    }
    picture
}

pub fn call() -> Picture {
    sequence(
        "call",
        "What happens in a call, from the client through stub, channel and server to the servicer \
         and back",
        &["client", "stub", "channel", "server", "servicer"],
        &[
            Sent(0, 1, "say_hello"),
            Done(1, "message into bytes"),
            Sent(1, 2, "path, bytes"),
            Sent(2, 3, "frames"),
            Done(3, "bytes into message"),
            Sent(3, 4, "Request"),
            Done(4, "your code runs"),
            Sent(4, 3, "Response"),
            Done(3, "message into bytes"),
            Sent(3, 2, "frames"),
            Sent(2, 1, "bytes, status"),
            Done(1, "bytes into message"),
            Sent(1, 0, "Result"),
        ],
    )
}

const SIDES: [&str; 2] = ["client", "server"];

/// Who sends what to whom in a lesson, method by method, as its proto files say at its last step.
pub fn talk(lesson: &LessonSource) -> Picture {
    let protos = lesson.sources.iter().filter(|source| source.path.starts_with("proto"));
    let protos = protos.filter_map(|source| source.at(lesson.steps.len()));
    let mut methods = Vec::new();
    for proto in protos {
        let lines = proto.text.lines().filter_map(|line| line.trim().strip_prefix("rpc "));
        for line in lines {
            // NAME (TAKES) returns (RETURNS)
            let words: Vec<&str> = line.split(['(', ')']).map(str::trim).collect();
            if let [name, takes, "returns", returns, ..] = words[..] {
                methods.push((name.to_owned(), messages(takes), messages(returns)));
            }
        }
    }
    let happens: Vec<Happens<'_>> = methods
        .iter()
        .flat_map(|(name, takes, returns)| [Called(name), Sent(0, 1, takes), Sent(1, 0, returns)])
        .collect();
    let title = format!("Who sends what to whom in {}", lesson.name);
    sequence(&format!("talk {}", lesson.name), &title, &SIDES, &happens)
}

/// What goes one way, in the words of a proto: a message, or a stream of them.
fn messages(words: &str) -> String {
    match words.strip_prefix("stream ") {
        Some(message) => format!("{message}, {message}{MANY}"),
        None => words.to_owned(),
    }
}

/// The frames of a call of the kind `kind`, as they were `captured` between two programs. None if none
/// was. A test of `xtask/wire` says whether they still cross so.
pub fn captured(kind: &str, captured: &str) -> Option<Picture> {
    let mut parts = captured.split("\n\n");
    let (_, frames) =
        parts.find_map(|part| part.split_once('\n').filter(|(name, _)| *name == kind))?;
    let sent = |line: &'_ str| {
        let (direction, what) = line.split_once(' ')?;
        Some(if direction == "→" { (0, 1, what.to_owned()) } else { (1, 0, what.to_owned()) })
    };
    let frames: Vec<_> = frames.lines().filter_map(sent).collect();
    let happens: Vec<_> = frames.iter().map(|(from, to, what)| Sent(*from, *to, what)).collect();
    let title = format!("The frames of a call: {}", kind.replace('-', " "));
    Some(sequence(kind, &title, &SIDES, &happens))
}
