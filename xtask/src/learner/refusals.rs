//! Whether a learner's server refuses what the lesson's does: it is sent the lesson's table of requests.

use anyhow::bail;

use crate::run::cause;
use crate::run::outcome::{Ended, Outcome};
use crate::run::pair::{self, TIME_LIMIT};
use crate::run::side::Side;
use crate::steps::states::State;
use crate::workspace::lesson::{FIRST_RUNNABLE_STEP, Lesson};
use crate::workspace::metadata::Tls;
use crate::workspace::requests::{self, Request};
use crate::workspace::{Workspace, proto};

/// Sends `server`, which works as far as `step`, the requests of the methods that there are by then.
/// Returns the first that it does not answer as `lesson` does: at which step its method was added, and
/// what is wrong.
///
/// # Errors
///
/// If the table is wrong, or the program that sends them fails.
pub async fn wrong(
    workspace: &Workspace,
    lesson: &Lesson,
    states: &[State],
    server: &Side,
    step: usize,
    quietly: bool,
) -> anyhow::Result<Option<(usize, String)>> {
    let mut all = requests::read(lesson)?;
    let mut requests = Vec::new();
    for state in states.iter().filter(|state| state.step <= step) {
        let declared = proto::declarations(&state.folder).map_err(anyhow::Error::msg)?;
        let declared = declared.unwrap_or_default();
        let is_there = |request: &mut Request| {
            request.step <= state.step && declared.iter().any(|it| it.name == request.method)
        };
        let since = state.step.max(FIRST_RUNNABLE_STEP);
        requests.extend(all.extract_if(.., is_there).map(|request| (since, request)));
    }
    if requests.is_empty() {
        return Ok(None);
    }
    let name = if lesson.tls.is_some() { "call_tls" } else { "call" };
    let caller = workspace.caller(name, lesson, quietly).await?;
    let tls = lesson.tls.as_ref().filter(|tls| tls.step <= step);
    let tls: Vec<String> = tls.into_iter().flat_map(Tls::caller_args).collect();
    // Each method has the time limit for itself.
    for of_method in requests.chunk_by(|(_, one), (_, other)| one.method == other.method) {
        let calls = of_method.iter().flat_map(|(_, request)| [request.path(), request.digits()]);
        let args = tls.iter().cloned().chain(calls);
        let outcome = pair::run(server, 1, &Side::with("call", &caller, args)).await?;
        let mut answers = outcome.client.stdout.lines();
        for (since, request) in of_method {
            let answer = match answers.next() {
                Some(answer) => answer,
                None => &silence(&outcome)?,
            };
            let (code, message) = answer.split_once(' ').unwrap_or((answer, ""));
            let wrong = match code {
                "none" => {
                    let panic = outcome.server().and_then(|(_, it)| cause::panic(&it.stderr));
                    let why = panic.unwrap_or_else(|| message.to_owned());
                    Some(format!("did not answer {request}: {why}"))
                }
                _ => request.wrong(code, message),
            };
            if let Some(wrong) = wrong {
                return Ok(Some((*since, format!("your server {wrong}"))));
            }
        }
    }
    Ok(None)
}

/// The line of an answer that has not come.
fn silence(outcome: &Outcome) -> anyhow::Result<String> {
    let client = &outcome.client;
    Ok(match outcome.server() {
        Some((_, Ended { failure: Some(failure), is_early, .. }))
            if outcome.addrs.is_empty() || *is_early =>
        {
            format!("none it {failure}")
        }
        Some((_, server)) if server.is_early => "none it ended".into(),
        _ if client.status.is_none() => {
            format!("none no answer within {} s", TIME_LIMIT.as_secs())
        }
        _ => bail!("what sends the requests ended too early: {}", client.stderr.trim()),
    })
}
