//! Regions in files, and between the files of a lesson.

use anyhow::Result;
use tempfile::TempDir;
use testing::numbers::Numbers;

use super::*;

/// A file of which each word is a line: `+NAME` and `-NAME` for the markers of a region, `_`
/// for a line that is blank.
fn file(words: &str) -> String {
    let line = |word: &str| match word.split_at(1) {
        ("+", name) => format!("    // ANCHOR: {name}\n"),
        ("-", name) => format!("    // ANCHOR_END: {name}\n"),
        ("_", "") => "\n".to_owned(),
        _ => format!("{word}\n"),
    };
    words.split_whitespace().map(line).collect()
}

/// That file with each end of a line that a file can have.
fn files(words: &str) -> [String; 3] {
    let text = file(words);
    [text.trim_end_matches('\n').to_owned(), text.replace('\n', "\r\n"), text]
}

/// `text` as a file of a lesson with `steps` steps.
fn parse(text: &str, steps: usize) -> (Source, Vec<(usize, String)>) {
    Source::parse(Path::new("src/server.rs"), text, steps, None)
}

fn sound(text: &str, steps: usize) -> Source {
    let (source, problems) = parse(text, steps);
    assert_eq!(problems, [], "{text}");
    source
}

/// The lines of `text` that `wanted` wants by what stands in them, and their numbers.
fn those(text: &str, wanted: impl Fn(&str) -> bool) -> (String, Vec<usize>) {
    let lines = text.split_inclusive('\n').zip(1..);
    lines.filter(|(line, _)| wanted(line.trim())).unzip()
}

fn at(source: &Source, step: usize) -> Option<(String, Vec<usize>)> {
    source.at(step).map(|AtStep { text, numbers }| (text, numbers))
}

#[test]
fn a_step_has_the_lines_of_its_regions_and_of_all_before_it() {
    // A line that is no marker is the first step that has it.
    for words in [
        "0",
        "0 0 0",
        // One in another: of a later step, of many.
        "0 +step1-a 1 +step3-b 3 -step3-b 1 -step1-a 0",
        "0 +step1-a +step3-b +step12-c 12 -step12-c 3 +step4-d 4 -step4-d -step3-b -step1-a",
        // One after another, not in the order of the steps; 12 does not begin with 1.
        "0 +step12-a 12 -step12-a +step1-b 1 -step1-b +step1-c 1 -step1-c 0",
        // Empty ones.
        "0 +step2-a -step2-a 0 +step3-b +step4-c -step4-c 3 -step3-b +step3-d -step3-d",
        // Of exercises, which no step has.
        "0 +exercise never -exercise +step1-a 1 +exercise-b never -exercise-b 1 -step1-a 0",
    ] {
        for text in files(words) {
            let source = sound(&text, 12);
            for step in 0..=12 {
                let expected = those(&text, |line| line.parse().is_ok_and(|n: usize| n <= step));
                assert_eq!(at(&source, step), Some(expected), "step {step} of {text:?}");
            }
        }
    }
}

#[test]
fn the_book_shows_a_region_without_what_later_steps_put_into_it() {
    let words = "0 +step1-a 1 +step3-c 3 -step3-c 1 -step1-a +exercise-d e -exercise-d";
    for text in files(words) {
        let source = sound(&text, 5);
        let region = |name| -> Option<String> {
            let lines = source.region(name)?;
            Some(lines.iter().map(|line| line.text.trim_end()).collect::<Vec<_>>().join(" "))
        };
        assert_eq!(region("step1-a").as_deref(), Some("1 1"));
        assert_eq!(region("step3-c").as_deref(), Some("3"));
        assert_eq!(region("exercise-d").as_deref(), Some("e"));
        assert_eq!(region("step1-c"), None);
    }
}

#[test]
fn a_file_that_belongs_to_a_step_as_a_whole_has_no_marker_of_that_step() {
    let parse = |words: &str| Source::parse(Path::new("src/server.rs"), &file(words), 5, Some(3));
    let (source, problems) = parse("3 3 +step5-a 5 -step5-a 3");
    assert_eq!(problems, []);
    let text = |step| source.at(step).map(|file| file.text);
    assert_eq!(text(2), None);
    assert_eq!(text(3).as_deref(), Some("3\n3\n3\n"));
    assert_eq!(text(5).as_deref(), Some("3\n3\n5\n3\n"));
    let names: Vec<_> = source.regions.iter().map(|region| region.name.as_str()).collect();
    assert_eq!(names, ["step3-server", "step5-a"]);
    let whole = source.region("step3-server").map(|lines| lines.len());
    assert_eq!(whole, Some(3));

    let of_it = "`step3-a` is in `step3-server`, which is of the same step";
    assert_eq!(parse("+step3-a 3 -step3-a").1, [(1, of_it.to_owned())]);
    let before_it = "`step1-a` is in `step3-server`, which comes after it";
    assert_eq!(parse("3 +step1-a 3 -step1-a").1, [(2, before_it.to_owned())]);
}

