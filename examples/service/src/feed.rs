//! The webhooks that were handled, newest last, for the page and for whoever waits for the next.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};

use revento::inbox::Webhook;
use serde::Serialize;
use tokio::sync::watch;

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
    pub(crate) event_type: String,
    pub(crate) occurred_at: String,
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
    pub(crate) fn push(&self, webhook: &Webhook) {
        let entry = Entry {
            envelope_id: webhook.envelope.id.to_string(),
            event_type: webhook.envelope.event_type.to_string(),
            occurred_at: webhook.envelope.occurred_at.to_string(),
            attempt: webhook.attempt,
        };
        let event_type = entry.event_type.clone();
        {
            let mut entries = self.0.entries.lock().unwrap_or_else(PoisonError::into_inner);
            if entries.len() == KEPT {
                entries.pop_front();
            }
            entries.push_back(entry);
        }
        self.0.handled.send_replace(event_type);
    }

    pub(crate) fn entries(&self) -> Vec<Entry> {
        self.0
            .entries
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .iter()
            .cloned()
            .collect()
    }

    /// The type of each webhook as it is handled.
    pub(crate) fn changes(&self) -> watch::Receiver<String> {
        self.0.handled.subscribe()
    }
}
