//! What stands between us and the system: processes, Cargo, what is said when something is wrong,
//! and in which colours.

pub mod apart;
pub mod cargo;
pub mod chromedriver;
pub mod error;
pub mod files;
pub mod process;
pub mod style;
