//! Changes of the state by organizers, participants, developers and the platform, with the webhooks that follow.

mod error;
pub(crate) mod lifecycle;
pub(crate) mod listening;
mod payloads;
pub(crate) mod program;
pub(crate) mod prune;
pub(crate) mod receivers;
pub(crate) mod review;
pub(crate) mod rotate;
mod samples;
pub(crate) mod scheduled;
pub(crate) mod test_delivery;
pub(crate) mod travel;
pub(crate) mod webhooks;
pub(crate) mod webview_pages;

pub(crate) use error::CommandError;
