//! [`Slot`]: the rules of [`TokenStore`](crate::TokenStore) for one key, without a database.

use revento_core::Timestamp;

use crate::{ClaimOutcome, ClaimTerms, CreateOutcome, Fence, Record, Stored, SwapOutcome, Version};

/// The data of one key in a store without columns: the record if there is one, its version, and the claim on it.
///
/// With it a [`TokenStore`](crate::TokenStore) on a key-value engine reads the slot, calls the method of the same name and writes
/// the slot back, all in one transaction; see `examples/custom-token-store`. The store itself makes that step atomic and
/// durable, lists records by client, event and expiry, and draws numbers.
///
/// A `number` must be higher than every number that a slot of this key was given before, also before a removal: use one
/// counter for the whole store and never reset it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Slot(pub(crate) Option<Filled>);

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Filled {
    pub(crate) stored: Stored,
    pub(crate) claim: Option<(Fence, Timestamp)>,
    /// Whether an earlier claim expired and no compare-and-swap has ended it since.
    pub(crate) abandoned: bool,
}

impl Slot {
    /// The record and its version; `None` if there is no record.
    pub fn stored(&self) -> Option<&Stored> {
        self.0.as_ref().map(|filled| &filled.stored)
    }

    /// Takes the record and its version out of the slot.
    pub fn into_stored(self) -> Option<Stored> {
        self.0.map(|filled| filled.stored)
    }

    /// When the refresh token of a live record expires: the key of an index for
    /// [`TokenStore::due`](crate::TokenStore::due). `None` if the record is not live or there is none.
    pub fn due_at(&self) -> Option<Timestamp> {
        let connection = &self.stored()?.record.connection;
        connection
            .status
            .is_live()
            .then_some(connection.refresh_expires_at)
    }

    /// Implements [`TokenStore::create`](crate::TokenStore::create).
    pub fn create(&mut self, number: i64, record: Record) -> CreateOutcome {
        if self.0.is_some() {
            return CreateOutcome::AlreadyExists;
        }
        let version = Version(number);
        self.0 = Some(Filled {
            stored: Stored { version, record },
            claim: None,
            abandoned: false,
        });
        CreateOutcome::Created(version)
    }

    /// Implements [`TokenStore::compare_and_swap`](crate::TokenStore::compare_and_swap).
    pub fn compare_and_swap(
        &mut self,
        number: i64,
        expected: Version,
        record: Record,
        fence: Option<Fence>,
    ) -> SwapOutcome {
        let Some(filled) = &mut self.0 else {
            return SwapOutcome::Conflict;
        };
        let latest = filled.claim.map(|(fence, _)| fence);
        if filled.stored.version != expected || (fence.is_some() && fence != latest) {
            return SwapOutcome::Conflict;
        }
        if fence.is_some() || filled.stored.record.connection.generation != record.connection.generation {
            filled.claim = None;
            filled.abandoned = false;
        }
        let version = Version(number);
        filled.stored = Stored { version, record };
        SwapOutcome::Swapped(version)
    }

    /// Implements [`TokenStore::claim`](crate::TokenStore::claim).
    pub fn claim(&mut self, number: i64, terms: ClaimTerms) -> ClaimOutcome {
        let Some(filled) = self
            .0
            .as_mut()
            .filter(|filled| filled.stored.version == terms.version)
        else {
            return ClaimOutcome::VersionChanged;
        };
        match filled.claim {
            Some((_, until)) if until > terms.now => return ClaimOutcome::Held { until },
            Some(_) => filled.abandoned = true,
            None => {}
        }
        let fence = Fence(number);
        filled.claim = Some((fence, terms.until));
        ClaimOutcome::Granted {
            fence,
            abandoned: filled.abandoned,
        }
    }

    /// Implements [`TokenStore::release`](crate::TokenStore::release).
    pub fn release(&mut self, fence: Fence) {
        if let Some(filled) = &mut self.0 {
            filled.claim.take_if(|(held, _)| *held == fence);
        }
    }

    /// Implements [`TokenStore::remove`](crate::TokenStore::remove).
    pub fn remove(&mut self) {
        self.0 = None;
    }
}
