//! Turns what `cargo xtask verify --format json` prints into the XML that test runners and CI systems
//! exchange: a `testsuite` a lesson, a `testcase` a pair. `--format junit` runs it, so that nobody
//! waits for its dependencies to compile who doesn't ask for that.

use std::io;
use std::time::Duration;

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};
use serde::Deserialize;

/// A verdict, as `verify --help` describes it.
#[derive(Deserialize)]
struct Verdict {
    lesson: String,
    #[serde(flatten)]
    what: What,
    seconds: f64,
    difference: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum What {
    Pair { server: String, client: String },
    Submission { submission: String },
}

fn main() -> anyhow::Result<()> {
    let verdicts: Vec<Verdict> = serde_json::from_reader(io::stdin())?;
    let mut report = Report::new("cargo xtask");
    report.set_time(time(&verdicts));
    for of_lesson in verdicts.chunk_by(|a, b| a.lesson == b.lesson) {
        let mut suite = TestSuite::new(of_lesson[0].lesson.as_str());
        suite.set_time(time(of_lesson)).add_test_cases(of_lesson.iter().map(test_case));
        report.add_test_suite(suite);
    }
    println!("{}", report.to_string()?);
    Ok(())
}

fn time(verdicts: &[Verdict]) -> Duration {
    Duration::from_secs_f64(verdicts.iter().map(|verdict| verdict.seconds).sum())
}

fn test_case(verdict: &Verdict) -> TestCase {
    let Verdict { lesson, what, seconds, difference } = verdict;
    let mut status = TestCaseStatus::success();
    if let Some(difference) = difference {
        let text = legal(difference);
        status = TestCaseStatus::non_success(NonSuccessKind::Failure);
        status.set_message(text.lines().next().unwrap_or_default().trim());
        status.set_description(text);
    }
    let name = match what {
        What::Pair { server, client } => format!("{server} + {client}"),
        What::Submission { submission } => submission.clone(),
    };
    let mut case = TestCase::new(legal(&name), status);
    case.set_classname(lesson.as_str()).set_time(Duration::from_secs_f64(*seconds));
    case
}

/// `text` without the two characters that no XML may have, and that quick-junit lets through.
fn legal(text: &str) -> String {
    text.replace(['\u{fffe}', '\u{ffff}'], "\u{fffd}")
}
