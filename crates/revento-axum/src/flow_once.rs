//! Which flows have come to their end here.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use revento_core::Timestamp;
use revento_oauth::authorize::PENDING_LIFETIME;

/// Remembers a flow for as long as its cookie could come back. Only flows whose cookie opened get here,
/// so nobody can fill it from outside.
#[derive(Debug, Default)]
pub(crate) struct Once(Mutex<HashMap<String, Timestamp>>);

impl Once {
    /// Whether this flow has not been here before.
    pub(crate) fn is_first(&self, flow_id: String, now: Timestamp) -> bool {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.retain(|_, until| now < *until);
        let until = now.saturating_add(PENDING_LIFETIME);
        seen.insert(flow_id, until).is_none()
    }
}
