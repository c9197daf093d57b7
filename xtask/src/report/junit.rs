//! For test runners and CI systems: the XML that they exchange.

use std::time::Duration;

use anstream::adapter::strip_str;
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use crate::report::verdict::Verdict;

/// The verdicts as JUnit has them: a `testsuite` a lesson, a `testcase` a pair.
///
/// # Errors
///
/// Never: a `String` takes all that is written to it.
pub fn document(verdicts: &[Verdict]) -> anyhow::Result<String> {
    let mut report = Report::new("cargo xtask");
    report.set_time(time(verdicts));
    for of_lesson in verdicts.chunk_by(|a, b| a.lesson == b.lesson) {
        let mut suite = TestSuite::new(of_lesson[0].lesson.as_str());
        suite.set_time(time(of_lesson)).add_test_cases(of_lesson.iter().map(test_case));
        report.add_test_suite(suite);
    }
    Ok(report.to_string()?)
}

fn time(verdicts: &[Verdict]) -> Duration {
    Duration::from_secs_f64(verdicts.iter().map(|verdict| verdict.seconds).sum())
}

fn test_case(verdict: &Verdict) -> TestCase {
    let Verdict { lesson, pair, sides, ok, seconds, details } = verdict;
    let mut status = TestCaseStatus::success();
    if !ok {
        let text = legal(&strip_str(details).to_string());
        status = TestCaseStatus::non_success(NonSuccessKind::Failure);
        status.set_message(text.lines().next().unwrap_or_default().trim());
        status.set_description(text);
    }
    let name = sides.as_ref().map_or(pair.clone(), |sides| sides.join(" + "));
    let mut case = TestCase::new(legal(&name), status);
    case.set_classname(lesson.as_str()).set_time(Duration::from_secs_f64(*seconds));
    case
}

/// `text` without the two characters that no XML may have, and that quick-junit lets through.
fn legal(text: &str) -> String {
    text.replace(['\u{fffe}', '\u{ffff}'], "\u{fffd}")
}
