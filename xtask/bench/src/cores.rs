//! Which cores this process and what it starts may use. Only Linux lets us choose.

use std::io;

#[cfg(target_os = "linux")]
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// The cores that this process had at first.
pub struct Cores(#[cfg(target_os = "linux")] CpuSet);

#[cfg(target_os = "linux")]
impl Cores {
    /// Those that it has now.
    ///
    /// # Errors
    ///
    /// If the system does not say.
    pub fn of_this_process() -> io::Result<Cores> {
        Ok(Cores(sched_getaffinity(None)?))
    }

    /// Whether there are two of them.
    pub fn can_be_split(&self) -> bool {
        self.0.count() > 1
    }

    /// From now on this thread, and what it starts, use all of them.
    ///
    /// # Errors
    ///
    /// If the system refuses.
    pub fn use_all(&self) -> io::Result<()> {
        Ok(sched_setaffinity(None, &self.0)?)
    }

    /// From now on this thread, and what it starts, use the first of them only.
    ///
    /// # Errors
    ///
    /// If the system refuses.
    pub fn use_first(&self) -> io::Result<()> {
        use_one((0..CpuSet::MAX_CPU).find(|&core| self.0.is_set(core)))
    }

    /// From now on this thread, and what it starts, use the last of them only.
    ///
    /// # Errors
    ///
    /// If the system refuses.
    pub fn use_last(&self) -> io::Result<()> {
        use_one((0..CpuSet::MAX_CPU).rfind(|&core| self.0.is_set(core)))
    }
}

#[cfg(target_os = "linux")]
fn use_one(core: Option<usize>) -> io::Result<()> {
    let mut only = CpuSet::new();
    only.set(core.ok_or_else(|| io::Error::other("this process may use no core"))?);
    Ok(sched_setaffinity(None, &only)?)
}

#[cfg(not(target_os = "linux"))]
impl Cores {
    /// None that can be chosen.
    pub fn of_this_process() -> io::Result<Cores> {
        Ok(Cores())
    }

    /// They cannot.
    pub fn can_be_split(&self) -> bool {
        false
    }

    /// As it is anyhow.
    pub fn use_all(&self) -> io::Result<()> {
        Ok(())
    }

    /// Does nothing.
    pub fn use_first(&self) -> io::Result<()> {
        Ok(())
    }

    /// Does nothing.
    pub fn use_last(&self) -> io::Result<()> {
        Ok(())
    }
}
