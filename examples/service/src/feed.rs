//! The webhooks that were handled, newest last, for the page and for whoever waits for the next.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use revento::{Timestamp, store::DeletionDuty, types::Envelope};
use serde::Serialize;
use tokio::sync::watch;

use crate::deletions::is_of;

/// How many are kept.
const KEPT: usize = 50;

/// A handle to the feed.
#[derive(Clone)]
pub(crate) struct Feed(Arc<Shared>);

struct Shared {
    entries: Mutex<VecDeque<Entry>>,
    handled: watch::Sender<String>,
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
        let handled = watch::Sender::new(String::new());
        Self(Arc::new(Shared {
            entries: Mutex::default(),
            handled,
        }))
    }
}

impl Feed {
    pub(crate) fn note(&self, envelope: &Envelope, attempt: u32) {
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
            if entries.len() == KEPT {
                entries.pop_front();
            }
            entries.push_back(entry);
        }
        self.0.handled.send_replace(event_type);
    }

    pub(crate) fn entries(&self) -> Vec<Entry> {
        self.lock().iter().cloned().collect()
    }

    /// Drops what a duty to delete means; how many entries that were.
    pub(crate) fn forget(&self, duty: &DeletionDuty) -> usize {
        let mut entries = self.lock();
        let before = entries.len();
        entries.retain(|entry| !is_of(duty, entry.event_id.as_deref(), entry.occurred_at));
        before - entries.len()
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Entry>> {
        self.0.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The type of each webhook as it is handled.
    pub(crate) fn changes(&self) -> watch::Receiver<String> {
        self.0.handled.subscribe()
    }
}
