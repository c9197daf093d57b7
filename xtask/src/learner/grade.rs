//! Grades a learner's crate: which steps of the lesson work, and what is wrong with the others.

use std::fs;
use std::mem::replace;
use std::path::Path;

use anyhow::Context;

use crate::learner::ours::Ours;
use crate::learner::sources::Sources;
use crate::learner::theirs::Theirs;
use crate::learner::wording::{self, Yours, wrong};
use crate::learner::{Grade, Learner, kept, late, page, protos, refusals, strangers};
use crate::run::cause;
use crate::run::pair;
use crate::run::told;
use crate::run::transcript;
use crate::steps::regions;
use crate::steps::states;
use crate::workspace::lesson::FIRST_RUNNABLE_STEP;
use crate::workspace::{Workspace, with_own_certificates};

/// How far one side of a learner's program goes, or its page.
#[derive(Default)]
pub struct Reach {
    /// The last step at which it works; 0 if there is none.
    pub step: usize,
    /// At which step it does not work, though it is there, and what is wrong.
    pub wrong: Option<(usize, String)>,
    /// At which step all is as it was before, though no method is missing, and what is wrong if
    /// that step has been begun.
    pub as_before: Option<(usize, String)>,
    /// What there is of it at the next step, if it is not wrong.
    pub missing: String,
    /// At which step it does something that is worth a word, though it works.
    pub note: Option<(usize, String)>,
}

/// Grades each step of the learner's crate. None if it does not compile: unless it is done
/// `quietly`, Cargo has said why.
///
/// # Errors
///
/// If there is no crate, or one of our own programs fails.
pub async fn grade(
    workspace: &Workspace,
    learner: &Learner<'_>,
    quietly: bool,
) -> anyhow::Result<Option<Vec<Grade>>> {
    let Learner { folder, lesson } = learner;
    let theirs = Theirs::build(workspace, folder, lesson, quietly).await?;
    let Some(theirs) = theirs else { return Ok(None) };
    let ours = Ours::build(workspace, lesson, quietly).await?;
    with_own_certificates(graded(workspace, learner, &theirs, &ours, quietly)).await.map(Some)
}

async fn graded(
    workspace: &Workspace,
    learner: &Learner<'_>,
    theirs: &Theirs,
    ours: &Ours,
    quietly: bool,
) -> anyhow::Result<Vec<Grade>> {
    let Learner { folder, lesson } = learner;
    let root = &workspace.root;
    if lesson.tls.is_some() {
        // Ours makes what both sides then find.
        let last = ours.at(lesson.steps.len())?;
        ours.run(last, &ours.programs.side(&last.pair.server)?).await?;
    }
    let (mut server, client) =
        tokio::try_join!(ours.grade_server(theirs, root), ours.grade_client(theirs, root))?;
    if let Some(late) = lesson.late.as_ref().filter(|late| late.step <= server.step)
        && let Some(why) = late::wrong(workspace, lesson, late, &theirs.server, quietly).await?
    {
        let wrong = Some((late.step, why));
        server = Reach { step: late.step - 1, wrong, ..Reach::default() };
    }
    let is_generated = server.step > 0 || client.step > 0 || ours.are_generated(theirs)?;
    let protos = protos::grade(&ours.states.states, folder, is_generated)?;
    let mut page = Reach::default();
    if server.step > 0 {
        // Of a step that only adds fields, the server prints nothing.
        let declared = protos.iter().take_while(|grade| !matches!(grade, Grade::Missing(_)));
        let (states, step) = (&ours.states.states, server.step.min(declared.count()));
        page = page::reach(workspace, learner, ours, &theirs.server, step, quietly).await?;
        let refusals = refusals::wrong(workspace, lesson, states, &theirs.server, step, quietly);
        let wrong = match refusals.await? {
            None => {
                let step = step.max(FIRST_RUNNABLE_STEP);
                match kept::wrong(ours, lesson, &theirs.server, step).await? {
                    None => strangers::wrong(workspace, lesson, ours, &theirs.server, step).await?,
                    wrong => wrong,
                }
            }
            wrong => wrong,
        };
        if let Some((step, why)) = wrong {
            let before = if step > FIRST_RUNNABLE_STEP { step - 1 } else { 0 };
            server = Reach { step: before, wrong: Some((step, why)), ..Reach::default() };
        }
    }
    // The client has that step: so the server should have it, too.
    let begun = server.as_before.take().filter(|(step, _)| *step <= client.step);
    server.wrong = server.wrong.or(begun);
    let mut together = None;
    let is_of_server = client.step > 0 && client.step <= server.step;
    if client.wrong.is_none() && is_of_server && !lesson.breaks_between(client.step, server.step) {
        let servers = ours.at(client.step)?.pair.servers;
        let outcome = pair::run(&theirs.server, servers, &theirs.client).await?;
        together = wrong(&outcome, Yours::Both, &ours.at(client.step)?.pair, root)?;
    }

    let mut grades = Vec::new();
    for (index, proto) in protos.into_iter().enumerate() {
        let step = index + 1;
        let program = match step {
            1 => Grade::Works(None),
            // It is there, wherever it is.
            2 if is_generated => Grade::Works(None),
            2 => Grade::Missing(Sources::read(folder).generates().unwrap_or_default()),
            _ => match together.take_if(|_| step == client.step) {
                Some(why) => Grade::Wrong(why),
                // A client of gRPC sees nothing of the page.
                None if page::has(ours.at(step)?) => grade_step(step, &server, &page, true),
                None => grade_step(step, &server, &client, false),
            },
        };
        grades.push(match (program, proto) {
            (_, Grade::Wrong(why)) => Grade::Wrong(why),
            (Grade::Works(None), proto) if step == 1 => proto,
            // A cause comes before what it has caused.
            (Grade::Wrong(why), Grade::Missing(of_proto)) if !of_proto.is_empty() => {
                Grade::Wrong(format!("{of_proto}\n{why}"))
            }
            (Grade::Missing(what), Grade::Missing(of_proto)) if what.is_empty() => {
                Grade::Missing(of_proto)
            }
            (program, _) => program,
        });
    }
    Ok(grades)
}

