//! For programs: a list of objects.

use anstream::adapter::strip_str;
use serde::Serialize;

use crate::report::verdict::Verdict;

/// A verdict, as `verify --help` describes it.
#[derive(Serialize)]
struct Object<'a> {
    lesson: &'a str,
    #[serde(flatten)]
    what: What<'a>,
    verdict: &'static str,
    seconds: f64,
    difference: Option<String>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum What<'a> {
    Pair { server: &'a str, client: &'a str },
    Submission { submission: &'a str },
}

/// The verdicts as JSON.
///
/// # Errors
///
/// Never: all of it can be said in JSON.
pub fn document(verdicts: &[Verdict]) -> serde_json::Result<String> {
    let objects: Vec<_> = verdicts.iter().map(object).collect();
    serde_json::to_string_pretty(&objects)
}

fn object(verdict: &Verdict) -> Object<'_> {
    let Verdict { lesson, pair, sides, ok, seconds, details } = verdict;
    let difference = strip_str(details).to_string();
    Object {
        lesson,
        what: match sides {
            Some([server, client]) => What::Pair { server, client },
            None => What::Submission { submission: pair },
        },
        verdict: if *ok { "passed" } else { "failed" },
        seconds: *seconds,
        difference: if difference.is_empty() { None } else { Some(difference) },
    }
}
