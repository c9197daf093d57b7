//! For programs: a list of objects.

use anstream::adapter::strip_str;
use serde::Serialize;

use crate::report::verdict::Verdict;

/// A verdict, as `verify --help` describes it.
#[derive(Serialize)]
struct Object<'a> {
    lesson: &'a str,
    server: &'a str,
    client: &'a str,
    verdict: &'static str,
    seconds: f64,
    difference: Option<String>,
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
    let Verdict { lesson, server, client, ok, seconds, details, .. } = verdict;
    let difference = strip_str(details).to_string();
    Object {
        lesson,
        server,
        client,
        verdict: if *ok { "passed" } else { "failed" },
        seconds: *seconds,
        difference: if difference.is_empty() { None } else { Some(difference) },
    }
}
