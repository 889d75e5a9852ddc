//! [`Slot`]: the rules of [`TokenStore`](crate::TokenStore) for one key, without a database.

use revento_core::Timestamp;

use crate::{ClaimOutcome, ClaimTerms, CreateOutcome, Fence, Record, Stored, SwapOutcome, Version};

/// What a store without columns keeps under one key: the record if there is one, its version, and the
/// claim on it.
///
/// It makes a [`TokenStore`](crate::TokenStore) on any key-value engine that has transactions, or a
/// compare-and-set of its own, a matter of reading the slot, calling the method of the same name and
/// writing the slot back, all in one step; see `examples/custom-token-store`. What it cannot do for
/// the store: make that step atomic and durable, find records by event and expiry, and draw numbers.
///
/// Where a method takes a `number`, it has to be higher than every number given to any slot of this
/// key before, also over a removal: a counter for the whole store that is never set back.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Slot(pub(crate) Option<Filled>);

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Filled {
    pub(crate) stored: Stored,
    pub(crate) claim: Option<(Fence, Timestamp)>,
    /// An earlier claim ran out, and nothing since has told what became of it.
    pub(crate) abandoned: bool,
}

impl Slot {
    /// The record and its version; `None` when there is none.
    pub fn stored(&self) -> Option<&Stored> {
        self.0.as_ref().map(|filled| &filled.stored)
    }

    /// The record and its version, without the slot.
    pub fn into_stored(self) -> Option<Stored> {
        self.0.map(|filled| filled.stored)
    }

    /// When the refresh token of a live record runs out: what an index for
    /// [`TokenStore::due`](crate::TokenStore::due) goes by. `None` for what is never due.
    pub fn due_at(&self) -> Option<Timestamp> {
        let connection = &self.stored()?.record.connection;
        connection
            .status
            .is_live()
            .then_some(connection.refresh_expires_at)
    }

    /// As [`TokenStore::create`](crate::TokenStore::create) demands.
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

    /// As [`TokenStore::compare_and_swap`](crate::TokenStore::compare_and_swap) demands.
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

    /// As [`TokenStore::claim`](crate::TokenStore::claim) demands.
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

    /// As [`TokenStore::release`](crate::TokenStore::release) demands.
    pub fn release(&mut self, fence: Fence) {
        if let Some(filled) = &mut self.0 {
            filled.claim.take_if(|(held, _)| *held == fence);
        }
    }

    /// As [`TokenStore::remove`](crate::TokenStore::remove) demands.
    pub fn remove(&mut self) {
        self.0 = None;
    }
}
