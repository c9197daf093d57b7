//! Whether a learner's server keeps out those whom the lesson's does, and lets in those for whom it has
//! made certificates by itself.

use anyhow::Context;

use crate::learner::ours::Ours;
use crate::learner::wording::{self, Yours};
use crate::run::pair;
use crate::run::side::Side;
use crate::workspace::lesson::Lesson;
use crate::workspace::{Workspace, requests, with_own_certificates};

/// Tokens that nobody has, as the caller is told of them, and in words.
const NOBODYS: [(&str, &str); 2] = [("=wrong", "the token `wrong`"), ("=", "an empty token")];

/// The code for a caller whom nobody knows.
const UNAUTHENTICATED: &str = "UNAUTHENTICATED";

/// What is wrong with whom `server`, which works as far as `step`, lets in, and at which
/// step that is asked for. Nothing is seen in a lesson that keeps out nobody.
///
/// # Errors
///
/// If a program cannot be started.
pub async fn wrong(
    workspace: &Workspace,
    lesson: &Lesson,
    ours: &Ours,
    server: &Side,
    step: usize,
) -> anyhow::Result<Option<(usize, String)>> {
    let state = ours.at(step)?;
    let breaks: Vec<usize> = lesson.breaks.iter().copied().filter(|it| *it <= step).collect();
    for since in &breaks {
        let old = since - 1;
        if ours.run(ours.at(old)?, server).await?.client.failure.is_none() {
            let why = format!("your server still serves our client of step {old}: refuse it");
            return Ok(Some((*since, why)));
        }
    }
    let Some(tls) = lesson.tls.as_ref().filter(|tls| tls.step <= step) else { return Ok(None) };
    let known = requests::read(lesson)?.into_iter().find(|request| request.has_code());
    let request = known.with_context(|| format!("{lesson} has no request with a code"))?;
    let caller = workspace.caller("call_tls", lesson, true).await?;
    let our_server = ours.programs.side(&state.pair.server)?;
    for (token, what) in NOBODYS {
        let [over, authority, _, certificate, key] = tls.caller_args();
        let args = [over, authority, token.to_owned(), certificate, key];
        let args = args.into_iter().chain([request.path(), request.digits()]);
        let client = Side::with("call", &caller, args);
        let code = async |server: &Side| -> anyhow::Result<String> {
            let said = pair::run(server, state.pair.servers, &client).await?.client.stdout;
            Ok(said.split_whitespace().next().unwrap_or("nothing").to_owned())
        };
        if code(&our_server).await? != UNAUTHENTICATED {
            continue;
        }
        let theirs = code(server).await?;
        if theirs != UNAUTHENTICATED {
            let since = breaks.last().copied().unwrap_or(tls.step);
            let why = format!(
                "your server answered {theirs} to a call with {what}, expected {UNAUTHENTICATED}"
            );
            return Ok(Some((since, why)));
        }
    }
    let outcome = with_own_certificates(ours.run(state, server)).await?;
    let wrong = wording::wrong(&outcome, Yours::Server, &state.pair, &workspace.root)?;
    Ok(wrong.map(|why| (tls.step, format!("with certificates that it has just made, {why}"))))
}
