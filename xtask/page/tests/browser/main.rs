//! The page of lesson 10 in Chromium, and its server with clients that others wrote.
//!
//! Where there's no Chromium, nothing is tested, and that is said; in CI there has to be one.

mod greeter;
mod looks;
mod origins;
mod transcripts;
mod twins;
