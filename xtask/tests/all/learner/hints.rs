//! What `cargo xtask hint` says, and where that leads to.

use std::fs;
use std::path::Path;
use std::thread;

use anyhow::{Context, Result, anyhow, ensure};
use xtask::learner::own;
use xtask::steps::regions;
use xtask::workspace::lesson::Lesson;

use super::{Desk, lessons, solution, sources};
use crate::common::root;

#[test]
#[ignore = "slow: cargo xtask ci runs it"]
fn every_lesson_can_be_written_from_its_hints() -> Result<()> {
    let lessons = lessons()?;
    thread::scope(|scope| {
        let begin = |lesson| scope.spawn(move || write_from_hints(lesson));
        let written: Vec<_> = lessons.iter().map(begin).collect();
        written
            .into_iter()
            .try_for_each(|lesson| lesson.join().map_err(|_| anyhow!("see above"))?)
    })
}

fn write_from_hints(lesson: &Lesson) -> Result<()> {
    let mut states = regions::read_sound(lesson, root())?;
    states.retain(|source| source.path != Path::new("Cargo.toml"));
    let Lesson { name: lesson, package, steps, .. } = lesson;
    let steps = steps.len();
    let desk = Desk::new()?;
    desk.succeed(&format!("start {lesson}"))?;
    let mut finished = 0;
    loop {
        let hint = desk.succeed("hint")?;
        if hint.starts_with("All ") {
            break;
        }
        let place = hint.lines().take(2).collect::<Vec<_>>().join("\n");
        let (step, part, parts) = numbers(&hint).with_context(|| hint.clone())?;
        ensure!(step == finished + 1 && part <= parts, "{lesson}: {hint}");
        ensure!(!hint.contains("+++"), "this is the solution: {hint}");

        let solution = desk.succeed("hint --solution")?;
        ensure!(solution.starts_with(&place), "{hint} is not {solution}");
        apply(&desk, &format!("my-{package}"), &solution)?;

        if part == parts {
            finished = step;
            // What `check` says of it, the book's reader sees, who gets there from its listings.
            for source in &states {
                let path = format!("my-{package}/{}", source.path.display());
                let expected = source.at(step).map(|file| own(&file.text)).unwrap_or_default();
                let written = desk.read(&path).unwrap_or_default();
                assert_eq!(written, expected, "{lesson} step {step}: {path}");
            }
        }
    }
    assert_eq!(finished, steps, "{lesson}");
    for path in sources(lesson)? {
        assert_eq!(desk.read(&format!("my-{package}/{path}"))?, solution(lesson, &path)?, "{path}");
    }
    Ok(())
}

#[test]
fn hints_come_in_the_order_of_the_book() -> Result<()> {
    let mut seen = 0;
    for lesson in lessons()? {
        for step in 1..=lesson.steps.len() {
            let page = root().join(format!("mdbook/src/{}/step{step}.md", lesson.name));
            let page = fs::read_to_string(&page).with_context(|| page.display().to_string())?;
            let place = |name: &str| page.find(&format!(":{name}}}}}"));
            let regions = lesson.hints.iter().map(|(name, _)| name);
            let of_step = regions.filter(|name| name.starts_with(&format!("step{step}-")));
            let places: Vec<_> = of_step.filter_map(|name| Some((place(name)?, name))).collect();
            ensure!(places.is_sorted(), "{} step {step}: {places:?}", lesson.name);
            seen += places.len();
        }
    }
    ensure!(seen > 0, "no page has a region");
    Ok(())
}

/// The numbers in `Step 3, implement the servicer: part 2 of 5`.
fn numbers(hint: &str) -> Option<(usize, usize, usize)> {
    let (step, rest) = hint.lines().next()?.strip_prefix("Step ")?.split_once(", ")?;
    let (part, parts) = rest.rsplit_once(": part ")?.1.split_once(" of ")?;
    Some((step.parse().ok()?, part.parse().ok()?, parts.parse().ok()?))
}

/// Does what `patch -p1` does in `folder`.
fn apply(desk: &Desk, folder: &str, hint: &str) -> Result<()> {
    let begin = hint.find("\n--- ").with_context(|| format!("no patch: {hint}"))? + 1;
    let patch = diffy::Patch::from_str(&hint[begin..])?;
    let path = patch.modified().and_then(|path| path.strip_prefix("b/")).context("no path")?;
    let path = format!("{folder}/{path}");
    let is_new = patch.original() == Some("/dev/null");
    ensure!(is_new != desk.path(&path).exists(), "{hint}");
    let old = if is_new { String::new() } else { desk.read(&path)? };
    desk.write(&path, &diffy::apply(&old, &patch)?)
}

#[test]
#[ignore = "slow: cargo xtask ci runs it"]
fn a_hint_respects_what_the_learner_has() -> Result<()> {
    let desk = Desk::new()?;
    desk.succeed("start 01 --step 3")?;
    let server = solution("01-helloworld", "src/server.rs")?;
    let begin = server.find("    async fn say_hello_again").context("no second method")?;
    let end = server.find("/// Serves on").context("no run")?;
    let first = server[..begin].trim_end();
    let server = format!("{first}\n}}\n\n{}", &server[end..]);

    // A beginning of it.
    let beginning: String = server.lines().take(12).map(|line| format!("{line}\n")).collect();
    desk.write("my-helloworld/src/server.rs", &beginning)?;
    let hint = desk.succeed("hint --solution")?;
    ensure!(hint.starts_with("Step 3, implement the servicer: part 1 of 4\nsrc/server.rs, "));
    apply(&desk, "my-helloworld", &hint)?;
    assert_eq!(desk.read("my-helloworld/src/server.rs")?, server);

    // In words of the learner's own, and with the line ends of Windows.
    let own = server
        .replace("///", "// in short:")
        .replace("let name = request.into_inner().name;", "let who = request.into_inner().name;")
        .replace("format!(\"Hello, {name}!\")", "[\"Hello, \", &who, \"!\"].concat()")
        .replace('\n', "\r\n");
    desk.write("my-helloworld/src/server.rs", &own)?;
    let hint = desk.succeed("hint")?;
    ensure!(
        hint.starts_with("Step 3, implement the servicer: part 2 of 4\nsrc/lib.rs, after line "),
        "{hint}"
    );
    Ok(())
}

#[test]
#[ignore = "slow: cargo xtask ci runs it"]
fn a_method_goes_into_its_service_wherever_that_stands() -> Result<()> {
    let desk = Desk::new()?;
    desk.succeed("start 01 --step 5")?;
    let proto = "my-helloworld/proto/helloworld.proto";
    let service = "service Greeter {\n  rpc SayHello (HelloRequest) returns (HelloReply);\n}\n";
    let messages = "message HelloRequest {\n  string name = 1;\n}\n\n\
                    message HelloReply {\n  string message = 1;\n}\n";
    let head = "syntax = \"proto3\";\npackage helloworld;\n\n";
    for (order, line) in [
        (format!("{head}{messages}\n{service}"), 13),
        (format!("{head}{service}\n{messages}"), 5),
        (format!("{head}{messages}\n{}", service.replace(" {", "\n{")), 14),
    ] {
        desk.write(proto, &order)?;
        let hint = desk.succeed("hint --solution")?;
        let place = format!("helloworld.proto, after line {line}, `rpc SayHello ");
        ensure!(hint.contains(&place), "{order}{hint}");
        // There, it makes a trait with one method more.
        let compiles_but = "would not compile with it: not all trait items implemented";
        ensure!(hint.contains(compiles_but), "{order}{hint}");
    }
    Ok(())
}
