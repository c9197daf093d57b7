//! The folders of the repository, and the files of a lesson as they grow.

use xtask::steps::regions::Source;

use crate::pages::listing::LessonSource;
use crate::pages::page::slashed;
use crate::pictures::svg::Picture;

/// What the folders of the repository have to do with each other.
pub fn house() -> Picture {
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
        ("xtask/", "runs both", "verify"),
        ("mdbook/", "shows it", "book"),
    ]
    .into_iter()
    .enumerate()
    {
        let y = 20 + 84 * i as i32;
        picture.rect((292, y), (146, 54), "box");
        picture.text(365, y + 22, "middle", "name", name);
        picture.text(365, y + 42, "middle", "label", what);
        picture.arrow((174, y + 27), (292, y + 27), "line");
        picture.text(230, y + 20, "middle", "label", how);
        picture.description += &format!("cargo xtask {how}: {name} {what}. ");
    }
    // It is the crate of the learner that `check` looks at, not the lesson.
    picture.arrow((365, 74), (365, 104), "line");
    picture.text(375, 94, "start", "label", "check");
    picture.description += "cargo xtask check goes from my-helloworld/ to xtask/. ";
    picture
}

/// Which files of a lesson grow at which step, and by how many lines.
pub fn files(lesson: &LessonSource) -> Picture {
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
