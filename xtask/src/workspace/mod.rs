//! What there is: lessons, their programs, their manifests and their protos.

pub mod lesson;
pub mod manifest;
pub mod proto;
