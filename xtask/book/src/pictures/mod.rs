//! Pictures: SVG in the page itself, so that it has the colours of the reader's theme. Each is narrow
//! enough for a phone, and says in words what it shows.

mod costs;

use std::fmt::Write;

use xtask::steps::regions::Source;

use crate::pages::listing::{LessonSource, Listings};
use crate::pages::page::slashed;

/// Draws the picture that the words name.
///
/// # Errors
///
/// If there is no such picture, in words for whoever wrote the page.
pub fn draw(words: &[&str], listings: &Listings) -> Result<String, String> {
    let unknown = || format!("there is no picture `{}`: see mdbook/README.md", words.join(" "));
    let picture = match words {
        ["call"] => call(),
        ["unary"] => unary(),
        ["server-streaming"] => server_streaming(),
        ["client-streaming"] => client_streaming(),
        ["bidirectional"] => bidirectional(),
        ["house"] => house(),
        ["files", name] => {
            let lesson = listings.lessons.iter().find(|lesson| lesson.name == *name);
            files(lesson.ok_or_else(unknown)?)
        }
        ["cost", what] => costs::draw(what, listings)?,
        _ => return Err(unknown()),
    };
    Ok(picture.end())
}

/// An SVG under way.
struct Picture {
    name: String,
    title: String,
    /// What it shows, in words.
    description: String,
    width: i32,
    height: i32,
    body: String,
}

impl Picture {
    fn new(name: &str, title: &str, width: i32) -> Picture {
        Picture {
            name: name.replace(' ', "-"),
            title: title.into(),
            description: String::new(),
            width,
            height: 0,
            body: String::new(),
        }
    }

    /// Adds an element. A `String` takes all that is written to it.
    fn add(&mut self, element: std::fmt::Arguments<'_>) {
        _ = self.body.write_fmt(element);
        self.body.push('\n');
    }

    /// Text around the point `x`, `y`; `anchor` is `start`, `middle` or `end`.
    fn text(&mut self, x: i32, y: i32, anchor: &str, class: &str, text: &str) {
        let text = escaped(text);
        self.add(format_args!(
            r#"<text x="{x}" y="{y}" text-anchor="{anchor}" class="{class}">{text}</text>"#
        ));
    }

    fn line(&mut self, (x1, y1): (i32, i32), (x2, y2): (i32, i32), class: &str) {
        self.add(format_args!(
            r#"<line x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}" class="{class}"/>"#
        ));
    }

    /// A horizontal arrow, or a vertical one.
    fn arrow(&mut self, (x1, y1): (i32, i32), (x2, y2): (i32, i32)) {
        self.line((x1, y1), (x2, y2), "line");
        let (dx, dy) = ((x2 - x1).signum(), (y2 - y1).signum());
        let (bx, by) = (x2 - 8 * dx, y2 - 8 * dy);
        let (px, py) = (4 * dy, 4 * dx);
        self.add(format_args!(
            r#"<path d="M{x2} {y2} L{} {} L{} {} Z" class="head"/>"#,
            bx + px,
            by + py,
            bx - px,
            by - py
        ));
    }

    fn rect(&mut self, (x, y): (i32, i32), (width, height): (i32, i32), class: &str) {
        self.add(format_args!(
            r#"<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="4" class="{class}"/>"#
        ));
    }

