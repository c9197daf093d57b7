//! Our programs, at each step of a lesson: how far a learner's comes is found out with them.

use anyhow::Context;

use crate::learner::theirs::{Theirs, generated};
use crate::run::outcome::{Ended, Outcome};
use crate::run::pair;
use crate::run::side::Side;
use crate::run::told;
use crate::run::transcript;
use crate::steps::regions;
use crate::steps::states::{self, State, States};
use crate::workspace::Workspace;
use crate::workspace::lesson::{FIRST_RUNNABLE_STEP, Lesson, Programs};

/// Our programs at each step.
pub struct Ours {
    pub states: States,
    pub programs: Programs,
    /// See [`Lesson::breaks`].
    breaks: Vec<usize>,
}

impl Ours {
    /// Derives and builds the lesson at each step that can be run.
    ///
    /// # Errors
    ///
    /// If it does not build.
    pub async fn build(
        workspace: &Workspace,
        lesson: &Lesson,
        quietly: bool,
    ) -> anyhow::Result<Ours> {
        let sources = regions::read_sound(lesson, &workspace.root)?;
        let states = states::derive(workspace, lesson, &sources)?;
        let wanted: Vec<&State> = states.runnable().collect();
        let programs = states.programs(workspace, &wanted, quietly).await?;
        Ok(Ours { states, programs, breaks: lesson.breaks.clone() })
    }

    /// The lesson at the end of `step`.
    ///
    /// # Errors
    ///
    /// If there is no such step.
    pub fn at(&self, step: usize) -> anyhow::Result<&State> {
        let state = self.states.states.get(step);
        state.with_context(|| format!("the lesson has no step {step}"))
    }

    /// What comes of `server` with our client of `state`.
    ///
    /// # Errors
    ///
    /// If a program cannot be started.
    pub async fn run(&self, state: &State, server: &Side) -> anyhow::Result<Outcome> {
        pair::run(server, state.pair.servers, &self.programs.side(&state.pair.client)?).await
    }

    /// Whether the generated code of step 2 is in the program.
    ///
    /// # Errors
    ///
    /// If we have no program.
    pub fn are_generated(&self, theirs: &Theirs) -> anyhow::Result<bool> {
        let first = self.programs.side(&self.at(FIRST_RUNNABLE_STEP)?.pair.server)?;
        Ok(generated(first.program()).iter().all(|it| theirs.generated.contains(it)))
    }

    /// Whether `client`, ours of `state`, fares as it does with our server of the step before: then
    /// nothing that it sees of the step has been begun.
    ///
    /// # Errors
    ///
    /// If a program cannot be started.
    pub async fn is_as_before(
        &self,
        state: &State,
        client: &Side,
        outcome: &Outcome,
    ) -> anyhow::Result<bool> {
        let server = self.programs.side(&self.at(state.step - 1)?.pair.server)?;
        let before = pair::run(&server, state.pair.servers, client).await?;
        // A number may be a time.
        let fared = |outcome: &Outcome| {
            let Ended { stdout, stderr, status, .. } = &outcome.client;
            let said = outcome.without_ports(&format!("{stdout}{stderr}"));
            (said.replace(|it: char| it.is_ascii_digit(), ""), *status)
        };
        Ok(fared(&before) == fared(outcome))
    }

    /// The states from the first on of those among which the learner's server may be. After a step that
    /// breaks with the clients of the steps before, nothing is seen of these any more.
    ///
    /// # Errors
    ///
    /// If a program cannot be started.
    pub async fn since_server(&self, theirs: &Theirs) -> anyhow::Result<Vec<&State>> {
        let mut begin = FIRST_RUNNABLE_STEP;
        let mut furthest = (0, false);
        for step in self.breaks.iter().rev().chain([&FIRST_RUNNABLE_STEP]) {
            let state = self.at(*step)?;
            let pair = &state.pair;
            let outcome = self.run(state, &theirs.server).await?;
            if outcome.addrs.is_empty() {
                // One that does not even start may be at any step.
                return Ok(self.states.runnable().collect());
            }
            let printed = outcome.printed(&outcome.client);
            let difference = transcript::compare(&pair.transcript("client"), &printed)?;
            let same = difference.and_then(|difference| difference.line).unwrap_or(usize::MAX);
            // The one with whose client it comes furthest, or which serves it; or else the first.
            let far = (same, outcome.client.failure.is_none());
            if far >= furthest {
                (begin, furthest) = (*step, far);
            }
            if same == usize::MAX {
                break;
            }
        }
        Ok(self.states.runnable().filter(|state| state.step >= begin).collect())
    }

    /// The states among which the learner's client may be, and what came of it with the server of the
    /// last of them. With the servers of later ones, it would need more than it has.
    ///
    /// # Errors
    ///
    /// If a program cannot be started.
    pub async fn of_client(&self, theirs: &Theirs) -> anyhow::Result<(Vec<&State>, Outcome)> {
        let states: Vec<&State> = self.states.runnable().collect();
        let is_same = |one: &&State, next: &&State| {
            one.pair.servers == next.pair.servers && !self.breaks.contains(&next.step)
        };
        let mut best: Option<(Vec<&State>, Outcome)> = None;
        for era in states.chunk_by(is_same).rev() {
            let last = era[era.len() - 1];
            let server = self.programs.side(&last.pair.server)?;
            let outcome = pair::run(&server, last.pair.servers, &theirs.client).await?;
            // One that calls several servers is as far as that, however it ends.
            let several = last.pair.servers;
            let is_it = outcome.client.failure.is_none()
                || several > 1 && told::connects(&theirs.client, several).await?;
            // Or else those with whose server it comes furthest.
            let is_further =
                |(_, best): &(_, Outcome)| outcome.client.stdout.len() >= best.client.stdout.len();
            if is_it || best.as_ref().is_none_or(is_further) {
                best = Some((era.to_vec(), outcome));
            }
            if is_it {
                break;
            }
        }
        best.context("the lesson has no steps")
    }
}