#[test]
fn a_line_keeps_its_end() {
    let text = "a\r\n// ANCHOR: step1-a\r\nb\n\r\n// ANCHOR_END: step1-a\r\nc";
    let source = sound(text, 5);
    assert_eq!(at(&source, 0), Some(("a\r\nc".into(), vec![1, 6])));
    assert_eq!(at(&source, 1), Some(("a\r\nb\n\r\nc".into(), vec![1, 3, 4, 6])));
}

#[test]
fn a_file_is_there_from_the_step_on_that_puts_something_into_it() {
    for text in files("+step2-a _ _ +step3-b 3 -step3-b -step2-a _ _ +exercise x -exercise") {
        let source = sound(&text, 5);
        for step in 0..3 {
            assert_eq!(at(&source, step), None, "step {step} of {text:?}");
        }
        assert_eq!(at(&source, 3).map(|(_, numbers)| numbers), Some(vec![2, 3, 5, 8, 9]));
    }
    for text in files("+step2-a -step2-a +exercise x -exercise") {
        assert_eq!(at(&sound(&text, 5), 5), None, "{text:?}");
    }
    // What no region says anything of is there from the beginning on, be it empty.
    for text in ["", "\n", "\r\n"] {
        assert_eq!(at(&sound(text, 5), 0).map(|(left, _)| left), Some(text.into()));
    }
}

#[test]
fn a_marker_is_a_comment_of_any_kind() {
    for [begin, end] in [
        ["// ANCHOR: step1-a", "// ANCHOR_END: step1-a"],
        ["\t //ANCHOR:step1-a \t", "\t //ANCHOR_END:step1-a \t"],
        ["# ANCHOR: step1-a", "# ANCHOR_END: step1-a"],
        ["/* ANCHOR: step1-a */", "/*ANCHOR_END:step1-a*/"],
        ["<!-- ANCHOR: step1-a -->", "<!--ANCHOR_END:  step1-a  -->"],
    ] {
        for eol in ["\n", "\r\n"] {
            let text = [begin, "1", end, "0 // ANCHOR, without its colon"].join(eol);
            let source = sound(&text, 5);
            assert_eq!(at(&source, 0).map(|(_, numbers)| numbers), Some(vec![4]), "{text:?}");
            let Region { name, begin, end, .. } = &source.regions[0];
            assert_eq!((&**name, *begin, *end), ("step1-a", 1, 3));
        }
    }
    for (name, step) in [
        ("step1-", Some(1)),
        ("step5-B_2", Some(5)),
        ("step03-a", Some(3)),
        ("exercise", None),
        ("exercise-2", None),
        ("exercises", None),
    ] {
        let source = sound(&file(&format!("+{name} x -{name}")), 5);
        assert_eq!((&*source.regions[0].name, source.regions[0].step), (name, step));
    }
}

