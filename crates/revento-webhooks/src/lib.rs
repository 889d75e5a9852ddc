//! Verifies Revento webhooks. No I/O, no clock, no runtime, no allocation on the accepting path.
//!
//! A delivery is genuine when `X-Revento-Signature` is the HMAC-SHA256 of the timestamp header's
//! text, one `.`, and the raw body, under a signing secret of the integration, and when that
//! timestamp lies within the tolerance of now (contract §4.1). Everything else is refused: a
//! missing, repeated or malformed header, a stale or future timestamp, a signature that does not
//! hold. All refusals are 401 to the sender; inside, each is [an error of its own](VerifyError).
//!
//! ```
//! use revento_webhooks::{Headers, Signer, Verifier};
//!
//! let verifier = Verifier::new("whsec_example")?;
//!
//! # let body = br#"{"id":"env_1"}"#;
//! # let now = 1_778_336_551;
//! # let signature = Signer::new("whsec_example")?.sign(now, body);
//! # let received = [
//! #     ("x-revento-event", &b"application.approved"[..]),
//! #     ("x-revento-delivery-id", b"5f0c9f0e"),
//! #     ("x-revento-timestamp", b"1778336551"),
//! #     ("X-Revento-Signature", signature.as_bytes()),
//! # ];
//! let headers = Headers::collect(received)?;              // (name, value) pairs, any order, any case
//! let verified = verifier.verify(&headers, body, now)?;   // `now` in Unix seconds
//! assert_eq!(verified.body(), body);                      // only a `Verified` gives out the body
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! **What the signature does not cover** is not trusted: [`Verified::unsigned_event_type`] and
//! [`Verified::unsigned_delivery_id`] say so in their names. Identity and type come from the signed
//! body; with the feature `events`, `Verified::envelope` reads it and refuses a header that disagrees.

#![no_std]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod error;
#[cfg(feature = "events")]
mod events;
pub mod explain;
mod headers;
mod hex;
mod hint;
mod key;
mod mac;
mod offline;
mod receive;
mod sign;
mod timestamp;
mod verify;

pub use error::{HeaderError, SecretError, ToleranceError, VerifyError};
#[cfg(feature = "events")]
pub use events::EventError;
pub use explain::Explainer;
pub use headers::{Header, Headers, MissingHeaders};
pub use hint::SecretHint;
pub use key::MatchedKey;
pub use offline::{OfflineVerifier, Recorded};
pub use receive::{Incoming, TooLarge, VerifiedDelivery};
pub use sign::Signer;
pub use verify::{Verified, Verifier};
