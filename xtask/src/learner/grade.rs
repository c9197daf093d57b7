//! Grades a learner's crate: which steps of the lesson work, and what is wrong with the others.

use std::fs;
use std::path::Path;

use anyhow::{Context, bail};
use cargo_metadata::Message;

use crate::learner::Learner;
use crate::learner::wording::{Yours, wrong};
use crate::run::pair::{self, Ended, Outcome};
use crate::run::side::Side;
use crate::run::transcript;
use crate::steps::regions;
use crate::steps::states::{self, State, States};
use crate::system::cargo::{Build, RENDERED};
use crate::workspace::Workspace;
use crate::workspace::lesson::{FIRST_RUNNABLE_STEP, Lesson, Programs};
use crate::workspace::proto;

/// What there is to say of a step.
pub enum Grade {
    Works,
    /// It is not written yet, or not all of it: then with what is.
    Missing(&'static str),
    /// What is wrong, in words for a learner, in one or more lines.
    Wrong(String),
}

/// A learner's program.
struct Theirs {
    server: Side,
    client: Side,
    /// The names of the generated files that it is made of.
    generated: Vec<String>,
}

/// Our programs at each step.
struct Ours {
    states: States,
    programs: Programs,
}

/// How far one side of a learner's program goes.
#[derive(Default)]
struct Reach {
    /// The last step at which it works; 0 if there is none.
    step: usize,
    /// At which step it does not work, though it is there, and what is wrong.
    wrong: Option<(usize, String)>,
    /// At which step all is as it was before, though no method is missing, and what is wrong if
    /// that step has been begun.
    as_before: Option<(usize, String)>,
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
    let mut server = ours.grade_server(&theirs, &workspace.root).await?;
    let client = ours.grade_client(&theirs, &workspace.root).await?;
    // The client has that step: so the server should have it, too.
    let begun = server.as_before.take().filter(|(step, _)| *step <= client.step);
    server.wrong = server.wrong.or(begun);
    let mut together = None;
    if client.wrong.is_none() && client.step > 0 && client.step <= server.step {
        let outcome = pair::run(&theirs.server, &theirs.client).await?;
        together = wrong(&outcome, Yours::Both, ours.at(client.step)?, &workspace.root)?;
    }

    let mut grades = vec![ours.grade_protos(folder)?, ours.grade_generation(&theirs)?];
    if server.step > 0 || client.step > 0 {
        // They are there, wherever they are.
        for grade in grades.iter_mut().filter(|grade| matches!(grade, Grade::Missing(_))) {
            *grade = Grade::Works;
        }
    }
    for step in FIRST_RUNNABLE_STEP - 1..=lesson.steps.len() {
        let mut grade = grade_step(step, &server, &client);
        if let Some(why) = together.take_if(|_| step == client.step) {
            grade = Grade::Wrong(why);
        }
        grades.push(grade);
    }
    Ok(Some(grades))
}

/// What the reach of both sides says of a step.
fn grade_step(step: usize, server: &Reach, client: &Reach) -> Grade {
    // The servicer is written a step before there is a client to try it with.
    let state = step.max(FIRST_RUNNABLE_STEP);
    let sides = match step {
        FIRST_RUNNABLE_STEP => vec![client],
        _ if step < FIRST_RUNNABLE_STEP => vec![server],
        _ => vec![server, client],
    };
    let wrong = sides.iter().filter_map(|side| side.wrong.as_ref());
    let wrong: Vec<&str> =
        wrong.filter(|(at, _)| *at == state).map(|(_, why)| why.as_str()).collect();
    if !wrong.is_empty() {
        Grade::Wrong(wrong.join("\n"))
    } else if sides.iter().all(|side| side.step >= state) {
        Grade::Works
    } else if sides.iter().any(|side| side.wrong.is_some()) {
        // An earlier step does not work: nothing was seen of this one.
        Grade::Missing("")
    } else if sides.len() > 1 && server.step >= state {
        Grade::Missing("your server has it, your client does not call it yet")
    } else if sides.len() > 1 && client.step >= state {
        Grade::Missing("your client calls it, your server does not have it yet")
    } else {
        Grade::Missing("")
    }
}

impl Theirs {
    /// Builds the crate in `folder`. None if it does not compile.
    async fn build(
        workspace: &Workspace,
        folder: &Path,
        lesson: &Lesson,
        quietly: bool,
    ) -> anyhow::Result<Option<Theirs>> {
        if !folder.join("Cargo.toml").is_file() {
            bail!("{} is no crate: it has no Cargo.toml", folder.display());
        }
        let mut build = Build::apart(&workspace.build, folder, &["--bins", RENDERED], quietly)?;
        let mut programs = Vec::new();
        while let Some(message) = build.next().await? {
            if let Message::CompilerArtifact(artifact) = message
                && let Some(executable) = artifact.executable
            {
                programs.push((artifact.target.name, executable.into_std_path_buf()));
            }
        }
        if !build.ended().await?.success() {
            return Ok(None);
        }
        let is_it = |(name, _): &&(String, _)| programs.len() == 1 || *name == lesson.package;
        let program = programs.iter().find(is_it);
        let (_, executable) = program.with_context(|| {
            let dir = folder.display();
            format!("{dir} has {} programs, none of them called {}", programs.len(), lesson.package)
        })?;
        let side = |role| Side::ours(role, executable, Some(role));
        Ok(Some(Theirs {
            server: side("server"),
            client: side("client"),
            generated: generated(executable),
        }))
    }

