//! Steps: which line of a lesson belongs to which, and the lesson as it stands at each.

pub mod items;
pub mod markers;
pub mod regions;
pub mod states;
