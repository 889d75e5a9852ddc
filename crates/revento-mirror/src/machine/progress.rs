//! The mirror's notes about an event, as they are stored.

use std::collections::BTreeMap;

use revento_core::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    MirrorError,
    store::{MirroredEvent, ResourceKind, Stamp},
};

/// The notes about one event. Fields that a later version adds are optional, so that replicas of two versions can share a store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Progress {
    /// When the organizer gave the consent under which the data is read.
    pub(crate) consented_at: Timestamp,
    /// Set when the connection has ended. The data is to be wiped, and nothing is written any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) ended: Option<Ended>,
    /// The number of the last read that was begun.
    #[serde(default)]
    pub(crate) last_pass: i64,
    /// The read that is under way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) current: Option<Pass>,
    /// The last complete read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) complete: Option<Complete>,
}

/// The end of a connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Ended {
    /// When, by the platform's clock if a webhook told of it.
    pub(crate) at: Timestamp,
    /// What there was to wipe, noted before it is wiped, so that no crash loses the evidence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) evidence: Option<Evidence>,
    /// Whether the data was wiped.
    #[serde(default)]
    pub(crate) is_wiped: bool,
}

/// What there was to wipe.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Evidence {
    pub(crate) at: Timestamp,
    pub(crate) rows: BTreeMap<Kind, u64>,
    pub(crate) answers: u64,
    pub(crate) marks: u64,
    pub(crate) changes: u64,
    pub(crate) digest: String,
}

/// Why a read is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Reason {
    /// Nothing is there yet, or the consent is new.
    First,
    /// The reconciliation of the day.
    Scheduled,
    /// A webhook could not complete a row, or somebody asked for it.
    Wished,
    /// The last read has not shown some rows.
    Confirming,
}

/// A read of all lists that is under way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Pass {
    pub(crate) reason: Reason,
    pub(crate) began_at: Timestamp,
    /// The lists that are not done. The first is under way.
    pub(crate) lists: Vec<Kind>,
    /// Where the first list is.
    pub(crate) place: Place,
    /// When its first page was asked for, as a stamp.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) list_began: Option<i64>,
    /// Whether a page of it had an item without a legible id, so that nothing can be concluded from absence.
    #[serde(default)]
    pub(crate) has_illegible: bool,
    /// The lists that are done, with the stamps of their begins.
    #[serde(default)]
    pub(crate) done: BTreeMap<Kind, i64>,
    pub(crate) pages: u64,
    pub(crate) rows: u64,
    pub(crate) changed: u64,
    /// How many rows it has not shown for the first time.
    #[serde(default)]
    pub(crate) missing: u64,
    /// Not before this time the next page.
    pub(crate) next_at: Timestamp,
}

/// Where a list is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Place {
    /// The page behind this cursor is next; the first without one.
    Page(Option<Box<str>>),
    /// The list is read. The rows behind this id that it has not shown are next.
    Sweep(Option<Box<str>>),
}

/// A complete read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Complete {
    pub(crate) began_at: Timestamp,
    pub(crate) completed_at: Timestamp,
    pub(crate) pages: u64,
    pub(crate) rows: u64,
    pub(crate) changed: u64,
    /// Whether some rows were not shown for the first time, so that another read has to confirm it.
    #[serde(default)]
    pub(crate) unconfirmed: bool,
    /// The stamp of the begin of each list. What is not in the mirror did not exist then.
    #[serde(default)]
    pub(crate) lists: BTreeMap<Kind, i64>,
}

impl Progress {
    pub(crate) fn new(consented_at: Timestamp) -> Self {
        Self {
            consented_at,
            ended: None,
            last_pass: 0,
            current: None,
            complete: None,
        }
    }

    /// The notes when the connection has ended.
    pub(crate) fn ended_at(&self, at: Timestamp) -> Self {
        Self {
            ended: Some(Ended {
                at,
                evidence: None,
                is_wiped: false,
            }),
            current: None,
            ..self.clone()
        }
    }

    /// Since when a resource without a row is known not to exist.
    pub(crate) fn absent_as_of(&self, kind: ResourceKind) -> Option<Stamp> {
        let began = self.complete.as_ref()?.lists.get(&Kind(kind))?;
        Some(Stamp::from_number(*began))
    }

    pub(crate) fn to_json(&self) -> Box<str> {
        serde_json::to_string(self).unwrap_or_default().into()
    }

    pub(crate) fn of(event: &MirroredEvent) -> Result<Self, MirrorError> {
        serde_json::from_str(&event.progress).map_err(|error| MirrorError::notes(&error))
    }
}

/// A kind of resources in JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Kind(pub(crate) ResourceKind);

impl Serialize for Kind {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.as_str())
    }
}

impl<'de> Deserialize<'de> for Kind {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        let kind = ResourceKind::from_name(&name).map(Self);
        kind.ok_or_else(|| serde::de::Error::custom("an unknown kind of resource"))
    }
}
