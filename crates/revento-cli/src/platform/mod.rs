//! Commands that talk to a running sandbox through its control API.

pub(crate) mod deliveries;
mod duration;
mod forward_url;
pub(crate) mod listen;
mod remote_sandbox;
mod scenario;
pub(crate) mod trigger;
