//! The platform: its records and the rules that change them. This module does no I/O and never waits.
//!
//! `commands` change the state, `queries` look at it, `oauth` grants and refreshes tokens.

pub(crate) mod announcement;
pub(crate) mod commands;
pub(crate) mod config;
pub(crate) mod context;
pub(crate) mod hosts;
#[cfg(test)]
mod invariants;
pub(crate) mod manifest;
pub(crate) mod oauth;
pub(crate) mod queries;
pub(crate) mod records;
pub(crate) mod rules;
pub(crate) mod seed;
pub(crate) mod state;
pub(crate) mod table;
