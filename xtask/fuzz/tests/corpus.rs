//! Every input of the corpus gets an answer, in a build that panics at an overflow.

use std::collections::BTreeMap;
use std::fs;

use anyhow::{Context, ensure};
use fuzz_targets::{METHODS, Method, Servers};

#[path = "../../../lessons/testing.rs"]
mod testing;
use testing::alone;

const CORPUS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/corpus");

#[test]
fn every_input_gets_an_answer() -> anyhow::Result<()> {
    alone("every_input_gets_an_answer", async || {
        // Not in the runtime of this thread: the servers have their own.
        tokio::task::spawn_blocking(feed_corpus).await?
    })
}

fn feed_corpus() -> anyhow::Result<()> {
    ensure!(cfg!(debug_assertions), "an overflow would not be seen in this build");
    let servers = Servers::start()?;
    let mut inputs = BTreeMap::new();
    for file in fs::read_dir(CORPUS)? {
        let path = file?.path();
        let input = fs::read(&path)?;
        let (method, _) = Method::of(&input).with_context(|| format!("{path:?} is empty"))?;
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let named = name.split_once('-').is_some_and(|(before, _)| before == method.name());
        ensure!(named, "{path:?} is for {}", method.name());
        *inputs.entry(method.name()).or_insert(0) += 1;
        servers.feed(&input).with_context(|| format!("{path:?}"))?;
    }
    for method in &METHODS {
        let count = inputs.get(method.name()).copied().unwrap_or(0);
        ensure!(count >= 12, "{count} inputs for {}", method.name());
    }
    Ok(())
}
