//! Verifies Revento webhooks. No I/O, no clock, no runtime, no allocation when a delivery is accepted.
//!
//! A delivery is verified if `X-Revento-Signature` is the HMAC-SHA256 of the timestamp header's text, one `.`, and the raw
//! body, under a signing secret of the integration, and if the timestamp lies within the tolerance of now (contract §4.1).
//! Everything else is refused: a missing, repeated or malformed header, a stale or future timestamp, a signature that does
//! not match. Answer 401 to all refusals; [`VerifyError`] tells them apart in your log.
//!
//! # Use
//! The verifier takes bytes and returns a decision, so it fits a Lambda, a worker or any framework:
//!
//! ```
//! use revento_webhooks::{Headers, Verifier, VerifyError};
//!
//! struct Receiver {
//!     verifier: Verifier, // prepared once, when the program starts
//! }
//!
//! impl Receiver {
//!     fn start(secret: &str, previous: Option<&str>) -> Result<Self, revento_webhooks::SecretError> {
//!         let mut verifier = Verifier::new(secret)?; // the secret as the console shows it
//!         if let Some(previous) = previous {
//!             verifier = verifier.with_previous(previous, None)?; // while the secret is rotated
//!         }
//!         Ok(Self { verifier })
//!     }
//!
//!     /// Returns the status of the response. `body` is the raw body, `now` is in Unix seconds.
//!     fn receive<'h>(
//!         &self,
//!         headers: impl IntoIterator<Item = (&'h str, &'h [u8])>,
//!         body: &[u8],
//!         now: i64,
//!     ) -> u16 {
//!         let verified = Headers::collect(headers) // any order, any case
//!             .map_err(VerifyError::from)
//!             .and_then(|headers| self.verifier.verify(&headers, body, now));
//!         match verified {
//!             // Only a `Verified` gives out the body. Store it, then answer.
//!             Ok(verified) => self.queue(verified.body(), verified.unsigned_delivery_id()),
//!             Err(error) => {
//!                 eprintln!("webhook refused: {error}"); // shows no secret and no signature
//!                 401
//!             }
//!         }
//!     }
//! #     fn queue(&self, body: &[u8], delivery_id: &str) -> u16 { assert_eq!((body, delivery_id), (&b"{}"[..], "5f0c9f0e")); 200 }
//! }
//!
//! # let now = 1_778_336_551;
//! # let signature = revento_webhooks::Signer::new("whsec_example_secret")?.sign(now, b"{}");
//! # let received = [
//! #     ("X-Revento-Event", &b"event.published"[..]),
//! #     ("X-Revento-Delivery-Id", b"5f0c9f0e"),
//! #     ("X-Revento-Timestamp", b"1778336551"),
//! #     ("X-Revento-Signature", signature.as_bytes()),
//! # ];
//! let receiver = Receiver::start("whsec_example_secret", None)?;
//! assert_eq!(receiver.receive(received, b"{}", now), 200);
//! assert_eq!(receiver.receive(received, b"{ }", now), 401);
//! # Ok::<(), revento_webhooks::SecretError>(())
//! ```
//!
//! [`Verifier::verify_stream`] verifies a body while it arrives. [`Verifier::check_headers`] refuses what the headers alone
//! decide, before the body is read. For servers there are `revento-tower`, `revento-axum` and `revento-actix`; `revento-inbox`
//! stores and handles what is verified.
//!
//! **The signature does not cover** the event type header and the delivery id: [`Verified::unsigned_event_type`] and
//! [`Verified::unsigned_delivery_id`] say so in their names. Take the identity and the type from the signed body. With the
//! feature `events`, `Verified::envelope` reads them and refuses a header that disagrees.
//!
//! # What it costs
//! A verification costs 1.28 times the bare hash at 1 KiB, and is more than four times faster than svix and standardwebhooks:
//! [how that was measured](https://github.com/revento/revento-rs/blob/main/docs/performance.md). The crate brings 15 small crates in all.
//!
//! # Features
//! No feature is on by default, and each only adds. All but `events` work without the standard library.
//!
//! | feature | adds |
//! |---|---|
//! | `bytes` | `CheckedHeaders::verify_bytes`, `VerifiedDelivery::bytes`: share a body instead of copying it |
//! | `events` | `Verified::envelope`, `VerifiedWebhook`: the typed event, with `revento-core` and serde |
//! | `explain` | `Explainer`: names the likeliest cause of a refusal, for tools and logs |
//! | `signature-list` | `SignatureListVerifier`: several signatures in one header, which the contract does not allow |
//!
//! # Troubleshooting
//! Is every delivery refused although the secret is right? Then the body is probably not the one that was signed: a
//! framework parsed and printed it again, decoded it as text, or decompressed it. Verify the raw bytes before anything else
//! reads them. `Explainer` names the cause, and the platform's delivery log shows the bytes that were sent.
//!
//! # What it does not do
//! It does no I/O and reads no clock: you give it the headers, the body and the time. It does not store deliveries or drop duplicates
//! (`revento-inbox` does), and it has no route for a web framework (`revento-axum`, `revento-actix` and `revento-tower` have). Programs that use the
//! verifier alone are [`examples/minimal-verifier`](https://github.com/revento/revento-rs/blob/main/examples/minimal-verifier) and, for serverless platforms,
//! [`examples/lambda-style`](https://github.com/revento/revento-rs/blob/main/examples/lambda-style). For other languages, [test vectors](https://github.com/revento/revento-rs/blob/main/tests/conformance) define what
//! a verifier has to accept and to refuse.
//!
//! # Stability
//! It needs Rust 1.95 or later, and only a new minor version raises that. All crates of the SDK have one version and follow
//! [semantic versioning](https://semver.org): before 1.0, only a new minor version breaks programs. The
//! [changelog](https://github.com/revento/revento-rs/blob/main/CHANGELOG.md) says what to change.

#![cfg_attr(docsrs, feature(doc_cfg))]
#![no_std]
// An inline function is compiled only in the crates that use it. Code generation is most of the build time of a small
// verifier (`cargo xtask bench cost`).
#![warn(clippy::missing_inline_in_public_items)]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod delivery;
mod error;
#[cfg(feature = "events")]
#[expect(
    clippy::missing_inline_in_public_items,
    reason = "optional, so not in a small build"
)]
mod events;
#[cfg(feature = "explain")]
#[expect(
    clippy::missing_inline_in_public_items,
    reason = "optional, so not in a small build"
)]
pub mod explain;
mod header;
mod headers;
mod keys;
mod offline;
mod secret_hint;
mod sign;
mod signature;
#[cfg(feature = "signature-list")]
#[expect(
    clippy::missing_inline_in_public_items,
    reason = "optional, so not in a small build"
)]
mod signature_list;
mod streaming;
mod timestamp;
mod verify;

pub use delivery::VerifiedDelivery;
pub use error::{
    BodyTooLarge, HeaderError, SecretError, SignatureError, ToleranceError, VerifyError, VerifyErrorKind,
};
#[cfg(feature = "events")]
pub use events::{EventError, VerifiedWebhook};
#[cfg(feature = "explain")]
pub use explain::Explainer;
pub use header::{Header, MissingHeaders};
pub use headers::Headers;
pub use keys::MatchedKey;
pub use offline::{OfflineVerifier, RecordedDelivery};
pub use secret_hint::SecretHint;
pub use sign::Signer;
#[cfg(feature = "signature-list")]
pub use signature_list::SignatureListVerifier;
pub use streaming::StreamingVerifier;
pub use verify::{CheckedHeaders, Verified, Verifier};
