//! The table has every method of every lesson, as their protos have them.

use std::fs;

use anyhow::{Context, ensure};
use methods::Lesson;
use testing::call::Kind;
use xtask::system::files;
use xtask::workspace::{self, Workspace, proto};

/// The path and the kind of each method of `lesson`.
fn declared(lesson: &workspace::lesson::Lesson) -> anyhow::Result<Vec<(String, Kind)>> {
    let declared = proto::declarations(&lesson.folder).map_err(anyhow::Error::msg)?;
    let mut methods = Vec::new();
    for method in declared.context("no proto")?.iter().filter(|found| found.kind == "method") {
        let kind = match (
            method.what.contains("takes a stream of "),
            method.what.contains("returns a stream of "),
        ) {
            (false, false) => Kind::Unary,
            (false, true) => Kind::ServerStream,
            (true, false) => Kind::ClientStream,
            (true, true) => Kind::BothStream,
        };
        let (service, name) = method.name.rsplit_once('.').context("in no service")?;
        methods.push((format!("/{service}/{name}"), kind));
    }
    Ok(methods)
}

#[tokio::test]
async fn no_method_of_any_lesson_is_missing() -> anyhow::Result<()> {
    for lesson in Workspace::load().await?.lessons.iter().filter(|lesson| !lesson.is_apart) {
        let row = Lesson::of(&lesson.package)
            .with_context(|| format!("methods::LESSONS has no {}: add it", lesson.package))?;
        let methods = row.methods.iter().map(|method| (method.path.to_owned(), method.kind));
        assert_eq!(Vec::from_iter(methods), declared(lesson)?, "{}", lesson.package);
    }
    Ok(())
}

/// What is built with the table has no other features. So the methods of such a lesson are in no table
/// but its own.
#[tokio::test]
async fn a_lesson_that_is_built_apart_tests_its_methods_itself() -> anyhow::Result<()> {
    for lesson in Workspace::load().await?.lessons.iter().filter(|lesson| lesson.is_apart) {
        let name = &lesson.name;
        let mut tests = String::new();
        for (path, _) in files::within(&lesson.folder.join("tests"), &[]).unwrap_or_default() {
            tests += &fs::read_to_string(path)?;
        }
        ensure!(tests.contains("faults::"), "{name}: no test uses `testing::faults`: write one");
        for (path, _) in declared(lesson)? {
            let quoted = format!("\"{path}\"");
            ensure!(tests.contains(&quoted), "{name}: no test has the method {quoted}: write one");
        }
    }
    Ok(())
}
