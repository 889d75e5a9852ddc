//! Sealing of secrets at rest for the Revento SDK, with key rotation.
//!
//! [`KeyRing`] is the [`Sealer`](revento_store::Sealer) for most: XChaCha20-Poly1305 under a
//! [`SealingKey`] of one's own, with the record's identity as associated data. It seals under its
//! current key and opens under previous ones too, so that a key can be replaced without downtime.
//!
//! ```
//! use revento_seal::{KeyRing, SealingKey};
//! use revento_store::{OsEntropy, Sealer};
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let key = SealingKey::generate(&OsEntropy)?; // once; then kept as `key.to_base64()` in a secret store
//! let ring = KeyRing::new(key);
//! let sealed = ring.seal("clt_1/evt_1", b"rev_refresh_...").await?;
//! assert_eq!(*ring.open("clt_1/evt_1", &sealed).await?.plaintext, b"rev_refresh_...");
//! assert!(ring.open("clt_1/evt_2", &sealed).await.is_err(), "a record cannot be swapped for another");
//! # Ok(()) }
//! ```
//!
//! # Replacing a key
//! 1. Give every replica the new key with [`KeyRing::with_previous`]: all can open it, none seals under it.
//! 2. Make the new key the current one and the old one a previous one, replica by replica.
//! 3. Records that are opened say [`reseal`](revento_store::Unsealed::reseal) and are sealed anew with their
//!    next write. Refreshing takes every live connection through that; then drop the old key.
//!
//! # A key management service
//! Keep the sealing key wrapped (encrypted) by the service and have it unwrapped once at start:
//! implement [`KeyService`] and call [`SealingKey::unwrap_with`]. The service is then not needed for
//! each record. Where every single opening has to be a call to the service, implement
//! [`Sealer`](revento_store::Sealer) itself; its methods are `async` for that.
//!
//! # What the bytes are
//! ```text
//! 1 byte   format, 1
//! 1 byte   length of the key id
//! n bytes  key id, UTF-8
//! 32 bytes commitment to the key
//! 24 bytes nonce, random
//! m bytes  ciphertext
//! 16 bytes Poly1305 tag over all of the above and the context
//! ```
//! The encryption key, the commitment and the default key id are three outputs of HKDF-SHA256 over the
//! sealing key, each with a label of its own. The commitment makes "the right id, the wrong bytes" an
//! answer of its own inside and keeps one ciphertext from opening under two keys.

mod format;
mod key;
mod key_service;
mod plaintext;
mod ring;

pub use key::{KeyIdError, ParseKeyError, SealingKey};
pub use key_service::{KeyService, UnwrapKeyError};
pub use plaintext::InsecurePlaintext;
pub use ring::{DuplicateKeyId, KeyRing};

/// The README's code compiles.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
