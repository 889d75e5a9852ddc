//! The platform itself: its records and the rules that change them. No HTTP and no waiting in here.

pub(crate) mod acts;
pub(crate) mod config;
pub(crate) mod hub;
#[cfg(test)]
mod invariants;
pub(crate) mod manifest;
pub(crate) mod oauth;
pub(crate) mod read;
pub(crate) mod records;
pub(crate) mod rules;
pub(crate) mod seed;
pub(crate) mod state;
pub(crate) mod table;
