//! Every input of the fuzzer's corpus gets an answer, in a build that panics at an overflow.

use std::collections::BTreeMap;
use std::fs;

use anyhow::{Context, ensure};
use methods::all;
use methods::feed::{Servers, target};
use testing::alone::alone;

const CORPUS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../fuzz/corpus/handlers");

#[test]
fn every_input_gets_an_answer() -> anyhow::Result<()> {
    alone("corpus::every_input_gets_an_answer", async || {
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
        let (_, method, _) = target(&input).with_context(|| format!("{path:?} is empty"))?;
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let named = name.split_once('-').is_some_and(|(before, _)| before == name_of(method.path));
        ensure!(named, "{path:?} is for {}", method.path);
        *inputs.entry(method.path).or_insert(0) += 1;
        servers.feed(&input).with_context(|| format!("{path:?}"))?;
    }
    for (_, method) in all() {
        let count = inputs.get(method.path).copied().unwrap_or(0);
        ensure!(count >= 12, "{count} inputs for {}", method.path);
    }
    Ok(())
}

/// The name of a method, without that of its service.
fn name_of(path: &str) -> &str {
    path.rsplit_once('/').map_or(path, |(_, name)| name)
}
