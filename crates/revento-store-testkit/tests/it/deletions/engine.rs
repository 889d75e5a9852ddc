//! An in-memory deletion store with a fault of engines: of their texts, their orders, their isolation or their replicas.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard},
};

use async_trait::async_trait;
use revento_core::{EnvelopeId, Timestamp};
use revento_store::{DeletionDuty, DeletionProof, DeletionStore, StoreError};

use crate::text_change::TextChange;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EngineFault {
    Text(Field, TextChange),
    TimesAsTexts,
    IdsInOrderWithoutCase,
    ListCapped,
    /// The call also takes the duty whose id differs in case.
    WithoutCase(Call),
    /// Reads, waits and writes all that it has read.
    ReminderInTwoSteps,
    /// As an engine that counts changed rows only.
    SameReminderIsNone,
    /// A handle keeps what it has read until it writes itself.
    Stale(Read),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    Event,
    Organization,
    Reason,
    Note,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Call {
    Duty,
    Reminder,
    Deletion,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Read {
    Duty,
    Open,
}

type Duties = BTreeMap<String, DeletionDuty>;

#[derive(Debug)]
pub(super) struct FaultyEngine {
    fault: EngineFault,
    duties: Arc<Mutex<Duties>>,
    /// What this handle has read of one duty, or of all open ones.
    kept: Mutex<BTreeMap<Option<String>, Vec<DeletionDuty>>>,
}

impl FaultyEngine {
    pub(super) fn new(fault: EngineFault) -> Self {
        let (duties, kept) = Default::default();
        Self { fault, duties, kept }
    }

    /// Another handle to the same duties.
    pub(super) fn replica(&self) -> Self {
        Self {
            duties: Arc::clone(&self.duties),
            ..Self::new(self.fault)
        }
    }

    fn duties(&self) -> MutexGuard<'_, Duties> {
        self.duties.lock().unwrap()
    }

    fn wrote(&self) {
        self.kept.lock().unwrap().clear();
    }

    fn keep(&self, of: Read, what: Option<String>, now: Vec<DeletionDuty>) -> Vec<DeletionDuty> {
        if self.fault != EngineFault::Stale(of) {
            return now;
        }
        self.kept.lock().unwrap().entry(what).or_insert(now).clone()
    }

    fn text(&self, of: Field, text: &str) -> Option<String> {
        match self.fault {
            EngineFault::Text(field, change) if field == of => change.apply(text),
            _ => Some(text.to_owned()),
        }
    }

    /// The ids that a call takes for this one, this one first.
    fn ids(&self, call: Call, id: &EnvelopeId) -> Vec<String> {
        let is_alike = |other: &&String| {
            self.fault == EngineFault::WithoutCase(call) && other.to_lowercase() == id.as_str().to_lowercase()
        };
        let others = self.duties();
        let others = others
            .keys()
            .filter(is_alike)
            .filter(|other| *other != id.as_str());
        std::iter::once(id.as_str().to_owned())
            .chain(others.cloned())
            .collect()
    }

    fn is_open(&self, id: &str) -> bool {
        self.duties().get(id).is_some_and(|duty| duty.done.is_none())
    }
}

#[async_trait]
impl DeletionStore for FaultyEngine {
    async fn record(&self, duty: &DeletionDuty) -> Result<bool, StoreError> {
        let mut stored = duty.clone();
        stored.event_id = stored
            .event_id
            .and_then(|id| self.text(Field::Event, id.as_str()))
            .map(Into::into);
        let organization = stored.organization_id;
        stored.organization_id = organization
            .and_then(|id| self.text(Field::Organization, id.as_str()))
            .map(Into::into);
        stored.reason = stored.reason.and_then(|reason| self.text(Field::Reason, &reason));
        let id = duty.envelope_id.as_str().to_owned();
        let is_new = !self.duties().contains_key(&id);
        if is_new {
            self.duties().insert(id, stored);
            self.wrote();
        }
        Ok(is_new)
    }

    async fn duty(&self, envelope_id: &EnvelopeId) -> Result<Option<DeletionDuty>, StoreError> {
        let ids = self.ids(Call::Duty, envelope_id);
        let found = ids.iter().rev().find_map(|id| self.duties().get(id).cloned());
        let id = envelope_id.as_str().to_owned();
        Ok(self.keep(Read::Duty, Some(id), found.into_iter().collect()).pop())
    }

    async fn open_duties(&self, limit: usize) -> Result<Vec<DeletionDuty>, StoreError> {
        let mut open: Vec<_> = self
            .duties()
            .values()
            .filter(|duty| duty.done.is_none())
            .cloned()
            .collect();
        match self.fault {
            EngineFault::IdsInOrderWithoutCase => {
                open.sort_by_key(|duty| duty.envelope_id.as_str().to_lowercase())
            }
            EngineFault::TimesAsTexts => open.sort_by_key(|duty| duty.deadline_at.unix_micros().to_string()),
            EngineFault::ListCapped => open.truncate(250),
            _ => {}
        }
        if self.fault != EngineFault::TimesAsTexts {
            open.sort_by_key(|duty| duty.deadline_at);
        }
        open.truncate(limit);
        Ok(self.keep(Read::Open, None, open))
    }

    async fn mark_reminded(&self, envelope_id: &EnvelopeId, at: Timestamp) -> Result<bool, StoreError> {
        let is_open = self.is_open(envelope_id.as_str());
        let before = self.duties().get(envelope_id.as_str()).cloned();
        if self.fault == EngineFault::ReminderInTwoSteps {
            crate::between_the_steps().await;
            if let Some(duty) = before.clone().filter(|duty| duty.done.is_none()) {
                self.duties().insert(envelope_id.as_str().to_owned(), duty);
            }
        }
        for id in self.ids(Call::Reminder, envelope_id) {
            if self.is_open(&id)
                && let Some(duty) = self.duties().get_mut(&id)
            {
                duty.reminded_at = Some(at);
            }
        }
        if is_open {
            self.wrote();
        }
        let is_same = before.is_some_and(|duty| duty.reminded_at == Some(at));
        Ok(is_open && !(is_same && self.fault == EngineFault::SameReminderIsNone))
    }

    async fn mark_deleted(
        &self,
        envelope_id: &EnvelopeId,
        proof: &DeletionProof,
    ) -> Result<bool, StoreError> {
        let proof = DeletionProof {
            at: proof.at,
            note: self
                .text(Field::Note, &proof.note)
                .unwrap_or_else(|| " ".to_owned()),
        };
        let ids = self.ids(Call::Deletion, envelope_id);
        let mut duties = self.duties();
        let is_open = duties
            .get(envelope_id.as_str())
            .is_some_and(|duty| duty.done.is_none());
        for id in ids {
            if let Some(duty) = duties.get_mut(&id) {
                duty.done.get_or_insert_with(|| proof.clone());
            }
        }
        if is_open {
            self.wrote();
        }
        Ok(is_open)
    }
}
