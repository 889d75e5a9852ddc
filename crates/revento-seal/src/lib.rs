//! Encrypts secrets at rest for the Revento SDK, with key rotation.
//!
//! Most services use [`KeyRing`] as their [`Sealer`](revento_store::Sealer). It encrypts with XChaCha20-Poly1305
//! under a [`SealingKey`] that the service keeps. The record's identity is the associated data. The ring seals under
//! its current key and also opens under its previous keys, so a key can be replaced without downtime.
//!
//! ```
//! use revento_seal::{KeyRing, SealingKey};
//! use revento_store::{OsEntropy, Sealer};
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let key = SealingKey::generate(&OsEntropy)?; // once; keep `key.to_base64()` in a secret store
//! let ring = KeyRing::new(key);
//! let sealed = ring.seal("clt_1/evt_1", b"rev_refresh_...").await?;
//! assert_eq!(*ring.open("clt_1/evt_1", &sealed).await?.plaintext, b"rev_refresh_...");
//! assert!(ring.open("clt_1/evt_2", &sealed).await.is_err(), "sealed bytes open only for their own record");
//! # Ok(()) }
//! ```
//!
//! # Replacing a key
//! 1. Give every replica the new key with [`KeyRing::with_previous`]: every replica can open
//!    data sealed under it, none seals under it yet.
//! 2. On one replica after the other, make the new key the current key and the old key a previous key.
//! 3. Opening a record that is sealed under the old key sets [`reseal`](revento_store::Unsealed::reseal). The next write
//!    of the record seals it under the new key. [`revento_store::reseal`] does so for all records at once, and the command
//!    `revento ops keys` with it. Drop the old key when nothing is sealed under it any more ([`SealedUnder`]).
//!
//! Services that read their keys from a setting do this without a change of the program: [`KeyRing::from_base64`] takes a list, of which the first
//! key seals and all open.
//!
//! # A key that has leaked
//! Replace it as above, and add the old key with [`KeyRing::with_leaked`] instead of `with_previous`. It opens stored records,
//! so that they can be sealed again, and nothing that a browser sends. The page `docs/guide/operate.md` of the repository has the
//! whole procedure.
//!
//! # Other purposes
//! Each purpose has keys of its own: [`KeyRing::derive`]. A value that comes from a browser is never opened with the keys of
//! stored records.
//!
//! # A key management service
//! Store the sealing key wrapped (encrypted) by the service, and unwrap it once at start: implement [`KeyService`] and
//! call [`SealingKey::unwrap_with`]. Sealing and opening records then need no call to the service. If each record
//! needs its own call to the service, implement [`Sealer`](revento_store::Sealer); its methods are `async` for this.
//!
//! # Format of the sealed bytes
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
//! sealing key, each with its own label. The commitment ensures that a ciphertext opens under one key only, and
//! detects a key that has the right id but the wrong bytes.
//!
//! # Features
//! It has no Cargo features.
//!
//! # What it does not do
//! It keeps no key: store it in a secret store, and keep it apart from the database and its backups. It does not hash passwords and encrypts no
//! files; each value is one message in memory.
//!
//! # Stability
//! It needs Rust 1.95 or later, and only a new minor version raises that. All crates of the SDK have one version and follow
//! [semantic versioning](https://semver.org): before 1.0, only a new minor version breaks programs. The
//! [changelog](https://github.com/revento/revento-rs/blob/main/CHANGELOG.md) says what to change.

mod format;
mod key;
mod key_service;
mod plaintext;
mod ring;
mod sealed_under;

pub use key::{KeyIdError, ParseKeyError, SealingKey};
pub use key_service::{KeyService, UnwrapKeyError};
pub use plaintext::InsecurePlaintext;
pub use ring::{DuplicateKeyId, KeyRing, ParseKeyRingError};
pub use sealed_under::SealedUnder;
