//! How long to wait before something is tried again: longer each time (backoff), and not as long as
//! everybody else does (jitter).

use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::Duration;

/// How long to wait at most after the first failure. Each further one doubles it.
const FIRST_WAIT: Duration = Duration::from_millis(20);

/// How long to wait at most, however often something has failed. A server that comes back has its
/// clients back after this.
const LONGEST_WAIT: Duration = Duration::from_millis(500);

/// How long to wait after so many `failures` in a row: by chance, something between half of what it
/// may be and all of it. So those who lost the same server together don't come back together.
pub fn after(failures: u32) -> Duration {
    let doubled = 2_u32.saturating_pow(failures.saturating_sub(1));
    let longest = FIRST_WAIT.saturating_mul(doubled).min(LONGEST_WAIT);
    longest.mul_f64(0.5 + chance() as f64 / u64::MAX as f64 / 2.0)
}

/// Any number. The standard library has no generator for them, but each of its hash maps has a key
/// that nobody can guess, and this is what nothing hashes to with such a key.
pub fn chance() -> u64 {
    RandomState::new().build_hasher().finish()
}
