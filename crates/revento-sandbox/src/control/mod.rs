//! Controlling a sandbox from a test in the same process: typed calls for what the control API does over HTTP.

mod action;
mod consent;
mod error;
mod fault;
mod sandbox;
mod views;

pub use action::Action;
pub use consent::ConsentDecision;
pub use error::ControlError;
pub use fault::Fault;
pub use views::{WebhookAttempt, WebhookDelivery};
