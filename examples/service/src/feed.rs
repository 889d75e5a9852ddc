//! The most recently handled webhooks, for the page.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use revento::{Timestamp, types::Envelope};
use serde::Serialize;
use tokio::sync::watch;

/// How many entries the feed keeps.
const CAPACITY: usize = 50;

/// A handle to the feed. Clones share the entries.
#[derive(Clone)]
pub(crate) struct Feed(Arc<Shared>);

struct Shared {
    /// Oldest first.
    entries: Mutex<VecDeque<Entry>>,
    /// The type of the last handled webhook.
    last_type: watch::Sender<String>,
}

/// A handled webhook, without its personal data.
#[derive(Clone, Serialize)]
pub(crate) struct Entry {
    pub(crate) envelope_id: String,
    pub(crate) event_id: Option<String>,
    pub(crate) event_type: String,
    pub(crate) occurred_at: Timestamp,
    pub(crate) attempt: u32,
}

impl Default for Feed {
    fn default() -> Self {
        Self(Arc::new(Shared {
            entries: Mutex::default(),
            last_type: watch::Sender::new(String::new()),
        }))
    }
}

impl Feed {
    /// Adds a handled webhook and tells the subscribers.
    pub(crate) fn push(&self, envelope: &Envelope, attempt: u32) {
        let entry = Entry {
            envelope_id: envelope.id.to_string(),
            event_id: envelope.event_id.as_ref().map(ToString::to_string),
            event_type: envelope.event_type.to_string(),
            occurred_at: envelope.occurred_at,
            attempt,
        };
        let event_type = entry.event_type.clone();
        {
            let mut entries = self.lock();
            if entries.len() == CAPACITY {
                entries.pop_front();
            }
            entries.push_back(entry);
        }
        self.0.last_type.send_replace(event_type);
    }

    /// All entries, oldest first.
    pub(crate) fn entries(&self) -> Vec<Entry> {
        self.lock().iter().cloned().collect()
    }

    /// Removes the entries that the predicate selects. Returns how many those were.
    pub(crate) fn remove(&self, selects: impl Fn(&Entry) -> bool) -> usize {
        let mut entries = self.lock();
        let before = entries.len();
        entries.retain(|entry| !selects(entry));
        before - entries.len()
    }

    /// Yields the type of each webhook that is handled from now on.
    pub(crate) fn subscribe(&self) -> watch::Receiver<String> {
        self.0.last_type.subscribe()
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Entry>> {
        self.0.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
