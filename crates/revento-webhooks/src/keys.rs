//! The secrets of a verifier.

use alloc::vec::Vec;

use subtle::{Choice, ConditionallySelectable};

use crate::{error::SecretError, signature::Key};

/// Which secret made the signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MatchedKey {
    /// The current secret.
    Current,
    /// A previous secret, by its position in the order of [`Verifier::with_previous`](crate::Verifier::with_previous)
    /// calls.
    Previous(usize),
}

/// A shorter secret can be guessed from one captured delivery: each guess costs an attacker two hashes, offline.
const MIN_SECRET_CHARACTERS: usize = 16;

/// Prepares a secret. Its bytes are used as shown: never decoded, never stripped of a prefix.
///
/// # Errors
/// When the secret is empty, surrounded by white space, or has fewer than 16 characters.
#[inline]
pub(crate) fn prepare(secret: &str) -> Result<Key, SecretError> {
    if secret.trim().is_empty() {
        return Err(SecretError::Empty);
    }
    if secret.trim() != secret {
        return Err(SecretError::SurroundingWhitespace);
    }
    if secret.chars().count() < MIN_SECRET_CHARACTERS {
        return Err(SecretError::TooShort);
    }
    Key::new(secret.as_bytes()).ok_or(SecretError::Empty)
}

/// The current secret and the previous ones.
#[derive(Debug, Clone)]
pub(crate) struct Keys {
    current: Key,
    previous: Vec<PreviousKey>,
}

#[derive(Debug, Clone)]
struct PreviousKey {
    key: Key,
    not_after: Option<i64>,
}

impl Keys {
    #[inline]
    pub(crate) fn new(secret: &str) -> Result<Self, SecretError> {
        Ok(Self {
            current: prepare(secret)?,
            previous: Vec::new(),
        })
    }

    #[inline]
    pub(crate) fn add_previous(&mut self, secret: &str, not_after: Option<i64>) -> Result<(), SecretError> {
        let key = prepare(secret)?;
        self.previous.push(PreviousKey { key, not_after });
        Ok(())
    }

    /// Calls `visit` with each key. The current key comes last, since [`KeySearch`] keeps the last match, and the
    /// previous keys come in reverse order.
    #[inline]
    pub(crate) fn for_each(&self, now: i64, mut visit: impl FnMut(Candidate, &Key)) {
        let count = u32::try_from(self.previous.len()).unwrap_or(KeySearch::NONE - 1);
        for (index, previous) in (1..=count).rev().zip(self.previous.iter().rev()) {
            let is_accepted = previous.not_after.is_none_or(|end| now <= end);
            visit(Candidate { index, is_accepted }, &previous.key);
        }
        let current = Candidate {
            index: 0,
            is_accepted: true,
        };
        visit(current, &self.current);
    }
}

/// A key's position, and whether the verifier accepts the key now.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Candidate {
    index: u32,
    is_accepted: bool,
}

/// Finds the matching key without revealing by its timing which key matched.
pub(crate) struct KeySearch(u32);

impl KeySearch {
    const NONE: u32 = u32::MAX;

    #[inline]
    pub(crate) fn new() -> Self {
        Self(Self::NONE)
    }

    #[inline]
    pub(crate) fn record(&mut self, candidate: Candidate, matches: Choice) {
        let matches = matches & Choice::from(u8::from(candidate.is_accepted));
        self.0.conditional_assign(&candidate.index, matches);
    }

    #[inline]
    pub(crate) fn matched(&self) -> Option<MatchedKey> {
        match self.0 {
            Self::NONE => None,
            0 => Some(MatchedKey::Current),
            index => Some(MatchedKey::Previous(
                usize::try_from(index - 1).unwrap_or(usize::MAX),
            )),
        }
    }
}
