//! What a user sees of the runner. One program, so that all tests share both cores.

mod common;

mod builds;
mod ci;
mod class;
mod exercises;
mod foreign;
mod learner;
mod machine;
mod metadata;
mod mistakes;
mod pages;
mod promises;
mod refusals;
mod sizes;
mod steps;
mod styles;
mod verify;
