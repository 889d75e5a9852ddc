//! A durable inbox for webhooks: it stores a delivery, answers, and handles it in the background.
//!
//! ```
//! use revento_core::kind::ApplicationApproved;
//! use revento_inbox::{HandlerError, Handlers, Inbox, Webhook};
//! # use revento_core::Timestamp;
//! # use revento_seal::{KeyRing, SealingKey};
//! # use revento_store::memory::MemoryInbox;
//! # use revento_webhooks::{Headers, Signer, Verifier};
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let (store, sealer) = (MemoryInbox::new(), KeyRing::new(SealingKey::from_bytes([7; 32])));
//! # let now = i64::try_from(std::time::SystemTime::UNIX_EPOCH.elapsed()?.as_secs())?;
//! # let verifier = Verifier::new("whsec_example_secret")?;
//! # let body = br#"{"id":"wh_1","type":"application.approved","occurred_at":"2026-05-09T14:22:31Z","event_id":"evt_1","data":{}}"#;
//! # let (time, signature) = (now.to_string(), Signer::new("whsec_example_secret")?.sign(now, body));
//! # let headers = Headers::collect([
//! #     ("X-Revento-Event", &b"application.approved"[..]),
//! #     ("X-Revento-Delivery-Id", b"5f0c9f0e"),
//! #     ("X-Revento-Timestamp", time.as_bytes()),
//! #     ("X-Revento-Signature", signature.as_bytes()),
//! # ])?;
//! # let verified = verifier.verify(&headers, body, now)?;
//!
//! let inbox = Inbox::builder(store, sealer).build();
//! let handlers = Handlers::new().on::<ApplicationApproved>(async |webhook: Webhook<ApplicationApproved>| {
//!     println!("approved: {}", webhook.data.id); // an error here causes another attempt
//!     Ok::<_, HandlerError>(())
//! });
//! tokio::spawn(inbox.runner(handlers).run(std::future::pending()));
//!
//! // The webhook route does this, and answers 200 when the delivery is stored.
//! inbox.accept(&verified).await?;
//! # Ok(()) }
//! ```
//!
//! [`Inbox::accept`] stores a verified delivery before the sender gets its 2xx. An acknowledged delivery is never lost,
//! and a duplicate is never handled twice (invariant W4). [`Runner::run`] is a future that the caller spawns: it leases
//! due deliveries, calls the [`Handlers`], retries failed attempts, and buries a delivery that fails too often. When the
//! platform replays a buried delivery, the inbox queues it again.
//!
//! Any number of processes may share a store. One of them leases a delivery at a time; when it dies, its lease runs out.
//! When a process dies between a handler's work and the stored outcome, another calls the handler again. Make handlers
//! idempotent by the envelope's `id`, or let them complete the delivery in their own transaction
//! ([`CompletionStatement`](revento_store::CompletionStatement)) when the inbox is in the same SQL database as their tables.
//!
//! On a serverless platform one function accepts, and another calls [`Inbox::drain`] on a schedule: it handles what is due and returns.
//!
//! [`Deletions`] records the duties of `data.deletion_required` and the proofs that they were fulfilled.
//!
//! The inbox seals bodies and the errors of handlers before it stores them, because they contain personal data. It drops both
//! of a handled delivery at once, and expunges those of a buried one after [`Policy::buried_retention`]. Identities and the number
//! of attempts stay, and a replay brings the body back.
//!
//! # Under load
//! Deliveries that are accepted at the same time wait for the store together, up to [`Policy::max_concurrent_accepts`] and
//! [`Policy::max_accepting_bytes`]; beyond that [`Inbox::accept`] fails at once, and the adapters answer 503. A runner handles
//! [`Policy::concurrency`] deliveries at the same time. It leases several at once, and a slow handler takes up its own slot only.
//!
//! # Repeated and captured deliveries
//! A buried delivery is queued again for an attempt that the platform signed after the burial: its replay from the developer
//! console. Other attempts, late retries or copies that somebody captured, are acknowledged only. [`Inbox::requeue`] gives a
//! delivery one attempt.
//!
//! # Metrics
//! The feature `metrics` counts with the crate `metrics`. Install the recorder before you build the inbox.
//!
//! | name | kind | labels |
//! |---|---|---|
//! | `revento_webhooks_accepted_total` | counter | `outcome`: `new`, `duplicate`, `requeued` |
//! | `revento_webhook_attempts_total` | counter | `outcome`: `handled`, `retry`, `buried`; `unknown` if the lease was lost or the store failed |
//! | `revento_webhook_handling_seconds` | histogram, one value for each attempt | `event_type`, `other` for types that this version does not know |
//! | `revento_webhook_delay_seconds` | histogram: from the acceptance of a webhook until it was handled | |
//!
//! # Features
//! | feature | what it adds |
//! |---|---|
//! | `metrics` | the metrics above, through the crate `metrics` |
//! | `test-util` | examples of webhooks, for the tests of handlers |
//!
//! # What it does not do
//! It does not verify: it takes what [`revento-webhooks`](https://docs.rs/revento-webhooks) has verified. It has no route (the adapters for web
//! frameworks have) and no database (choose a [store](https://docs.rs/revento-store)). It starts no task and no thread. It cannot handle a delivery
//! exactly once if a process dies between the work of a handler and its completion: see above for what a handler does about it.
//!
//! # Stability
//! It needs Rust 1.95 or later, and only a new minor version raises that. All crates of the SDK have one version and follow
//! [semantic versioning](https://semver.org): before 1.0, only a new minor version breaks programs. The
//! [changelog](https://github.com/revento/revento-rs/blob/main/CHANGELOG.md) says what to change.

mod accept;
mod accept_limit;
mod attempt;
mod cleanup;
mod deletions;
mod drain;
mod error;
mod error_text;
mod failure;
mod handlers;
mod in_progress;
mod lease;
mod lease_schedule;
mod metrics;
mod order;
mod outcome;
mod policy;
mod runner;
mod shared;
mod stored_id;
mod webhook;

pub use accept::{Accepted, Inbox, InboxBuilder};
pub use deletions::{Deletions, covers_consent};
pub use drain::Drained;
pub use error::{AcceptError, DrainError, RequeueError};
pub use error_text::{open_error, open_error_text};
pub use failure::{Failure, FailureAction, HandlerError};
pub use handlers::{Handler, Handlers};
pub use order::by_resource;
pub use policy::Policy;
pub use runner::Runner;
pub use webhook::{Unread, Webhook};