#[test]
fn what_is_wrong_is_told_once_and_where_it_is() {
    let no_marker = "a marker stands in a comment on a line of its own";
    let no_name = "a marker has a name of letters, digits, `_` and `-`, and nothing else";
    let begins = "a name begins with its step, as `step3-`, or `exercise`";
    let there_is_no = |step: &str| format!("there is no step {step}, the lesson has 5");
    let cases: &[(&str, &[(usize, String)])] = &[
        // Without an end.
        ("0 +step1-a 1", &[(2, "region `step1-a` has no end".into())]),
        (
            "+step1-a 1 +step2-b 2",
            &[(1, "region `step1-a` has no end".into()), (3, "region `step2-b` has no end".into())],
        ),
        ("+step1-a -step1-a +step1-a", &[(3, "region `step1-a` has no end".into())]),
        // Without a beginning.
        ("0 -step1-a 0", &[(2, "`step1-a` ends, but has not begun".into())]),
        ("+step1-a -step1-a -step1-a", &[(3, "`step1-a` ends, but has not begun".into())]),
        // With the end of another one, which has begun outside, or has not begun.
        (
            "+step1-a +step2-b -step1-a",
            &[(3, "`step1-a` ends, but `step2-b` of line 2 has to end first".into())],
        ),
        (
            "+step1-a +step2-b 1 -step1-a 1 -step2-b",
            &[(4, "`step1-a` ends, but `step2-b` of line 2 has to end first".into())],
        ),
        (
            "+step1-a +step2-b +step3-c -step1-a -step2-b -step3-c",
            &[(4, "`step1-a` ends, but `step3-c` of line 3 has to end first".into())],
        ),
        (
            "+step1-a 1 -step1-b 0",
            &[(3, "`step1-b` ends, but `step1-a` of line 1 has to end first".into())],
        ),
        (
            "+step1-a -step1-b -step1-a",
            &[(2, "`step1-b` ends, but `step1-a` of line 1 has to end first".into())],
        ),
        // Of no step.
        ("+step6-x -step6-x +step5-x -step5-x", &[(1, format!("`step6-x`: {}", there_is_no("6")))]),
        ("+step0-x -step0-x", &[(1, format!("`step0-x`: {}", there_is_no("0")))]),
        ("+step12-x -step12-x", &[(1, format!("`step12-x`: {}", there_is_no("12")))]),
        ("+foo -foo", &[(1, format!("`foo`: {begins}"))]),
        ("+step-x -step-x", &[(1, format!("`step-x`: {begins}"))]),
        ("+step3 -step3", &[(1, format!("`step3`: {begins}"))]),
        ("+Step3-x -Step3-x", &[(1, format!("`Step3-x`: {begins}"))]),
        ("+step3x-y -step3x-y", &[(1, format!("`step3x-y`: {begins}"))]),
        ("+my-step3-x -my-step3-x", &[(1, format!("`my-step3-x`: {begins}"))]),
        // That is not told of the regions in it, or of itself, again.
        ("+foo +step1-a -step1-a -foo", &[(1, format!("`foo`: {begins}"))]),
        // Not later than what it is in.
        (
            "0 +step3-a +step3-b -step3-b -step3-a",
            &[(3, "`step3-b` is in `step3-a`, which is of the same step".into())],
        ),
        (
            "0 +step5-a +step3-b -step3-b -step5-a",
            &[(3, "`step3-b` is in `step5-a`, which comes after it".into())],
        ),
        (
            "+exercise-a +step5-b -step5-b -exercise-a",
            &[(2, "`step5-b` is in `exercise-a`, which comes after it".into())],
        ),
        // What mdBook takes for a marker, but is none here, or the other way round.
        ("0;//ANCHOR:step1-a", &[(1, no_marker.into())]),
        ("0;//ANCHOR_END:step1-a", &[(1, no_marker.into())]),
        ("///ANCHOR:step1-a", &[(1, no_marker.into())]),
        ("ANCHOR:step1-a", &[(1, no_marker.into())]),
        ("+", &[(1, no_name.into())]),
        ("0 -", &[(2, no_name.into())]),
        ("+step1-ü", &[(1, no_name.into())]),
        ("+step1.a", &[(1, no_name.into())]),
        ("//ANCHOR:step1-a//ANCHOR_END:step1-a", &[(1, no_marker.into())]),
        // All of it, from the top to the bottom.
        (
            "+step1-a +foo -foo 0//ANCHOR:step1-b",
            &[
                (1, "region `step1-a` has no end".into()),
                (2, format!("`foo`: {begins}")),
                (4, no_marker.into()),
            ],
        ),
    ];
    for (words, expected) in cases {
        for text in files(words) {
            assert_eq!(parse(&text, 5).1, *expected, "{text:?}");
        }
    }
}

#[test]
fn while_a_region_is_written_those_of_later_steps_and_below_it_are_not_there() -> Result<()> {
    let text = file(
        "zero +step3-b b -step3-b +step2-c c +step5-e e -step5-e f \
         +step5-k k -step5-k -step2-c +exercise-g g -exercise-g +step1-h h -step1-h \
         +step2-i i -step2-i +exercise-j j -exercise-j",
    );
    let source = sound(&text, 5);
    for (name, there) in [
        ("step1-h", "zero h"),
        // What is in it is a part of it.
        ("step2-c", "zero c f h"),
        ("step2-i", "zero c f h i"),
        ("step3-b", "zero b c f h i"),
        ("step5-e", "zero b c e f h i"),
        ("step5-k", "zero b c e f h i k"),
        ("exercise-g", "zero b c e f g h i k"),
        ("exercise-j", "zero b c e f g h i j k"),
    ] {
        let region = source.regions.iter().find(|region| region.name == name);
        let up_to = region.and_then(|region| source.up_to(region)).context("nothing")?;
        let there: Vec<_> = there.split(' ').collect();
        let expected = those(&text, |line| there.contains(&line));
        assert_eq!((up_to.text, up_to.numbers), expected, "{name}");
    }
    Ok(())
}

