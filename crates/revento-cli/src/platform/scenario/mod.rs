//! Scenarios: steps, waits, faults and the clock, in a TOML file.
//!
//! A scenario is data. It runs no program, reads no variable of the environment, and reads only those files that lie in its own
//! folder.

pub(crate) mod built_in;
mod data_file;
mod file;
mod play;
mod step;

pub(crate) use self::{file::Scenario, play::play};
