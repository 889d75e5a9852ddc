//! A durable inbox for webhooks: store first, answer, then handle – once, in the background.
//!
//! [`Inbox::accept`] stores a verified delivery before the sender gets its 2xx, so an acknowledged
//! delivery is never lost, and one that is seen twice is never handled twice (invariant W4).
//! [`Runner::run`] is a future that the caller spawns: it leases what is due, calls the
//! [`Handlers`], retries what failed and buries what fails too often. A delivery that the platform
//! sends again after it was buried is queued again, so a replay from the console does what it says.
//!
//! Any number of processes may share a store: a delivery is leased by one of them at a time, and a
//! process that dies gives its leases up by their time limit. A handler whose process dies after its
//! work and before the note of it is called again; make handlers idempotent by the envelope's `id`, or let
//! them complete the delivery in their own transaction ([`CompletionStatement`](revento_store::CompletionStatement)), where the inbox is in
//! the same SQL database as their tables.
//!
//! [`Deletions`] keeps the duties that `data.deletion_required` brings, and the proof that they were done.
//!
//! Bodies are sealed before the store sees them, since they hold personal data. That of a handled delivery is dropped at
//! once, that of a buried one is expunged after [`Policy::keep_buried`]; identities, attempts and the last cause stay, and
//! a replay brings the body back.

mod accept;
mod deletions;
mod handlers;
mod order;
mod policy;
mod runner;
mod webhook;

pub use accept::{AcceptError, Accepted, Inbox, InboxBuilder, RequeueError};
pub use deletions::{Deletions, means_data_of};
pub use handlers::Handlers;
pub use order::by_resource;
pub use policy::{Policy, Verdict};
pub use runner::Runner;
pub use webhook::{Failure, HandlerError, Webhook};

/// The README's code compiles.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
