//! [`DeletionStore`] in memory.

use std::{collections::BTreeMap, fmt, sync::Mutex};

use async_trait::async_trait;
use revento_core::{EnvelopeId, Timestamp};

use super::lock;
use crate::{DeletionDuty, DeletionProof, DeletionStore, StoreError};

/// Duties to delete that are gone with the process: for tests and experiments.
#[derive(Default)]
pub struct MemoryDeletions(Mutex<BTreeMap<EnvelopeId, DeletionDuty>>);

impl MemoryDeletions {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    /// Changes an open duty.
    fn change(&self, envelope_id: &EnvelopeId, change: impl FnOnce(&mut DeletionDuty)) -> bool {
        let mut duties = lock(&self.0);
        match duties.get_mut(envelope_id) {
            Some(duty) if duty.done.is_none() => {
                change(duty);
                true
            }
            _ => false,
        }
    }
}

#[async_trait]
impl DeletionStore for MemoryDeletions {
    async fn record(&self, duty: &DeletionDuty) -> Result<bool, StoreError> {
        let mut duties = lock(&self.0);
        let is_new = !duties.contains_key(&duty.envelope_id);
        if is_new {
            duties.insert(duty.envelope_id.clone(), duty.clone());
        }
        Ok(is_new)
    }

    async fn duty(&self, envelope_id: &EnvelopeId) -> Result<Option<DeletionDuty>, StoreError> {
        Ok(lock(&self.0).get(envelope_id).cloned())
    }

    async fn open_duties(&self, limit: usize) -> Result<Vec<DeletionDuty>, StoreError> {
        let duties = lock(&self.0);
        let mut open: Vec<_> = duties
            .values()
            .filter(|duty| duty.done.is_none())
            .cloned()
            .collect();
        open.sort_by(|one, other| {
            let place = |duty: &DeletionDuty| (duty.deadline_at, duty.envelope_id.clone());
            place(one).cmp(&place(other))
        });
        open.truncate(limit);
        Ok(open)
    }

    async fn mark_reminded(&self, envelope_id: &EnvelopeId, at: Timestamp) -> Result<bool, StoreError> {
        Ok(self.change(envelope_id, |duty| duty.reminded_at = Some(at)))
    }

    async fn mark_deleted(
        &self,
        envelope_id: &EnvelopeId,
        proof: &DeletionProof,
    ) -> Result<bool, StoreError> {
        Ok(self.change(envelope_id, |duty| duty.done = Some(proof.clone())))
    }
}

impl fmt::Debug for MemoryDeletions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryDeletions")
            .field("count", &lock(&self.0).len())
            .finish()
    }
}