    /// Whether the program does with `role` what it does with a role that there is not: then that
    /// side of it is not written yet.
    async fn lacks(&self, role: &str, ended: &Ended, port: Option<u16>) -> anyhow::Result<bool> {
        const NO_ROLE: &str = "no-such-role";
        let side = Side::ours(NO_ROLE, self.server.program(), Some(NO_ROLE));
        let other = pair::run_one(&side, "127.0.0.1:0").await?;
        let here = format!(":{}", port.unwrap_or_default());
        let same =
            |text: &str, other: &str| text.replace(&here, ":0") == other.replace(NO_ROLE, role);
        Ok(ended.code == other.code
            && same(&ended.stdout, &other.stdout)
            && same(&ended.stderr, &other.stderr))
    }
}

impl Ours {
    /// Derives and builds the lesson at each step that can be run.
    async fn build(workspace: &Workspace, lesson: &Lesson, quietly: bool) -> anyhow::Result<Ours> {
        let sources = regions::read_sound(lesson, &workspace.root)?;
        let states = states::derive(workspace, lesson, &sources)?;
        let wanted: Vec<&State> = states.runnable().collect();
        let programs = states.programs(workspace, &wanted, quietly).await?;
        Ok(Ours { states, programs })
    }

    /// The lesson at the end of `step`.
    fn at(&self, step: usize) -> anyhow::Result<&State> {
        let state = self.states.states.get(step);
        state.with_context(|| format!("the lesson has no step {step}"))
    }

    /// Whether all is declared that step 1 declares.
    fn grade_protos(&self, folder: &Path) -> anyhow::Result<Grade> {
        let expected = proto::declarations(&self.at(1)?.folder).map_err(anyhow::Error::msg)?;
        let expected = expected.unwrap_or_default();
        Ok(match proto::declarations(folder) {
            Err(error) => Grade::Wrong(format!("proto/{error}")),
            Ok(None) if !expected.is_empty() => Grade::Missing(""),
            Ok(theirs) => match proto::difference(&expected, &theirs.unwrap_or_default()) {
                Some(difference) => Grade::Wrong(difference),
                None => Grade::Works,
            },
        })
    }

    /// Whether the generated code of step 2 is in the program.
    fn grade_generation(&self, theirs: &Theirs) -> anyhow::Result<Grade> {
        let first = self.programs.side(&self.at(FIRST_RUNNABLE_STEP)?.pair.server)?;
        let has_all = generated(first.program()).iter().all(|it| theirs.generated.contains(it));
        Ok(if has_all { Grade::Works } else { Grade::Missing("") })
    }

