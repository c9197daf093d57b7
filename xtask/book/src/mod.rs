
pub mod weave;
