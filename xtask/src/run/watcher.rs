//! Waiting until files change.

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use tokio::time::sleep;

use crate::system::files;

/// How long until the files are looked at again. Nobody tells us of a change on some file systems:
/// those of a network, and folders of a host in a virtual machine or a container.
const PAUSE: Duration = Duration::from_millis(300);

/// Looks at files again and again.
pub struct Watcher {
    folders: Vec<PathBuf>,
    except: Vec<PathBuf>,
    seen: Option<Seen>,
}

/// The path, the length and the date of each file.
type Seen = Vec<(PathBuf, u64, Option<SystemTime>)>;

impl Watcher {
    /// Watches all files in `folders`, except for those in `except`, which are called as in there.
    pub fn new(folders: Vec<PathBuf>, except: Vec<PathBuf>) -> Watcher {
        Watcher { folders, except, seen: None }
    }

    /// Waits until files are to be read: now, the first time, and then after each change. An editor
    /// that changes several has a moment for it.
    pub async fn changed(&mut self) {
        let mut now = self.look();
        if self.seen.is_some() {
            while self.seen.as_ref() == Some(&now) {
                sleep(PAUSE).await;
                now = self.look();
            }
            loop {
                sleep(PAUSE).await;
                let later = self.look();
                if later == now {
                    break;
                }
                now = later;
            }
        }
        self.seen = Some(now);
    }

    fn look(&self) -> Seen {
        // A folder that cannot be read may be there the next time.
        let files = self.folders.iter().filter_map(|it| files::within(it, &self.except).ok());
        files.flatten().map(|(path, about)| (path, about.len(), about.modified().ok())).collect()
    }
}
