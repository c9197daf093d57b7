//! `watch FOLDER... [--except PATH...]` prints a line once it watches, and another each time that
//! something in the folders has changed, until nobody reads them any more. Paths are absolute.
//!
//! A program of its own, because notify asks for features with which tokio would be compiled a
//! second time, before anybody has seen hello world.

use std::env;
use std::fs;
use std::io::{Write, stdout};
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::Duration;

use anyhow::Context;
use notify::{Event, RecursiveMode, Watcher};

/// An editor changes several files at once: so long nothing must have happened.
const QUIET: Duration = Duration::from_millis(100);

fn main() -> anyhow::Result<()> {
    let mut args = env::args_os().skip(1);
    let folders: Vec<_> = args.by_ref().take_while(|arg| arg != "--except").collect();
    let except: Vec<PathBuf> = args.map(|arg| real(Path::new(&arg))).collect();
    let is_excepted = |path: &Path| except.iter().any(|except| path.starts_with(except));
    let is_change = |event: notify::Result<Event>| match event {
        Ok(event) => !event.kind.is_access() && !event.paths.iter().all(|path| is_excepted(path)),
        // Something was missed: so something may have changed.
        Err(_) => true,
    };

    let (sender, events) = mpsc::channel();
    let mut watcher = notify::recommended_watcher(sender)?;
    loop {
        // Each time, because folders come and go; and before a line says that files can be read,
        // so that no change is missed.
        for folder in &folders {
            watch(&mut watcher, &real(Path::new(folder)), is_excepted)
                .with_context(|| format!("cannot watch {}", folder.display()))?;
        }
        writeln!(stdout(), "watching")?;
        while !is_change(events.recv()?) {}
        while events.recv_timeout(QUIET).is_ok() {}
    }
}

/// `path` as events have it, without symbolic links on the way; it need not be there.
fn real(path: &Path) -> PathBuf {
    let real = || Some(path.parent()?.canonicalize().ok()?.join(path.file_name()?));
    real().unwrap_or_else(|| path.to_owned())
}

/// Watches `folder`, but no folder in it that is excepted or hidden.
fn watch(
    watcher: &mut impl Watcher,
    folder: &Path,
    is_excepted: impl Fn(&Path) -> bool,
) -> anyhow::Result<()> {
    watcher.watch(folder, RecursiveMode::NonRecursive)?;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let is_hidden = entry.file_name().to_string_lossy().starts_with('.');
        if entry.file_type()?.is_dir() && !is_hidden && !is_excepted(&entry.path()) {
            watcher.watch(&entry.path(), RecursiveMode::Recursive)?;
        }
    }
    Ok(())
}