/// What is wrong with the proto files of a crate that does not compile: Cargo speaks of what comes
/// of that.
///
/// # Errors
///
/// If the lesson itself is broken.
pub fn behind(workspace: &Workspace, learner: &Learner<'_>) -> anyhow::Result<Option<String>> {
    let Learner { folder, lesson } = learner;
    if let Some(oddity) = protos::oddity(folder) {
        return Ok(Some(oddity));
    }
    let sources = regions::read_sound(lesson, &workspace.root)?;
    let states = states::derive(workspace, lesson, &sources)?.states;
    let grades = protos::grade(&states, folder, false)?;
    Ok(grades.into_iter().find_map(|grade| match grade {
        Grade::Wrong(why) => Some(why),
        Grade::Missing(what) => Some(what).filter(|what| !what.is_empty()),
        Grade::Works(note) => note,
    }))
}

/// What the reach of the server and of what is `beside` it, the client or the page, says of a step.
fn grade_step(step: usize, server: &Reach, beside: &Reach, is_page: bool) -> Grade {
    // The servicer is written a step before there is a client to try it with.
    let state = step.max(FIRST_RUNNABLE_STEP);
    let sides = match step {
        FIRST_RUNNABLE_STEP => vec![beside],
        _ if step < FIRST_RUNNABLE_STEP => vec![server],
        _ => vec![server, beside],
    };
    let is_next = |side: &&&Reach| side.step + 1 == step && !side.missing.is_empty();
    let wrong = sides.iter().filter_map(|side| side.wrong.as_ref());
    let wrong: Vec<&str> =
        wrong.filter(|(at, _)| *at == state).map(|(_, why)| why.as_str()).collect();
    if !wrong.is_empty() {
        Grade::Wrong(wrong.join("\n"))
    } else if sides.iter().all(|side| side.step >= state) {
        let notes = sides.iter().filter_map(|side| side.note.as_ref());
        let notes: Vec<&str> =
            notes.filter(|(at, _)| *at == state).map(|(_, note)| note.as_str()).collect();
        Grade::Works((!notes.is_empty()).then(|| notes.join("; ")))
    } else if sides.iter().any(|side| side.wrong.is_some()) {
        // An earlier step does not work: nothing was seen of this one.
        Grade::missing()
    } else if let [side] = sides[..] {
        Grade::Missing(side.missing.clone())
    } else if let Some(side) = sides.iter().find(is_next) {
        Grade::Missing(side.missing.clone())
    } else if is_page {
        Grade::missing()
    } else if server.step >= state {
        Grade::Missing("your server has it, your client does not call it yet".into())
    } else if beside.step >= state && server.step + 1 == state {
        Grade::Missing("your client calls it, your server does not have it yet".into())
    } else {
        Grade::missing()
    }
}