#[test]
fn a_step_adds_what_is_more_than_blank() {
    let source = sound(&file("0 +step1-a _ +step2-b 2 -step2-b -step1-a +step4-c -step4-c"), 5);
    let grows: Vec<_> = (0..=5).filter(|&step| source.grows_at(step)).collect();
    assert_eq!(grows, [0, 2]);
}

const MANIFEST: &str = "\
[package]
name = \"made-up\"

[package.metadata.lesson]
title = \"Made up\"
steps = [
\"define\", \"generate\",
\"implement\",
]

[package.metadata.lesson.files]
\"src/whole.rs\" = 3
";

const HINTS_OF_IT: &str = "\
step1-a = \"declare the service\"
step2-a = \"generate the code\"
";

/// A lesson with [`MANIFEST`] and the files, which are as [`file`] has them, in a folder that
/// stands for its workspace.
fn lesson(files: &[(&str, &str)]) -> Result<(TempDir, Lesson)> {
    let root = tempfile::tempdir()?;
    let folder = root.path().join("lessons/07-made-up");
    for (path, words) in files {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().context("no folder")?)?;
        fs::write(path, file(words))?;
    }
    fs::write(folder.join("Cargo.toml"), MANIFEST)?;
    fs::write(folder.join(HINTS), HINTS_OF_IT)?;
    let lesson = Lesson {
        name: "07-made-up".into(),
        package: "made-up".into(),
        folder,
        is_apart: false,
        title: "Made up".into(),
        steps: ["define", "generate", "implement"].map(str::to_owned).into(),
        minutes: 0,
        after: Vec::new(),
        files: HashMap::from([("src/whole.rs".into(), 3)]),
        hints: ["step1-a", "step2-a"].map(|name| (name.to_owned(), String::new())).into(),
        pairs: Vec::new(),
        late: None,
        breaks: Vec::new(),
        several: None,
        tls: None,
        file: None,
    };
    Ok((root, lesson))
}

/// What is wrong with that lesson.
fn problems(files: &[(&str, &str)]) -> Result<String> {
    let (root, lesson) = lesson(files)?;
    let mut problems = Vec::new();
    read(&lesson, root.path(), &mut problems)?;
    Ok(problems.join("\n").replace('\\', "/"))
}

#[test]
fn what_is_wrong_between_files_is_told_with_their_places() -> Result<()> {
    let one = ("proto/a.proto", "+step1-a 1 -step1-a");
    let two = ("build.rs", "+step2-a 2 -step2-a");
    let three = ("src/server.rs", "+step3-a 3 -step3-a");
    let problems = |files: &[_]| problems(&[files, &[("src/whole.rs", "_")]].concat());
    assert_eq!(problems(&[one, two, three])?, "");

    // A name twice: in one file, in two.
    let twice = "+step3-a 3 -step3-a 0 +step3-a 3 -step3-a";
    assert_eq!(
        problems(&[one, two, ("src/server.rs", twice)])?,
        "lessons/07-made-up/src/server.rs:5: there is a region `step3-a` already, at \
         lessons/07-made-up/src/server.rs:1"
    );
    assert_eq!(
        problems(&[one, two, three, ("src/sub/more.rs", "0 +step1-a 1 -step1-a")])?,
        "lessons/07-made-up/src/sub/more.rs:2: there is a region `step1-a` already, at \
         lessons/07-made-up/proto/a.proto:1"
    );

    // A step that adds nothing: without a region, with blank lines only, with an empty one;
    // a region that is told of, but is not there.
    assert_eq!(
        problems(&[one, three])?,
        "lessons/07-made-up/Cargo.toml:7: step 2, \"generate\", adds nothing: no line is in \
         a region of it\n\
         lessons/07-made-up/hints.toml:2: there is no region `step2-a`"
    );
    assert_eq!(
        problems(&[one, two, ("src/server.rs", "+step3-a _ -step3-a +step3-b -step3-b 0")])?,
        "lessons/07-made-up/Cargo.toml:8: step 3, \"implement\", adds nothing: no line is in \
         a region of it"
    );

    // What is wrong in files, in their order.
    assert_eq!(
        problems(&[
            one,
            ("build.rs", "0 +step2-a 2"),
            ("src/client.rs", "-step3-b"),
            ("src/lib.rs", "+step4-a -step4-a"),
            three,
        ])?,
        "lessons/07-made-up/build.rs:2: region `step2-a` has no end\n\
         lessons/07-made-up/src/client.rs:1: `step3-b` ends, but has not begun\n\
         lessons/07-made-up/src/lib.rs:1: `step4-a`: there is no step 4, the lesson has 3"
    );
    Ok(())
}

