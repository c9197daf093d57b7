//! The table has every method of every lesson, as their protos have them.

use anyhow::Context;
use methods::Lesson;
use testing::call::Kind;
use xtask::workspace::{Workspace, proto};

#[tokio::test]
async fn no_method_of_any_lesson_is_missing() -> anyhow::Result<()> {
    for lesson in Workspace::load().await?.lessons {
        let row = Lesson::of(&lesson.package)
            .with_context(|| format!("methods::LESSONS has no {}: add it", lesson.package))?;
        let declared = proto::declarations(&lesson.folder).map_err(anyhow::Error::msg)?;
        let mut expected = Vec::new();
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
            expected.push((format!("/{service}/{name}"), kind));
        }
        let methods = row.methods.iter().map(|method| (method.path.to_owned(), method.kind));
        assert_eq!(Vec::from_iter(methods), expected, "{}", lesson.package);
    }
    Ok(())
}
