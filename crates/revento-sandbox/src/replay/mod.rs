//! Replaying recorded webhooks: each is signed anew with the current time, so that a receiver's window of 300 s holds.

mod error;
mod recording;
mod send;

pub use error::ReplayError;
pub use recording::{RecordedWebhook, Recording};
pub use send::{Replay, ReplayedWebhook, replay};
