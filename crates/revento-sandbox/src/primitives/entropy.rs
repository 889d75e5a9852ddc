//! Random values for tokens, codes and ids, from the operating system or from a seed.

use std::sync::atomic::{AtomicU64, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

use super::digest;

/// The operating system gave no random bytes.
#[derive(Debug, thiserror::Error)]
#[error("the operating system gave no random bytes; nothing was issued, try again")]
pub(crate) struct EntropyError;

/// What a value is for. With a seed, each purpose has its own sequence, so that a request to the console does not change
/// the next token.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Purpose {
    /// A consent page or a code.
    Consent,
    /// Tokens and their families.
    Token,
    /// A delivery and its envelope.
    Delivery,
    /// A secret of an integration.
    Secret,
    /// A request without an id.
    Request,
}

const PURPOSES: usize = 5;

/// The source of random values.
#[derive(Debug, Default)]
pub(crate) struct Entropy {
    seed: Option<u64>,
    drawn: [AtomicU64; PURPOSES],
}

impl Entropy {
    /// A source that gives the same values in the same order, for tests.
    pub(crate) fn seeded(seed: u64) -> Self {
        Self {
            seed: Some(seed),
            drawn: Default::default(),
        }
    }

    /// Starts every sequence again.
    pub(crate) fn rewind(&self) {
        self.drawn
            .iter()
            .for_each(|drawn| drawn.store(0, Ordering::Relaxed));
    }

    /// 256 random bits as 43 URL-safe characters.
    pub(crate) fn token(&self, purpose: Purpose) -> Result<String, EntropyError> {
        Ok(URL_SAFE_NO_PAD.encode(self.bytes(purpose)?))
    }

    /// A random UUID, version 4.
    pub(crate) fn uuid(&self, purpose: Purpose) -> Result<String, EntropyError> {
        Ok(digest::uuid(self.bytes(purpose)?))
    }

    /// 96 random bits as 24 hex digits.
    pub(crate) fn hex(&self, purpose: Purpose) -> Result<String, EntropyError> {
        let bytes = self.bytes(purpose)?;
        Ok(hex::encode(bytes.get(..12).unwrap_or_default()))
    }

    fn bytes(&self, purpose: Purpose) -> Result<[u8; 32], EntropyError> {
        let mut bytes = [0_u8; 32];
        let Some(seed) = self.seed else {
            fill(&mut bytes)?;
            return Ok(bytes);
        };
        let place = self.drawn.get(purpose as usize).ok_or(EntropyError)?;
        let number = place.fetch_add(1, Ordering::Relaxed);
        Ok(Sha256::digest(format!("revento sandbox|{seed}|{purpose:?}|{number}")).into())
    }
}

#[expect(clippy::disallowed_methods, reason = "the only source of randomness")]
fn fill(bytes: &mut [u8]) -> Result<(), EntropyError> {
    getrandom::fill(bytes).map_err(|_| EntropyError)
}
