//! Commands that talk to a running sandbox through its control API.

pub(crate) mod deliveries;
mod remote_sandbox;
pub(crate) mod trigger;
