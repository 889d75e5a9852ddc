//! An in-memory deletion store with one injected fault.

use std::{
    collections::BTreeSet,
    sync::{Mutex, PoisonError},
};

use async_trait::async_trait;
use revento_core::{EnvelopeId, EventId, Timestamp};
use revento_store::{
    Clock, DeletionDuty, DeletionProof, DeletionStore, StoreError, SystemClock, memory::MemoryDeletions,
};

crate::faults! {
    pub(super) enum Fault {
        AbsentIsEmpty WholeSeconds RecordsAsOpen IdsWithoutCase RecordOverwrites RecordReopens RecordInTwoSteps
        OneDutyForAnEvent ClosesByEvent OpenInOrderOfIds OpenUnlimited OpenListsDone OpenByOwnClock
        ReminderLost ReminderOfDone ReminderCloses ProofOverwritten DoneIsRemoved UnknownIsDone CloseInTwoSteps
        RecordMarksFirst
    }
}

/// The ledger, which a faulty one may replace, since the joint removes nothing.
#[derive(Debug)]
pub(super) struct Faulty {
    fault: Fault,
    inner: tokio::sync::RwLock<MemoryDeletions>,
    known: Mutex<BTreeSet<EnvelopeId>>,
}

impl Faulty {
    pub(super) fn new(fault: Fault) -> Self {
        Self {
            fault,
            inner: tokio::sync::RwLock::new(MemoryDeletions::new()),
            known: Mutex::default(),
        }
    }

    fn is(&self, fault: Fault) -> bool {
        self.fault == fault
    }

    fn id(&self, id: &EnvelopeId) -> EnvelopeId {
        if self.is(Fault::IdsWithoutCase) {
            return id.as_str().to_ascii_lowercase().into();
        }
        id.clone()
    }

    async fn all(&self) -> Vec<DeletionDuty> {
        let ids: Vec<_> = self.lock().iter().cloned().collect();
        let inner = self.inner.read().await;
        let mut all = Vec::new();
        for id in ids {
            all.extend(inner.duty(&id).await.unwrap());
        }
        all
    }

    /// Replaces or drops one duty.
    async fn rewrite(&self, id: &EnvelopeId, change: impl FnOnce(DeletionDuty) -> Option<DeletionDuty>) {
        let mut all = self.all().await;
        let place = all.iter().position(|duty| duty.envelope_id == *id).unwrap();
        let duty = all.remove(place);
        all.extend(change(duty));
        let next = MemoryDeletions::new();
        for duty in all {
            next.record(&duty).await.unwrap();
        }
        *self.inner.write().await = next;
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeSet<EnvelopeId>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What a duty becomes on its way in.
    fn bent(&self, duty: &DeletionDuty) -> DeletionDuty {
        let mut duty = duty.clone();
        duty.envelope_id = self.id(&duty.envelope_id);
        match self.fault {
            Fault::AbsentIsEmpty => duty.event_id = Some(duty.event_id.unwrap_or_else(|| EventId::from(""))),
            Fault::WholeSeconds => {
                duty.deadline_at = Timestamp::from_unix_seconds(duty.deadline_at.unix_seconds());
            }
            Fault::RecordsAsOpen => duty.done = None,
            _ => {}
        }
        duty
    }
}

#[async_trait]
impl DeletionStore for Faulty {
    async fn record(&self, duty: &DeletionDuty) -> Result<bool, StoreError> {
        let duty = self.bent(duty);
        let id = duty.envelope_id.clone();
        let known = self.inner.read().await.duty(&id).await?;
        match self.fault {
            Fault::RecordInTwoSteps => {
                crate::between_the_steps().await;
                self.lock().insert(id);
                self.inner.read().await.record(&duty).await?;
                return Ok(known.is_none());
            }
            Fault::RecordMarksFirst => {
                if !self.lock().insert(id) {
                    return Ok(false);
                }
                crate::between_the_steps().await;
                return self.inner.read().await.record(&duty).await;
            }
            Fault::OneDutyForAnEvent => {
                let mut all = self.all().await.into_iter();
                if let Some(same) = all.find(|one| one.event_id == duty.event_id && one.envelope_id != id) {
                    self.rewrite(&same.envelope_id, |_| None).await;
                }
            }
            _ => {}
        }
        let recorded = self.inner.read().await.record(&duty).await?;
        self.lock().insert(id.clone());
        if !recorded {
            match self.fault {
                Fault::RecordOverwrites => self.rewrite(&id, |_| Some(duty)).await,
                Fault::RecordReopens => {
                    self.rewrite(&id, |old| Some(DeletionDuty { done: None, ..old }))
                        .await
                }
                _ => {}
            }
        }
        Ok(recorded)
    }