    fn end(self) -> String {
        let Picture { name, title, description, width, height, body } = self;
        let (title, description) = (escaped(&title), escaped(description.trim()));
        format!(
            "<figure class=\"picture\">\n\
             <svg role=\"img\" aria-labelledby=\"picture-{name} picture-{name}-words\" \
             viewBox=\"0 0 {width} {height}\" width=\"{width}\" xmlns=\"http://www.w3.org/2000/svg\">\n\
             <title id=\"picture-{name}\">{title}</title>\n\
             <desc id=\"picture-{name}-words\">{description}</desc>\n\
             {body}</svg>\n\
             </figure>"
        )
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// What happens in a sequence, from top to bottom.
enum Happens<'a> {
    /// From one participant to another.
    Sent(usize, usize, &'a str),
    /// At one participant.
    Done(usize, &'a str),
}
use Happens::{Done, Sent};

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
        picture.rect((x(i) - width / 2, 2), (width, 26), "box");
        picture.text(x(i), 20, "middle", "name", participant);
    }
    for (row, happening) in happens.iter().enumerate() {
        let y = 44 + ROW * row as i32 + 18;
        let step = row + 1;
        match *happening {
            Sent(from, to, what) => {
                picture.arrow((x(from), y), (x(to), y));
                picture.text((x(from) + x(to)) / 2, y - 6, "middle", "label", what);
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
        }
    }
    picture
}

fn call() -> Picture {
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

fn unary() -> Picture {
    sequence(
        "unary",
        "The frames of a unary call",
        &SIDES,
        &[
            Sent(0, 1, "HEADERS: the path"),
            Sent(0, 1, "DATA: the request, end"),
            Sent(1, 0, "HEADERS: 200"),
            Sent(1, 0, "DATA: the response"),
            Sent(1, 0, "HEADERS: grpc-status, end"),
        ],
    )
}

fn server_streaming() -> Picture {
    sequence(
        "server-streaming",
        "The frames of a call with server streaming",
        &SIDES,
        &[
            Sent(0, 1, "HEADERS: the path"),
            Sent(0, 1, "DATA: the request, end"),
            Sent(1, 0, "HEADERS: 200"),
            Sent(1, 0, "DATA: response 1"),
            Sent(1, 0, "DATA: response 2"),
            Sent(1, 0, "DATA: response 3"),
            Sent(1, 0, "HEADERS: grpc-status, end"),
        ],
    )
}

fn client_streaming() -> Picture {
    sequence(
        "client-streaming",
        "The frames of a call with client streaming",
        &SIDES,
        &[
            Sent(0, 1, "HEADERS: the path"),
            Sent(0, 1, "DATA: request 1"),
            Sent(0, 1, "DATA: request 2"),
            Sent(0, 1, "DATA: request 3"),
            Sent(0, 1, "DATA: empty, end"),
            Sent(1, 0, "HEADERS: 200"),
            Sent(1, 0, "DATA: the response"),
            Sent(1, 0, "HEADERS: grpc-status, end"),
        ],
    )
}

fn bidirectional() -> Picture {
    sequence(
        "bidirectional",
        "The frames of a call with bidirectional streaming, in one order of many",
        &SIDES,
        &[
            Sent(0, 1, "HEADERS: the path"),
            Sent(1, 0, "HEADERS: 200"),
            Sent(0, 1, "DATA: request 1"),
            Sent(1, 0, "DATA: response 1"),
            Sent(0, 1, "DATA: request 2"),
            Sent(0, 1, "DATA: request 3"),
            Sent(1, 0, "DATA: response 2"),
            Sent(0, 1, "DATA: empty, end"),
            Sent(1, 0, "DATA: response 3"),
            Sent(1, 0, "HEADERS: grpc-status, end"),
        ],
    )
}

/// What the folders of the repository have to do with each other.
fn house() -> Picture {
    let mut picture = Picture::new("house", "The folders of the repository", 440);
    picture.height = 262;
    let lesson = ["proto/", "build.rs", "src/", "examples/", "python/", "tests/", "transcripts/"];
    picture.rect((2, 2), (172, 258), "box");
    picture.text(88, 24, "middle", "name", "lessons/01-helloworld/");
    for (i, name) in lesson.iter().enumerate() {
        let y = 36 + 31 * i as i32;
        picture.rect((16, y), (144, 25), "note");
        picture.text(88, y + 17, "middle", "label", name);
    }
    picture.description = "A lesson has the folders proto, src, examples, python, tests and \
                           transcripts, and the file build.rs. "
        .into();
    for (i, (name, what, how)) in [
        ("my-helloworld/", "you write it", "start"),
        ("xtask/", "runs it", "verify, check"),
        ("mdbook/", "shows it", "book"),
    ]
    .into_iter()
    .enumerate()
    {
        let y = 20 + 84 * i as i32;
        picture.rect((292, y), (146, 54), "box");
        picture.text(365, y + 22, "middle", "name", name);
        picture.text(365, y + 42, "middle", "label", what);
        picture.arrow((174, y + 27), (292, y + 27));
        picture.text(230, y + 20, "middle", "label", how);
        picture.description += &format!("cargo xtask {how}: {name} {what}. ");
    }
    picture
}

/// Which files of a lesson grow at which step, and by how many lines.
fn files(lesson: &LessonSource) -> Picture {
    const CELL: i32 = 38;
    const ROW: i32 = 28;
    let steps = lesson.steps.len();
    let lines = |source: &Source, step| source.at(step).map_or(0, |at| at.text.lines().count());
    // The manifest is there from the start, and some files belong to exercises only.
    let sources = lesson.sources.iter().filter(|source| !source.path.ends_with("Cargo.toml"));
    let sources: Vec<&Source> = sources.filter(|source| lines(source, steps) > 0).collect();
    let names: Vec<String> = sources.iter().map(|source| slashed(&source.path)).collect();
    let left = 7 * names.iter().map(String::len).max().unwrap_or_default() as i32 + 16;
    let mut picture = Picture::new(
        &format!("files {}", lesson.name),
        &format!("How the files of {} grow from step to step", lesson.name),
        left + CELL * steps as i32 + 2,
    );
    for step in 1..=steps {
        let x = left + CELL * step as i32 - CELL / 2;
        picture.text(x, 18, "middle", "name", &step.to_string());
    }
    let mut y = 28;
    for (source, name) in sources.into_iter().zip(names) {
        picture.text(left - 8, y + 17, "end", "path", &name);
        picture.description += &format!("{name}: ");
        for step in 1..=steps {
            let x = left + CELL * (step as i32 - 1) + 2;
            let (before, now) = (lines(source, step - 1), lines(source, step));
            let class = match now {
                0 => continue,
                _ if source.grows_at(step) => "grows",
                _ => "stays",
            };
            picture.rect((x, y), (CELL - 4, ROW - 4), class);
            if class == "grows" {
                let more = format!("+{}", now - before);
                picture.text(x + CELL / 2 - 2, y + 17, "middle", "label", &more);
                picture.description += &format!("{more} lines at step {step}, ");
            }
        }
        picture.description += "no more. ";
        y += ROW;
    }
    picture.height = y + 2;
    picture
}
