//! How far a learner's server comes with the page of a lesson: what it does for a browser, and what
//! the page shows in one.

use std::fs;
use std::path::Path;

use anyhow::Context;

use crate::learner::grade::Reach;
use crate::learner::ours::Ours;
use crate::learner::wording::{self, Line};
use crate::learner::{Grade, Learner, protos};
use crate::run::pair::{self, FOREIGN_TIME_LIMIT};
use crate::run::side::Side;
use crate::steps::states::State;
use crate::system::chromedriver::Chromedriver;
use crate::system::files;
use crate::workspace::{Workspace, relative};

/// How the note begins of a page that may show anything.
const UNSEEN: &str = "nobody has looked at the page: install Chromium and its `chromedriver`";

/// Whose pages the server may be told to allow.
const ORIGIN: &str = "http://localhost:8000";

/// The exit code of the program that plays a transcript, if there is no browser.
const NO_BROWSER: i32 = 2;

/// What came of looking at a page.
enum Look {
    AsItShould,
    /// It shows something else, and what the browser says of it.
    Differs(Line, String),
    /// It cannot be used, as it goes on after "your page".
    Fails(String),
    /// Why nobody could look.
    Unseen(String),
}

/// How far the page of `server` comes, of the steps up to the last that is `declared`. A page that
/// does what a step says does all of the steps before: the transcript of each begins with that of
/// the one before.
///
/// # Errors
///
/// If one of our own programs fails.
pub async fn reach(
    workspace: &Workspace,
    Learner { folder, lesson }: &Learner<'_>,
    ours: &Ours,
    server: &Side,
    declared: usize,
    quietly: bool,
) -> anyhow::Result<Reach> {
    let states: Vec<&State> = ours.states.runnable().filter(|state| has(state)).collect();
    let Some(first) = states.first() else { return Ok(Reach::default()) };
    let mut reach = Reach { step: first.step - 1, ..Reach::default() };
    let web = workspace.caller("web", lesson, quietly).await?;
    let method = protos::methods(first)?.into_iter().next().context("no methods")?;
    let (service, name) = method.rsplit_once('.').context("a method without a service")?;
    let path = format!("/{service}/{name}");
    let theirs = does(&web, &path, server).await?;
    let files = files::within(&folder.join("src"), &[]).unwrap_or_default();
    let has_page = files.iter().any(|(path, _)| path.extension().is_some_and(|it| it == "html"));
    let mut before = 0;
    for state in states.iter().take_while(|state| state.step <= declared) {
        let ours = does(&web, &path, &ours.programs.side(&state.pair.server)?).await?;
        let lacks: Vec<_> = ours.iter().filter(|it| !theirs.contains(it)).collect();
        let keeps_out = ours.iter().any(|it| it.starts_with("keep out"));
        if let Some(what) = theirs.iter().find(|it| keeps_out && it.starts_with("lets in")) {
            reach.wrong = Some((state.step, format!("your server {what}")));
            break;
        }
        if let Some(what) = lacks.first() {
            let why = format!("your server does not {what}");
            // It would say yes to whoever asks.
            if what.starts_with("keep out") {
                reach.wrong = Some((state.step, why));
            } else if lacks.len() < ours.len() - before || before == 0 && has_page {
                reach.missing = why;
            }
            break;
        }
        (reach.step, before) = (state.step, ours.len());
    }
    let Some(state) = states.iter().find(|state| state.step == reach.step) else {
        return Ok(reach);
    };
    let (mut line, complaint) = match look(workspace, server, state, quietly).await? {
        Look::AsItShould => return Ok(reach),
        Look::Unseen(why) => {
            return Ok(Reach { note: Some((reach.step, format!("{UNSEEN} ({why})"))), ..reach });
        }
        Look::Fails(why) => {
            let wrong = Some((first.step, format!("your page {why}")));
            return Ok(Reach { step: first.step - 1, wrong, ..Reach::default() });
        }
        Look::Differs(line, complaint) => (line, complaint),
    };
    let mut step = reach.step;
    for state in states.iter().rev() {
        let transcript = state.pair.transcript("page");
        if fs::read_to_string(&transcript)?.lines().count() >= line.number {
            step = state.step;
            line.place = format!("{}:{}", relative(&transcript, &workspace.root), line.number);
        }
    }
    let lacks = line.printed.as_ref().and_then(|printed| printed.strip_prefix("! "));
    let lacks = lacks.map(|lacks| format!("your page has {lacks}"));
    let shows = format!("your page shows {line}{complaint}");
    Ok(Reach {
        step: step - 1,
        wrong: lacks.is_none().then_some((step, shows)),
        missing: lacks.unwrap_or_default(),
        ..Reach::default()
    })
}

/// What is said in `grades` if nobody has looked at the page.
pub fn unseen(grades: &[Grade]) -> Option<&str> {
    grades.iter().find_map(|grade| match grade {
        Grade::Works(Some(note)) => note.find(UNSEEN).map(|at| &note[at..]),
        _ => None,
    })
}

/// Whether the lesson has a page at `state`.
pub fn has(state: &State) -> bool {
    state.pair.transcript("page").is_file()
}

/// What `server` does for a browser, by itself and when it is told an origin, as it goes on after
/// "your server does not". The program `web` finds it out, with the method at `path`.
async fn does(web: &Path, path: &str, server: &Side) -> anyhow::Result<Vec<String>> {
    let mut all = Vec::new();
    for origin in [None, Some(ORIGIN)] {
        let server = match origin {
            Some(origin) => server.clone().with_data(origin),
            None => server.clone(),
        };
        let args = [path].into_iter().chain(origin).map(str::to_owned);
        let outcome = pair::run(&server, 1, &Side::with("web", web, args)).await?;
        all.extend(outcome.client.stdout.lines().map(str::to_owned));
    }
    Ok(all)
}

/// Plays the transcript of the page at `state` on that of `server`.
async fn look(
    workspace: &Workspace,
    server: &Side,
    state: &State,
    quietly: bool,
) -> anyhow::Result<Look> {
    let driver = match Chromedriver::start().await {
        Ok(driver) => driver,
        Err(error) => return Ok(Look::Unseen(format!("{error:#}"))),
    };
    let player = workspace.player(quietly).await?;
    let transcript = state.pair.transcript("page").to_string_lossy().into_owned();
    let mut client = Side::with("look", &player, [transcript, driver.port.clone()]);
    client.limit = 2 * FOREIGN_TIME_LIMIT;
    let outcome = pair::run(server, 1, &client).await?;
    driver.end().await?;
    let ended = &outcome.client;
    if ended.status.and_then(|status| status.code()) == Some(NO_BROWSER) {
        return Ok(Look::Unseen(ended.stderr.trim().to_owned()));
    }
    if let Some(failure) = &ended.failure {
        return Ok(match ended.status {
            Some(_) => Look::Fails(format!("cannot be used{}", ended.cause())),
            None => Look::Fails(format!("cannot be used: whoever does {failure}")),
        });
    }
    let line = wording::difference(&outcome, ended, "page", &state.pair, &workspace.root)?;
    let Some(mut line) = line else { return Ok(Look::AsItShould) };
    // What is done next is not shown.
    line.expected = line.expected.filter(|expected| !expected.starts_with("> "));
    let complaint = ended.stderr.lines().next();
    let complaint = complaint.map(|said| format!("\nthe browser says: {said}")).unwrap_or_default();
    Ok(Look::Differs(line, complaint))
}
