//! Grades a learner's solution of an exercise, an example of their crate, against the transcripts of
//! ours.

use anyhow::bail;
use cargo_metadata::camino::Utf8PathBuf;

use crate::learner::wording::{self, Yours, wrong};
use crate::learner::{Grade, Learner};
use crate::run::{pair, told};
use crate::system::cargo::{self, Build, RENDERED};
use crate::system::error::WrongUse;
use crate::workspace::Workspace;
use crate::workspace::lesson::{Pair, Programs, Target};

/// Runs what the learner's crate has as the example `name`: a client with the lesson's server; a server
/// and a client with ours, and with each other. None if it does not compile: Cargo has said why.
///
/// # Errors
///
/// If the lesson or the crate has no such example, or our own does not compile.
pub async fn grade(
    workspace: &Workspace,
    learner: &Learner<'_>,
    name: &str,
) -> anyhow::Result<Option<Grade>> {
    let Learner { folder, lesson } = learner;
    let example = |pair: &Pair| pair.name.trim_start_matches("server + ").to_owned();
    // The first are the lesson's own programs.
    let examples = &lesson.pairs[1..];
    let Some(ours) = examples.iter().find(|pair| example(pair) == name) else {
        let names: Vec<_> = examples.iter().map(example).collect();
        let (lesson, names) = (&lesson.name, names.join(", "));
        return Err(WrongUse(format!("no exercise `{name}` in {lesson}: there are {names}")).into());
    };
    let source = source(learner, name, ours).await?;
    let args = ["--example", name, RENDERED];
    let (theirs, status) =
        Programs::of(Build::apart(&workspace.build, folder, &args, false)?).await?;
    if !status.success() {
        return Ok(None);
    }
    let args = ["--package", &lesson.package, "--bins", "--example", name];
    let programs = workspace.build_with(&args, false).await?;
    let side = |role| theirs.side(&Target { source: source.clone(), role, file: None });
    let (our_server, our_client) = (programs.side(&ours.server)?, programs.side(&ours.client)?);
    let client = side(ours.client.role)?;
    let mut trials = vec![(Yours::Client, &our_server, &client)];
    let server = side(Some("server"))?;
    if ours.client.role.is_some() {
        trials.insert(0, (Yours::Server, &server, &our_client));
        trials.push((Yours::Both, &server, &client));
    }
    let mut found = Vec::new();
    for (yours, server, client) in trials {
        // What is wrong with one of them is wrong with both.
        if yours != Yours::Both || found.is_empty() {
            let outcome = pair::run(server, ours.servers, client).await?;
            let mut wrong = wrong(&outcome, yours, ours, &workspace.root)?;
            // One that ends well has found its server: a Unix socket has no port to connect to.
            let is_lost = outcome.client.failure.is_some() && yours == Yours::Client;
            if is_lost
                && wording::may_call_elsewhere(&outcome)
                && !told::connects(client, 1).await?
            {
                wrong = Some(wording::calls_elsewhere(&outcome));
            }
            found.extend(wrong);
        }
    }
    Ok(Some(if found.is_empty() { Grade::Works(None) } else { Grade::Wrong(found.join("\n")) }))
}

/// The file with the `main` of the learner's example `name`, which is to do what `ours` does.
async fn source(learner: &Learner<'_>, name: &str, ours: &Pair) -> anyhow::Result<Utf8PathBuf> {
    let metadata = cargo::metadata(&learner.folder, false).await?;
    let mut targets = metadata.packages.into_iter().flat_map(|package| package.targets);
    if let Some(target) = targets.find(|target| target.is_example() && target.name == name) {
        return Ok(target.src_path);
    }
    match ours.client.role {
        None => bail!(
            "your crate has no examples/{name}.rs: write it, a client of the lesson's server that takes \
             ADDR"
        ),
        Some(_) => bail!(
            "your crate has no examples/{name}/main.rs: write it, a program that takes `server ADDR` and \
             `client ADDR`"
        ),
    }
}