    /// Tries the learner's server with our client of each step, until one finds it wanting.
    async fn grade_server(&self, theirs: &Theirs, root: &Path) -> anyhow::Result<Reach> {
        let mut reach = Reach::default();
        for state in self.states.runnable() {
            let client = self.programs.side(&state.pair.client)?;
            let outcome = pair::run(&theirs.server, &client).await?;
            let is_missing = if reach.step == 0 {
                outcome.port.is_none() && theirs.lacks("server", &outcome.server, None).await?
            } else {
                outcome.client.was_told_unimplemented()
            };
            if is_missing {
                break;
            }
            let wrong = wrong(&outcome, Yours::Server, state, root)?.map(|why| (state.step, why));
            if wrong.is_some() {
                let has_failed = reach.step > 0 && outcome.client.failure.is_some();
                if has_failed && self.is_as_before(state, &client, &outcome).await? {
                    reach.as_before = wrong;
                } else {
                    reach.wrong = wrong;
                }
                break;
            }
            reach.step = state.step;
        }
        Ok(reach)
    }

    /// Whether `client`, ours of `state`, fares as it does with our server of the step before: then
    /// nothing that it sees of the step has been begun.
    async fn is_as_before(
        &self,
        state: &State,
        client: &Side,
        outcome: &Outcome,
    ) -> anyhow::Result<bool> {
        let server = self.programs.side(&self.at(state.step - 1)?.pair.server)?;
        let before = pair::run(&server, client).await?;
        let fared = |outcome: &Outcome| {
            let Ended { code, stderr, .. } = &outcome.client;
            (outcome.printed("client"), *code, stderr.clone())
        };
        Ok(fared(&before) == fared(outcome))
    }

    /// Tries the learner's client with our server. How much it prints says how far it goes.
    async fn grade_client(&self, theirs: &Theirs, root: &Path) -> anyhow::Result<Reach> {
        let newest = self.states.states.last().context("the lesson has no steps")?;
        let server = self.programs.side(&newest.pair.server)?;
        let mut outcome = pair::run(&server, &theirs.client).await?;
        if outcome.client.failure.is_some()
            && theirs.lacks("client", &outcome.client, outcome.port).await?
        {
            return Ok(Reach::default());
        }
        let mut state = newest;
        for candidate in self.states.runnable() {
            if !has_more_than(&outcome.client.stdout, &candidate.pair.transcript("client"))? {
                state = candidate;
                break;
            }
        }
        let printed = outcome.printed("client");
        let is_right = transcript::compare(&state.pair.transcript("client"), &printed)?.is_none();
        if is_right && state.step != newest.step {
            // It calls no more than there is at that step: what that server prints counts.
            let server = self.programs.side(&state.pair.server)?;
            outcome = pair::run(&server, &theirs.client).await?;
        }
        Ok(match wrong(&outcome, Yours::Client, state, root)? {
            None => Reach { step: state.step, ..Reach::default() },
            Some(why) => Reach {
                step: if state.step > FIRST_RUNNABLE_STEP { state.step - 1 } else { 0 },
                wrong: Some((state.step, why)),
                as_before: None,
            },
        })
    }
}

/// The names of the generated files that Cargo notes in the list of what `executable` is made of.
fn generated(executable: &Path) -> Vec<String> {
    let list = fs::read_to_string(executable.with_extension("d")).unwrap_or_default();
    let paths = list.split_whitespace().map(|path| path.replace('\\', "/"));
    let names = paths.filter_map(|path| {
        let (folder, name) = path.rsplit_once('/')?;
        (folder.ends_with("/out") && name.ends_with(".rs")).then(|| name.to_owned())
    });
    names.collect()
}

/// Whether `printed` begins with all of a transcript, and goes on.
fn has_more_than(printed: &str, transcript: &Path) -> anyhow::Result<bool> {
    let expected = fs::read_to_string(transcript)?.lines().count();
    let beginning: String = printed.split_inclusive('\n').take(expected).collect();
    let is_same = transcript::compare(transcript, &beginning)?.is_none();
    Ok(is_same && printed.lines().count() > expected)
}
