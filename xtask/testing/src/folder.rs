//! A folder that goes when its test ends.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{fs, io, process};

/// A folder of a test's own. It's removed when this is dropped.
pub struct Folder(PathBuf);

impl Folder {
    /// Makes one in `parent`: the `CARGO_TARGET_TMPDIR` of the test.
    ///
    /// # Errors
    ///
    /// If it can't be made.
    pub fn within(parent: &str) -> io::Result<Folder> {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        // Other tests of this process have other numbers, and other processes other ids.
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = Path::new(parent).join(format!("{}-{number}", process::id()));
        fs::create_dir_all(&path)?;
        Ok(Folder(path))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        _ = fs::remove_dir_all(&self.0);
    }
}
