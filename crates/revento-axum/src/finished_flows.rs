//! The flows that this process has finished.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use revento_core::Timestamp;
use revento_oauth::authorize::PENDING_LIFETIME;

/// Remembers each flow until its cookie has expired.
///
/// Only flows whose sealed cookie opened are added, so nobody can fill the memory from outside.
#[derive(Debug, Default)]
pub(crate) struct FinishedFlows(Mutex<HashMap<String, Timestamp>>);

impl FinishedFlows {
    /// Adds a flow. Returns `false` if it was there already.
    pub(crate) fn insert(&self, flow_id: String, now: Timestamp) -> bool {
        let mut finished = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        finished.retain(|_, until| now < *until);
        let until = now.saturating_add(PENDING_LIFETIME);
        finished.insert(flow_id, until).is_none()
    }
}
