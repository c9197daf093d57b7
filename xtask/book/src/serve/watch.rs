//! Notices when something changes of which the book is woven.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use notify::{Event, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::mpsc;

use crate::pages::FOLDER;

/// Something is received whenever a file of the book, of a lesson or of the data changes.
///
/// # Errors
///
/// If a folder cannot be watched.
pub fn changes(root: &Path) -> anyhow::Result<(RecommendedWatcher, mpsc::UnboundedReceiver<()>)> {
    // As events have it.
    let root: Arc<Path> = root.canonicalize()?.into();
    // Plain mdBook writes there.
    let built = root.join(FOLDER).join("book");
    let (sender, receiver) = mpsc::unbounded_channel();
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
        let is_change = event.map_or(true, |event| {
            !event.kind.is_access() && !event.paths.iter().all(|path| path.starts_with(&built))
        });
        if is_change {
            // An error means that nobody waits any more.
            _ = sender.send(());
        }
    })?;
    for folder in [FOLDER, "lessons", "data"].map(|name| root.join(name)) {
        watcher
            .watch(&folder, RecursiveMode::Recursive)
            .with_context(|| format!("cannot watch {}", folder.display()))?;
    }
    Ok((watcher, receiver))
}