#[test]
fn a_file_that_the_metadata_names_is_there_and_of_a_step() -> Result<()> {
    let (root, mut lesson) = lesson(&[
        ("proto/a.proto", "+step1-a 1 -step1-a"),
        ("build.rs", "+step2-a 2 -step2-a"),
        ("src/server.rs", "+step3-a 3 -step3-a"),
    ])?;
    lesson.files = HashMap::from([("src/whole.rs".into(), 4)]);
    let mut problems = Vec::new();
    read(&lesson, root.path(), &mut problems)?;
    assert_eq!(
        problems.join("\n").replace('\\', "/"),
        "lessons/07-made-up/Cargo.toml:12: there is no file src/whole.rs\n\
         lessons/07-made-up/Cargo.toml:12: `src/whole.rs`: there is no step 4, the lesson has 3"
    );
    Ok(())
}

#[test]
fn a_learner_is_told_of_one_thing_that_is_wrong() -> Result<()> {
    let (root, lesson) = lesson(&[("build.rs", "0 +step2-a 2"), ("src/lib.rs", "-step3-b")])?;
    let error = read_sound(&lesson, root.path()).err().context("it is sound")?;
    assert_eq!(
        error.to_string().replace('\\', "/"),
        "the lesson itself is broken: lessons/07-made-up/build.rs:2: region `step2-a` has no \
         end"
    );
    Ok(())
}

#[test]
fn files_come_in_the_order_in_which_one_writes_them() -> Result<()> {
    let paths = [
        "Cargo.toml",
        "proto/a.proto",
        "proto/google/b.proto",
        "build.rs",
        "src/data.rs",
        "src/server/limits.rs",
        "src/server.rs",
        "src/client.rs",
        "src/lib.rs",
        "src/main.rs",
    ];
    let others = ["tests/server.rs", "examples/more.rs", "src/.server.rs.swp", ".gitignore"];
    let all: Vec<_> = paths.iter().chain(&others).map(|path| (*path, "0")).collect();
    let (_root, lesson) = lesson(&all)?;
    assert_eq!(super::files(&lesson.folder)?, paths.map(PathBuf::from));
    Ok(())
}

#[test]
fn a_file_that_is_no_text_is_named() -> Result<()> {
    let (root, lesson) = lesson(&[("src/lib.rs", "0")])?;
    fs::write(lesson.folder.join("src/logo.png"), b"\x89PNG\r\n")?;
    let error = read(&lesson, root.path(), &mut Vec::new()).err().context("it is text")?;
    assert!(format!("{error:#}").contains("logo.png: stream did not contain valid UTF-8"));
    Ok(())
}

/// A walk is random: along a line, into a region that is one or more steps later than the one around
/// it, out of a region.
#[test]
fn a_line_is_there_from_the_step_of_the_innermost_region_on() {
    let mut numbers = Numbers::default();
    for _ in 0..1000 {
        let mut words = Vec::new();
        let mut open: Vec<(usize, String)> = Vec::new();
        for _ in 0..numbers.within(0..=60) {
            let step = open.last().map_or(0, |(step, _)| *step);
            let next = step + numbers.one_of(&[1, 2, 3]);
            match numbers.within(0..=3) {
                0 | 1 => words.push(step.to_string()),
                2 if next <= 5 => {
                    // The place makes the name unique.
                    let name = format!("step{next}-{}", words.len());
                    words.push(format!("+{name}"));
                    open.push((next, name));
                }
                _ => words.extend(open.pop().map(|(_, name)| format!("-{name}"))),
            }
        }
        words.extend(open.iter().rev().map(|(_, name)| format!("-{name}")));
        let text = file(&words.join(" "));
        let source = sound(&text, 5);
        for step in 0..=5 {
            let (left, numbers) = those(&text, |line| line.parse().is_ok_and(|n: usize| n <= step));
            let is_there = source.regions.is_empty() || !left.is_empty();
            assert_eq!(at(&source, step), is_there.then_some((left, numbers)), "{text}");
        }
    }
}
