//! Following the changes of an event.

use std::time::Duration;

use revento_core::{EventId, Timestamp, tolerant_json};
use serde::de::DeserializeOwned;
use tokio::time::timeout;

use crate::{
    Mirror, MirrorError,
    store::{ChangeContent, ResourceKind, RowKey, StoredChange},
};

/// A change of the mirror.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Change {
    /// The position: `1` for the event's first change, and one more for each. Store it with your own work, and go on behind it.
    pub position: i64,
    /// When the mirror was changed, by the clock of the replica that did it.
    pub at: Timestamp,
    /// What has changed.
    pub what: ChangeKind,
}

/// What has changed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ChangeKind {
    /// A resource is new.
    Added(ChangedRow),
    /// A resource has changed.
    Changed(ChangedRow),
    /// The platform does not list the resource any more.
    Removed(ChangedRow),
    /// The connection has ended, and all data of the event was wiped. Delete what you made of it.
    Wiped,
}

/// A resource before and after a change.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChangedRow {
    /// The kind of the resource.
    pub kind: ResourceKind,
    /// The id of the resource.
    pub id: Box<str>,
    before: Option<Box<str>>,
    after: Option<Box<str>>,
}

impl ChangedRow {
    /// The JSON before the change; `None` if the resource is new.
    pub fn before_json(&self) -> Option<&str> {
        self.before.as_deref()
    }

    /// The JSON after the change; `None` if the resource is gone.
    pub fn after_json(&self) -> Option<&str> {
        self.after.as_deref()
    }

    /// The resource before the change, such as a [`Participant`](revento_core::resource::Participant). `None` if it is new, or cannot
    /// be read as a `T`.
    pub fn before<T: DeserializeOwned>(&self) -> Option<T> {
        read(self.before_json())
    }

    /// The resource after the change. `None` if it is gone, or cannot be read as a `T`.
    pub fn after<T: DeserializeOwned>(&self) -> Option<T> {
        read(self.after_json())
    }
}

fn read<T: DeserializeOwned>(json: Option<&str>) -> Option<T> {
    tolerant_json::read(json?.as_bytes()).ok()
}

/// Without the contents, which are personal.
impl std::fmt::Debug for ChangedRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ChangedRow")
            .field("kind", &self.kind)
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// The changes behind a position.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Changes {
    /// They follow each other without a gap. An empty list means that there are none yet.
    Next(Vec<Change>),
    /// Some of them are forgotten, because they are older than
    /// [`keep_changes`](crate::MirrorBuilder::keep_changes) or were wiped: read everything you need from the mirror again, and go
    /// on behind this position.
    Missed {
        /// The last position that is forgotten.
        resume_after: i64,
    },
}

impl Mirror {
    /// The changes of an event behind a position, at most `limit`. `0` is before the first.
    ///
    /// Every change has one position, and no change appears at or before a position that somebody has seen. Several changes of a row
    /// that happen at once may be one.
    ///
    /// # Errors
    /// The store failed.
    pub async fn changes(
        &self,
        event_id: impl Into<EventId>,
        after: i64,
        limit: usize,
    ) -> Result<Changes, MirrorError> {
        let stored = self.0.store.changes(&event_id.into(), after, limit).await?;
        if after < stored.forgotten_to {
            return Ok(Changes::Missed {
                resume_after: stored.forgotten_to,
            });
        }
        Ok(Changes::Next(stored.changes.into_iter().map(change).collect()))
    }

    /// As [`changes`](Self::changes), but waits until there are some, or until this time has passed. It learns of the changes of this
    /// process at once, and of those of other processes within a second.
    ///
    /// # Errors
    /// The store failed.
    pub async fn wait_for_changes(
        &self,
        event_id: impl Into<EventId>,
        after: i64,
        limit: usize,
        at_most: Duration,
    ) -> Result<Changes, MirrorError> {
        let event_id = event_id.into();
        let wait = async {
            loop {
                let changed = self.0.changed.notified();
                let found = self.changes(event_id.clone(), after, limit).await?;
                if !matches!(&found, Changes::Next(changes) if changes.is_empty()) {
                    return Ok(found);
                }
                let _ = timeout(self.0.poll, changed).await;
            }
        };
        timeout(at_most, wait)
            .await
            .unwrap_or_else(|_| Ok(Changes::Next(Vec::new())))
    }

    /// The position of an event's last change; `0` if there is none.
    ///
    /// # Errors
    /// The store failed.
    pub async fn last_change(&self, event_id: impl Into<EventId>) -> Result<i64, MirrorError> {
        let loaded = self.0.store.load(&event_id.into(), &[]).await?;
        Ok(loaded.event.map_or(0, |event| event.last_change))
    }
}

fn change(stored: StoredChange) -> Change {
    let StoredChange {
        position,
        at,
        content,
    } = stored;
    let what = match content {
        ChangeContent::Wiped => ChangeKind::Wiped,
        ChangeContent::Row { key, before, after } => {
            let kind = match (&before, &after) {
                (None, Some(_)) => ChangeKind::Added,
                (Some(_), Some(_)) => ChangeKind::Changed,
                (_, None) => ChangeKind::Removed,
            };
            let RowKey { kind: of, id } = key;
            kind(ChangedRow {
                kind: of,
                id,
                before,
                after,
            })
        }
    };
    Change { position, at, what }
}
