//! Items: the functions, types and messages of a source file, found by what they are called.
//!
//! The book shows a part of a file by its item, `fn run` or `message Point`, so that nothing in the
//! file has to mark it. Source that is formatted says by its indentation where an item ends.

use std::ops::Range;
use std::path::Path;

/// What stands in front of an item's name without being a part of it.
const MODIFIERS: [&str; 4] = ["pub ", "pub(crate) ", "async ", "export "];

/// The lines of the file at `path` that `name` names: `fn run`, `impl Greeter`, `service Greeter`,
/// `class GreeterServicer`, with the comments and attributes above it. `use` is the beginning of a
/// file: what it says of itself, and its imports.
///
/// # Errors
///
/// If there is no such item, or more than one: in words for whoever names it.
pub fn find(path: &Path, lines: &[&str], name: &str) -> Result<Range<usize>, String> {
    if name == "use" {
        return match lines.iter().rposition(|line| line.starts_with("use ")) {
            Some(last) => Ok(0..end(lines, last)),
            None => Err(format!("{} has no imports", path.display())),
        };
    }
    let is_python = path.extension().is_some_and(|extension| extension == "py");
    let mut found = (0..lines.len()).filter(|&index| is_called(lines[index], name));
    match (found.next(), found.next()) {
        (Some(header), None) => {
            let end = if is_python { block_end(lines, header) } else { end(lines, header) };
            Ok(begin(lines, header)..end)
        }
        (None, _) => Err(format!("{} has no region and no item `{name}`", path.display())),
        (Some(_), Some(_)) => Err(format!("{} has more than one `{name}`", path.display())),
    }
}

/// Whether `line` begins the item `name`.
fn is_called(line: &str, name: &str) -> bool {
    let mut line = line.trim_start();
    while let Some(rest) = MODIFIERS.iter().find_map(|modifier| line.strip_prefix(modifier)) {
        line = rest;
    }
    // `impl<T: Service> Service for T` is called `impl Service`.
    let without_generics = line.strip_prefix("impl<").and_then(|rest| rest.split_once("> "));
    let rest = match without_generics {
        Some((_, rest)) => name.strip_prefix("impl ").and_then(|name| rest.strip_prefix(name)),
        None => line.strip_prefix(name),
    };
    rest.is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_'))
}

fn indentation(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

/// Where the comments and attributes of the item at `header` begin.
fn begin(lines: &[&str], header: usize) -> usize {
    let is_its = |line: &&&str| {
        let text = line.trim_start();
        indentation(line) == indentation(lines[header])
            && ["//", "#", "@"].iter().any(|begin| text.starts_with(begin))
            && !text.contains("ANCHOR")
    };
    header - lines[..header].iter().rev().take_while(is_its).count()
}

/// Behind the last line of the item at `header`, which ends with a brace or a semicolon.
fn end(lines: &[&str], header: usize) -> usize {
    let is_last = |line: &&str| {
        let text = line.trim_end();
        indentation(line) == indentation(lines[header]) && text.ends_with(['}', ';'])
    };
    lines[header..].iter().position(is_last).map_or(lines.len(), |last| header + last + 1)
}

/// Behind the last line of the item at `header`, which is all that is indented below it.
fn block_end(lines: &[&str], header: usize) -> usize {
    let is_outside = |line: &&str| {
        // What begins with a bracket ends a list: of parameters, or of what a constant holds.
        !line.trim().is_empty()
            && !line.trim_start().starts_with([')', ']', '}'])
            && indentation(line) <= indentation(lines[header])
    };
    let next = lines[header + 1..].iter().position(is_outside);
    let end = next.map_or(lines.len(), |next| header + 1 + next);
    end - lines[..end].iter().rev().take_while(|line| line.trim().is_empty()).count()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    const RUST: &str = "\
//! What it is.

use a::{
    b,
};
use c;

/// Says what.
#[derive(Clone)]
pub struct Places(Vec<u8>);

impl Places {
    /// New.
    pub fn new() -> Self {
        Places(vec![])
    }

    pub async fn at(
        &self,
    ) -> Option<u8>
    where
        Self: Sized,
    {
        None
    }
}

impl<T: Greeter> Greeter for Bounded<T> {
    type Stream = ();
}

const TEAMS: [u8; 2] = [
    1, 2,
];
";

    const PYTHON: &str = "\
import a


@b
class C:
    \"\"\"Doc.\"\"\"

    def f(
        self,
    ) -> int:
        return 1


def f2():
    pass


if x:
    f2()

# What it holds.
TEAMS = {
    1: 2,
}
X = 1
";

    #[test]
    fn an_item_ends_where_its_indentation_says_so() {
        let rust = Path::new("a.rs");
        let python = Path::new("a.py");
        for (path, text, name, first, last) in [
            (rust, RUST, "use", 1, 6),
            (rust, RUST, "struct Places", 8, 10),
            (rust, RUST, "impl Places", 12, 26),
            (rust, RUST, "fn new", 13, 16),
            (rust, RUST, "fn at", 18, 25),
            (rust, RUST, "impl Greeter", 28, 30),
            (rust, RUST, "type Stream", 29, 29),
            (rust, RUST, "const TEAMS", 32, 34),
            (python, PYTHON, "class C", 4, 11),
            (python, PYTHON, "def f", 8, 11),
            (python, PYTHON, "def f2", 14, 15),
            (python, PYTHON, "TEAMS", 21, 24),
        ] {
            let lines: Vec<&str> = text.lines().collect();
            assert_eq!(super::find(path, &lines, name), Ok(first - 1..last), "{name}");
        }
    }

    #[test]
    fn what_is_not_there_or_twice_is_named() {
        let path = Path::new("a.rs");
        let find = |name| super::find(path, &["fn a() {}", "fn a() {}", "fn ab() {}"], name);
        assert_eq!(find("fn ab"), Ok(2..3));
        assert_eq!(find("fn a").unwrap_err(), "a.rs has more than one `fn a`");
        assert_eq!(find("fn abc").unwrap_err(), "a.rs has no region and no item `fn abc`");
        assert_eq!(find("use").unwrap_err(), "a.rs has no imports");
    }
}
