//! Verifies Revento webhooks. No I/O, no clock, no runtime, no allocation on the accepting path.
//!
//! A delivery is genuine when `X-Revento-Signature` is the HMAC-SHA256 of the timestamp header's
//! text, one `.`, and the raw body, under a signing secret of the integration, and when that
//! timestamp lies within the tolerance of now (contract §4.1). Everything else is refused: a
//! missing, repeated or malformed header, a stale or future timestamp, a signature that does not
//! hold. All refusals are 401 to the sender; inside, each is [an error of its own](VerifyError).
//!
//! # The canonical use
//! Bytes in, decision out; it fits a Lambda, a worker, or any framework:
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
//!     /// The status to answer with. `body` is what came over the wire, `now` is in Unix seconds.
//!     fn receive<'h>(
//!         &self,
//!         headers: impl IntoIterator<Item = (&'h str, &'h [u8])>,
//!         body: &[u8],
//!         now: i64,
//!     ) -> u16 {
//!         let verified = Headers::collect(headers) // any order, any case, others passed over
//!             .map_err(VerifyError::from)
//!             .and_then(|headers| self.verifier.verify(&headers, body, now));
//!         match verified {
//!             // Only a `Verified` gives out the body. Queue it durably, then answer.
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
//! # let signature = revento_webhooks::Signer::new("whsec_example")?.sign(now, b"{}");
//! # let received = [
//! #     ("X-Revento-Event", &b"event.published"[..]),
//! #     ("X-Revento-Delivery-Id", b"5f0c9f0e"),
//! #     ("X-Revento-Timestamp", b"1778336551"),
//! #     ("X-Revento-Signature", signature.as_bytes()),
//! # ];
//! let receiver = Receiver::start("whsec_example", None)?;
//! assert_eq!(receiver.verify_stream(received, b"{}", now), 200);
//! assert_eq!(receiver.verify_stream(received, b"{ }", now), 401);
//! # Ok::<(), revento_webhooks::SecretError>(())
//! ```
//!
//! A body that streams in is verified as it comes with [`Verifier::verify_stream`]; [`Verifier::check_headers`] tells from the
//! headers whether it is worth waiting for. For whole servers there are
//! `revento-tower`, `revento-axum` and `revento-actix`, for what comes after the verification `revento-inbox`.
//!
//! **What the signature does not cover** is not trusted: [`Verified::unsigned_event_type`] and
//! [`Verified::unsigned_delivery_id`] say so in their names. Identity and type come from the signed
//! body; with the feature `events`, `Verified::envelope` reads it and refuses a header that disagrees.
//!
//! # Features
//! None is on by default, and each only adds. All but `events` do without the standard library.
//!
//! | feature | adds |
//! |---|---|
//! | `bytes` | `CheckedHeaders::verify_bytes`, `VerifiedDelivery::bytes`: a body that is shared instead of copied |
//! | `events` | `Verified::envelope`: the typed event, by way of `revento-core` and serde |
//! | `explain` | `Explainer`: names the likeliest cause of a refusal, for tools and logs |
//! | `signature-list` | `SignatureListVerifier`: several signatures in one header, which the contract does not have |
//!
//! # Troubleshooting
//! Everything is refused although the secret is right? Then most likely the body is not the one that was
//! signed: a framework parsed and printed it again, decoded it as text, or decompressed it. Verify the raw
//! bytes, before anything else looks at them. `Explainer` tells which it was; so does the platform's
//! delivery log, where the bytes can be seen that were sent.

#![cfg_attr(docsrs, feature(doc_cfg))]
#![no_std]
// Who uses a piece builds it, once, and nobody else: most of a small verifier's build is code generation.
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
pub use error::{BodyTooLarge, HeaderError, SecretError, ToleranceError, VerifyError, VerifyErrorKind};
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

/// The README's code compiles.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
