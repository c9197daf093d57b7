//! What the servers of all lessons survive, each in a process of its own.

use std::future::pending;

use anyhow::Context;
use methods::{LESSONS, Lesson};
use testing::alone::each_alone;
use testing::faults;
use testing::net::listen;

/// Runs `test`, which is called `name`, for each lesson.
fn each_lesson(
    name: &str,
    test: impl AsyncFnOnce(&Lesson) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let packages = LESSONS.iter().map(|lesson| lesson.package);
    each_alone(&format!("faults::{name}"), packages, async |package| {
        test(Lesson::of(package).context("no such lesson")?).await
    })
}

#[test]
fn hostile_bytes_are_answered_with_an_error() -> anyhow::Result<()> {
    each_lesson("hostile_bytes_are_answered_with_an_error", async |lesson| {
        let (incoming, channel) = listen().await?;
        tokio::spawn(lesson.serve(incoming, Box::pin(pending())));
        for method in lesson.methods {
            faults::answers_hostile_bytes(&channel, method).await?;
        }
        Ok(())
    })
}

#[test]
fn no_other_method_is_there() -> anyhow::Result<()> {
    each_lesson("no_other_method_is_there", async |lesson| {
        let (incoming, channel) = listen().await?;
        tokio::spawn(lesson.serve(incoming, Box::pin(pending())));
        for method in lesson.methods {
            faults::knows_no_other_method(&channel, method.path).await?;
        }
        Ok(())
    })
}

#[test]
fn killed_clients_are_forgotten() -> anyhow::Result<()> {
    each_lesson("killed_clients_are_forgotten", async |lesson| {
        faults::forgets_killed_clients(lesson.start().await?, lesson.methods, 40).await
    })
}

#[test]
#[ignore = "slow: cargo xtask ci runs it"]
fn a_thousand_killed_clients_are_forgotten() -> anyhow::Result<()> {
    each_lesson("a_thousand_killed_clients_are_forgotten", async |lesson| {
        faults::forgets_killed_clients(lesson.start().await?, lesson.methods, 1_000).await
    })
}

#[test]
fn two_hundred_calls_at_once_are_answered() -> anyhow::Result<()> {
    each_lesson("two_hundred_calls_at_once_are_answered", async |lesson| {
        faults::serves_many_calls(lesson.start().await?, lesson.methods, 200, 20).await
    })
}

#[test]
#[ignore = "slow: cargo xtask ci runs it"]
fn ten_thousand_calls_on_a_thousand_connections_are_answered() -> anyhow::Result<()> {
    each_lesson("ten_thousand_calls_on_a_thousand_connections_are_answered", async |lesson| {
        faults::serves_many_calls(lesson.start().await?, lesson.methods, 10_000, 1_000).await
    })
}

#[test]
fn garbage_is_cut_off_and_a_silent_connection_stays() -> anyhow::Result<()> {
    each_lesson("garbage_is_cut_off_and_a_silent_connection_stays", async |lesson| {
        faults::serves_beside_bad_connections(lesson.start().await?, &lesson.methods[0]).await
    })
}

#[test]
fn deadlines_are_kept() -> anyhow::Result<()> {
    each_lesson("deadlines_are_kept", async |lesson| {
        let methods = lesson.methods.iter().filter(|method| !method.kind.has_many_answers());
        faults::keeps_deadlines(lesson.start().await?, methods).await
    })
}

#[test]
fn calls_are_finished_and_silent_connections_waited_for() -> anyhow::Result<()> {
    each_lesson("calls_are_finished_and_silent_connections_waited_for", async |lesson| {
        faults::finishes_calls(lesson.start().await?, lesson.methods, lesson.has_http1).await
    })
}
