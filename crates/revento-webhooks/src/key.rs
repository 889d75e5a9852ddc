//! The secrets of a verifier, prepared.

use alloc::vec::Vec;
use core::fmt;

use subtle::{Choice, ConditionallySelectable};

use crate::{error::SecretError, mac};

/// The current secret and the ones before it.
#[derive(Debug, Clone)]
pub(crate) struct Keys {
    current: Key,
    previous: Vec<Previous>,
}

#[derive(Clone)]
pub(crate) struct Key(pub(crate) mac::Key);

#[derive(Debug, Clone)]
struct Previous {
    key: Key,
    not_after: Option<i64>,
}

/// Which secret held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MatchedKey {
    /// The current one.
    Current,
    /// The previous one at this position, in the order of
    /// [`Verifier::with_previous`](crate::Verifier::with_previous).
    Previous(usize),
}

impl Key {
    #[inline]
    fn new(secret: &str) -> Result<Self, SecretError> {
        check(secret)?;
        Ok(Self(mac::Key::new(secret.as_bytes())))
    }
}

impl Keys {
    #[inline]
    pub(crate) fn new(secret: &str) -> Result<Self, SecretError> {
        Ok(Self {
            current: Key::new(secret)?,
            previous: Vec::new(),
        })
    }

    #[inline]
    pub(crate) fn add_previous(&mut self, secret: &str, not_after: Option<i64>) -> Result<(), SecretError> {
        let key = Key::new(secret)?;
        self.previous.push(Previous { key, not_after });
        Ok(())
    }

    /// Hands over each key with whether it counts at `now`: the current one last, since the last that holds is told,
    /// and of the previous ones the first before it.
    #[inline]
    pub(crate) fn each(&self, now: i64, mut visit: impl FnMut(Candidate, &mac::Key)) {
        let count = u32::try_from(self.previous.len()).unwrap_or(Trials::NONE - 1);
        for (index, previous) in (1..=count).rev().zip(self.previous.iter().rev()) {
            let counts = previous.not_after.is_none_or(|end| now <= end);
            visit(Candidate { index, counts }, &previous.key.0);
        }
        visit(
            Candidate {
                index: 0,
                counts: true,
            },
            &self.current.0,
        );
    }
}

/// The secret's bytes are used as shown: never decoded, never stripped of a prefix.
#[inline]
pub(crate) fn check(secret: &str) -> Result<(), SecretError> {
    if secret.trim().is_empty() {
        return Err(SecretError::Empty);
    }
    if secret.trim() != secret {
        return Err(SecretError::Padded);
    }
    Ok(())
}

/// A key on trial.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Candidate {
    index: u32,
    counts: bool,
}

/// What the trials have found, without telling by its timing which one held.
pub(crate) struct Trials(u32);

impl Trials {
    const NONE: u32 = u32::MAX;

    #[inline]
    pub(crate) fn new() -> Self {
        Self(Self::NONE)
    }

    #[inline]
    pub(crate) fn enter(&mut self, candidate: Candidate, holds: Choice) {
        let holds = holds & Choice::from(u8::from(candidate.counts));
        self.0.conditional_assign(&candidate.index, holds);
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

impl fmt::Debug for Key {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(redacted)")
    }
}
