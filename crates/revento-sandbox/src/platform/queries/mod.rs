//! Questions about the state: who may read, how often, and what the answer contains (contract §3).

pub(crate) mod access;
pub(crate) mod applications;
pub(crate) mod budgets;
pub(crate) mod connections;
pub(crate) mod integrations;
pub(crate) mod listeners;
pub(crate) mod members;
pub(crate) mod milestones;
pub(crate) mod pages;
pub(crate) mod secrets;
pub(crate) mod snapshot;
pub(crate) mod stats;