impl Ours {
    /// Tries the learner's server with our client of each step, until one finds it wanting.
    async fn grade_server(&self, theirs: &Theirs, root: &Path) -> anyhow::Result<Reach> {
        let mut reach = Reach::default();
        for state in self.since_server(theirs).await? {
            let client = self.programs.side(&state.pair.client)?;
            let outcome = pair::run(&theirs.server, state.pair.servers, &client).await?;
            if let Some((_, server)) = outcome.server()
                && reach.step == 0
                && outcome.addrs.is_empty()
            {
                let other = pair::run_one(&theirs.no_role(), "127.0.0.1:0").await?;
                if let Some(missing) = theirs.lacks("server", (server, &[]), (&other, &[])).await? {
                    reach.missing = missing;
                    break;
                }
            }
            let told = cause::unimplemented(&outcome.client.stderr);
            let before = (reach.step > 0).then(|| self.at(reach.step)).transpose()?;
            let unanswered = told.map(|message| theirs.unanswered(state, before, message));
            let unanswered = unanswered.transpose()?.flatten();
            if reach.step > 0 && told.is_some() {
                reach.missing = unanswered.unwrap_or_default();
                break;
            }
            let mut wrong = wrong(&outcome, Yours::Server, &state.pair, root)?;
            if reach.step == 0 && !outcome.addrs.is_empty() {
                // First: if it has said something else, it was not it that we have called.
                let elsewhere = told::listens_elsewhere(&theirs.server).await?;
                wrong = elsewhere.map(|failure| format!("your server {failure}")).or(wrong);
            }
            if let (Some(why), Some(unanswered)) = (&mut wrong, unanswered)
                && why.starts_with("your server answered ")
            {
                *why = unanswered;
            }
            if let Some(why) = wrong {
                if reach.step > 0 && self.is_as_before(state, &client, &outcome).await? {
                    reach.as_before = Some((state.step, why));
                } else {
                    reach.wrong = Some((state.step, why));
                }
                break;
            }
            reach.step = state.step;
            if reach.note.is_none() {
                let noise = outcome.servers.iter().find_map(|it| wording::noise("your server", it));
                reach.note = noise.map(|it| (state.step, it));
            }
        }
        Ok(reach)
    }

    /// Tries the learner's client with our server. How much it prints says how far it goes.
    async fn grade_client(&self, theirs: &Theirs, root: &Path) -> anyhow::Result<Reach> {
        let (states, mut outcome) = self.of_client(theirs).await?;
        let newest = *states.last().context("the lesson has no steps")?;
        let server = self.programs.side(&newest.pair.server)?;
        if outcome.client.failure.is_some() || outcome.client.stdout.is_empty() {
            let other = pair::run(&server, newest.pair.servers, &theirs.no_role()).await?;
            let ended = (&outcome.client, &*outcome.addrs);
            let other = (&other.client, &*other.addrs);
            if let Some(missing) = theirs.lacks("client", ended, other).await? {
                return Ok(Reach { missing, ..Reach::default() });
            }
        }
        let first = |wrong| Reach { wrong: Some((FIRST_RUNNABLE_STEP, wrong)), ..Reach::default() };
        if wording::may_call_elsewhere(&outcome)
            && !told::connects(&theirs.client, newest.pair.servers).await?
        {
            return Ok(first(wording::calls_elsewhere(&outcome)));
        }
        let mut state = newest;
        for candidate in states {
            if !has_more_than(&outcome.client.stdout, &candidate.pair.transcript("client"))? {
                state = candidate;
                break;
            }
        }
        let printed = outcome.printed(&outcome.client);
        let is_right = transcript::compare(&state.pair.transcript("client"), &printed)?.is_none();
        if is_right && state.step != newest.step {
            // It calls no more than there is at that step: what that server prints counts.
            let server = self.programs.side(&state.pair.server)?;
            let of_state = pair::run(&server, state.pair.servers, &theirs.client).await?;
            let with_newest = replace(&mut outcome, of_state);
            // Or it does, and has come no further.
            if with_newest.client.failure.is_some() && wording::lacks_a_method(&outcome.client) {
                let wrong = wrong(&with_newest, Yours::Client, &state.pair, root)?;
                let wrong = wrong.map(|why| (state.step + 1, why));
                return Ok(Reach { step: state.step, wrong, ..Reach::default() });
            }
        }
        let note = wording::noise("your client", &outcome.client).map(|it| (state.step, it));
        Ok(match wrong(&outcome, Yours::Client, &state.pair, root)? {
            None => Reach { step: state.step, note, ..Reach::default() },
            Some(why) if state.step > FIRST_RUNNABLE_STEP => {
                Reach { step: state.step - 1, wrong: Some((state.step, why)), ..Reach::default() }
            }
            Some(why) => first(why),
        })
    }
}

/// Whether `printed` begins with all of a transcript, and goes on.
fn has_more_than(printed: &str, transcript: &Path) -> anyhow::Result<bool> {
    let expected = fs::read_to_string(transcript)?.lines().count();
    let beginning: String = printed.split_inclusive('\n').take(expected).collect();
    let is_same = transcript::compare(transcript, &beginning)?.is_none();
    Ok(is_same && printed.lines().count() > expected)
}
