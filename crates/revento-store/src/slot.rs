//! [`Slot`]: the rules of [`TokenStore`](crate::TokenStore) for one key, for any database.

use revento_core::Timestamp;

use crate::{ClaimOutcome, ClaimTerms, CreateOutcome, Fence, Record, Stored, SwapOutcome, Version};

/// The data of one key: the record if there is one, its version, and the claim on it.
///
/// With it a [`TokenStore`](crate::TokenStore) reads the slot, calls the method of the same name and writes the slot back, all in one
/// transaction. This is the usual way for a SQL database as well as for a key-value engine; `examples/custom-store` has both. A slot that
/// is empty after [`remove`](Self::remove) has no bytes, and its row or key may be deleted. What is left to the store:
///
/// - **One transaction** that no other one of the same key overlaps. Begin it with the statement that draws the number, such as
///   `UPDATE counter SET last = last + 1`: it locks that row, so writers take turns, and each isolation level from *read committed* on is
///   enough. An optimistic engine (PostgreSQL from *repeatable read* on, DuckDB) ends one of two writers: run its transaction again.
/// - **Numbers.** A `number` must be higher than every number that a slot of this key was given before, also before a removal and a
///   restart: use one counter for the whole store and never reset it.
/// - **Lists**, with a column or an index for each of these:
///
/// | column | value | list |
/// |---|---|---|
/// | `id` | [`index_text`](crate::columns::index_text) of the key's text: the key of the row | the order of each list |
/// | `client` | `index_text` of the client id | [`of_client`](crate::TokenStore::of_client): `client = ? AND id > ?` |
/// | `event` | `index_text` of the event id | [`of_event`](crate::TokenStore::of_event): `client = ? AND event = ? AND id > ?` |
/// | `due_at` | [`Slot::due_at`], or `NULL` | [`due`](crate::TokenStore::due): `client = ? AND due_at < ?`, behind `(due_at, id)` |
///
/// Compare them as bytes: a text column has a collation, so use `BLOB`, `BYTEA` or `VARBINARY(257)`.
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