    async fn duty(&self, envelope_id: &EnvelopeId) -> Result<Option<DeletionDuty>, StoreError> {
        self.inner.read().await.duty(&self.id(envelope_id)).await
    }

    async fn open_duties(&self, limit: usize) -> Result<Vec<DeletionDuty>, StoreError> {
        let inner = || self.inner.read();
        Ok(match self.fault {
            Fault::OpenUnlimited => inner().await.open_duties(usize::MAX).await?,
            Fault::OpenListsDone => {
                let mut all = self.all().await;
                all.sort_by_key(|duty| duty.deadline_at);
                all.truncate(limit);
                all
            }
            Fault::OpenInOrderOfIds => {
                let mut open = inner().await.open_duties(limit).await?;
                open.sort_by(|one, other| one.envelope_id.cmp(&other.envelope_id));
                open
            }
            Fault::OpenByOwnClock => {
                let mut open = inner().await.open_duties(limit).await?;
                open.retain(|duty| duty.deadline_at > SystemClock.now());
                open
            }
            _ => inner().await.open_duties(limit).await?,
        })
    }

    async fn mark_reminded(&self, envelope_id: &EnvelopeId, at: Timestamp) -> Result<bool, StoreError> {
        let id = self.id(envelope_id);
        let inner = || self.inner.read();
        match self.fault {
            Fault::ReminderLost => Ok(inner()
                .await
                .duty(&id)
                .await?
                .is_some_and(|duty| duty.done.is_none())),
            Fault::ReminderOfDone => {
                let known = inner().await.duty(&id).await?.is_some();
                Ok(inner().await.mark_reminded(&id, at).await? || known)
            }
            Fault::ReminderCloses => {
                let reminded = inner().await.mark_reminded(&id, at).await?;
                let note = String::new();
                inner()
                    .await
                    .mark_deleted(&id, &DeletionProof { at, note })
                    .await?;
                Ok(reminded)
            }
            _ => inner().await.mark_reminded(&id, at).await,
        }
    }

    async fn mark_deleted(
        &self,
        envelope_id: &EnvelopeId,
        proof: &DeletionProof,
    ) -> Result<bool, StoreError> {
        let id = self.id(envelope_id);
        let known = self.inner.read().await.duty(&id).await?;
        if self.is(Fault::CloseInTwoSteps) {
            crate::between_the_steps().await;
            self.inner.read().await.mark_deleted(&id, proof).await?;
            return Ok(known.is_some_and(|duty| duty.done.is_none()));
        }
        let marked = self.inner.read().await.mark_deleted(&id, proof).await?;
        match (self.fault, known) {
            (Fault::UnknownIsDone, None) => return Ok(true),
            (Fault::ProofOverwritten, Some(known)) if known.done.is_some() => {
                let done = Some(proof.clone());
                self.rewrite(&id, |duty| Some(DeletionDuty { done, ..duty }))
                    .await;
            }
            (Fault::DoneIsRemoved, Some(_)) if marked => self.rewrite(&id, |_| None).await,
            (Fault::ClosesByEvent, Some(known)) => {
                for other in self.all().await {
                    if other.event_id == known.event_id {
                        self.inner
                            .read()
                            .await
                            .mark_deleted(&other.envelope_id, proof)
                            .await?;
                    }
                }
            }
            _ => {}
        }
        Ok(marked)
    }
}
