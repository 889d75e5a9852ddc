//! An in-memory inbox store with one injected fault.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, MutexGuard},
    time::Duration,
};

use async_trait::async_trait;
use revento_core::{EnvelopeId, Timestamp};
use revento_store::{
    BuriedCursor, BuriedDelivery, Clock, DeliveryState, InboxStore, InsertOutcome, Lease, LeasedDelivery,
    NewDelivery, RequeueAttempts, RequeueOutcome, Sealed, StoreError, SystemClock, memory::MemoryInbox,
};

crate::faults! {
    pub(super) enum Fault {
        InsertInTwoSteps InsertByDeliveryId ReusedDeliveryIdUntold BuriedStaysBuried HandledIsRequeued
        LeaseNeverEnds LeaseInTwoSteps LeaseByOwnClock LeaseUnlimited LeaseBackwards FenceIgnored AttemptsLost
        RetryAtOnce RetryCompletes BuryRetries RequeueAlwaysTrue OrderIgnored OneOrderForAll
        NextDueIgnoresLeases NextDueCountsWhatIsBehind ForgetsEverything ForgetsNothing FencesRestart
        BodiesAsText ReceivedNow InsertMarksFirst
        BuriedUnlisted BuriedFirstFirst BuriedIgnoresCursor BuriedCursorByTimeOnly BuriedCursorMustExist BuriedCapped
        FirstCauseStays ExpungesEverything ExpungesNothing ExpungeOnlySays ExpungedIsForgotten
        OtherBodyUntold OtherBodyAlwaysTold OtherBodyTaken DigestOutlivesItsBody
        OldAttemptIsRequeued SingleAttemptForgotten AlwaysSingleAttempt ExpungedKeepsItsCause ExpungedIsRequeued
        ReplayKeepsNoBody ReplayKeepsTheOldBody
    }
}

fn known(state: DeliveryState) -> InsertOutcome {
    let other_body = false;
    InsertOutcome::Known { state, other_body }
}

#[derive(Debug)]
pub(super) struct Faulty {
    fault: Fault,
    inner: MemoryInbox,
    notes: Mutex<Notes>,
}

#[derive(Debug, Default)]
struct Notes {
    known: BTreeMap<EnvelopeId, NewDelivery>,
    /// The latest lease of each, and when it ends.
    leases: BTreeMap<EnvelopeId, (i64, Timestamp)>,
    handled: Vec<EnvelopeId>,
    marked: BTreeSet<EnvelopeId>,
    /// The body that came last.
    latest: BTreeMap<EnvelopeId, Sealed>,
    /// The first cause of each.
    causes: BTreeMap<EnvelopeId, String>,
}

impl Faulty {
    pub(super) fn new(fault: Fault) -> Self {
        Self {
            fault,
            inner: MemoryInbox::new(),
            notes: Mutex::default(),
        }
    }

    fn note_cause(&self, lease: &Lease, error: &str) {
        let id = lease.envelope_id.clone();
        self.notes().causes.entry(id).or_insert_with(|| error.to_owned());
    }

    /// What somebody finds who opens the files: the ids, and the bodies that are still needed.
    pub(super) async fn dump(&self) -> Vec<u8> {
        let expunged: Vec<_> = self.inner.buried(None, usize::MAX).await.unwrap();
        let known: Vec<_> = self.notes().known.values().cloned().collect();
        let mut dump = Vec::new();
        for delivery in known {
            let id = &delivery.envelope_id;
            dump.extend_from_slice(id.as_str().as_bytes());
            let done = self.inner.state(id).await.unwrap() == Some(DeliveryState::Done);
            let gone = expunged.iter().any(|one| one.expunged && one.envelope_id == *id);
            if !gone || self.is(Fault::DigestOutlivesItsBody) {
                dump.extend_from_slice(&delivery.body_digest);
            }
            if !(done || gone) || self.is(Fault::ExpungeOnlySays) {
                dump.extend_from_slice(delivery.body.as_bytes());
            }
        }
        dump
    }

    fn is(&self, fault: Fault) -> bool {
        self.fault == fault
    }

    fn notes(&self) -> MutexGuard<'_, Notes> {
        self.notes.lock().unwrap()
    }

    /// The lease as the inner store knows it.
    fn lease_of(&self, lease: &Lease) -> Lease {
        let latest = self
            .notes()
            .leases
            .get(&lease.envelope_id)
            .map(|(fence, _)| *fence);
        match (self.fault, latest) {
            (Fault::FenceIgnored, Some(fence)) => Lease {
                fence,
                ..lease.clone()
            },
            (Fault::FencesRestart, Some(fence)) if lease.fence == 1 => Lease {
                fence,
                ..lease.clone()
            },
            _ => lease.clone(),
        }
    }
}

#[async_trait]
impl InboxStore for Faulty {
    async fn insert(&self, delivery: &NewDelivery) -> Result<InsertOutcome, StoreError> {
        let mut delivery = delivery.clone();
        match self.fault {
            Fault::OrderIgnored => delivery.ordering_key.clear(),
            Fault::OldAttemptIsRequeued => delivery.signed_at = Timestamp::MAX,
            Fault::OneOrderForAll => delivery.ordering_key = "all".to_owned(),
            Fault::BodiesAsText => {
                let text = String::from_utf8_lossy(delivery.body.as_bytes()).into_owned();
                delivery.body = Sealed::from_bytes(text.into_bytes());
            }
            _ => {}
        }
        let state = self.inner.state(&delivery.envelope_id).await?;
        if self.is(Fault::InsertInTwoSteps) {
            crate::between_the_steps().await;
            let received = self.inner.insert(&delivery).await?;
            return Ok(if state.is_none() {
                InsertOutcome::New {
                    delivery_id_reused: false,
                }
            } else {
                received
            });
        }
        if self.is(Fault::InsertMarksFirst) {
            if !self.notes().marked.insert(delivery.envelope_id.clone()) {
                return Ok(known(state.unwrap_or(DeliveryState::Queued)));
            }
            crate::between_the_steps().await;
        }
        if self.is(Fault::InsertByDeliveryId)
            && self
                .notes()
                .known
                .values()
                .any(|known| known.delivery_id == delivery.delivery_id)
        {
            return Ok(known(DeliveryState::Queued));
        }
        if self.is(Fault::BuriedStaysBuried) && state == Some(DeliveryState::Buried) {
            return Ok(known(DeliveryState::Buried));
        }
        if state == Some(DeliveryState::Buried) {
            match self.fault {
                Fault::ReplayKeepsNoBody => delivery.body = Sealed::from_bytes([]),
                Fault::ReplayKeepsTheOldBody => {
                    delivery.body = self.notes().known[&delivery.envelope_id].body.clone();
                }
                _ => {}
            }
        }
        if self.is(Fault::HandledIsRequeued) && state == Some(DeliveryState::Done) {
            return Ok(InsertOutcome::Requeued { other_body: false });
        }
        let latest = delivery.body.clone();
        self.notes().latest.insert(delivery.envelope_id.clone(), latest);
        self.notes()
            .known
            .entry(delivery.envelope_id.clone())
            .or_insert_with(|| delivery.clone());
        Ok(match self.inner.insert(&delivery).await? {
            InsertOutcome::New { .. } if self.is(Fault::ReusedDeliveryIdUntold) => InsertOutcome::New {
                delivery_id_reused: false,
            },
            InsertOutcome::Known { state, .. } if self.is(Fault::OtherBodyUntold) => known(state),
            InsertOutcome::Known { state, .. } if self.is(Fault::OtherBodyAlwaysTold) => {
                InsertOutcome::Known {
                    state,
                    other_body: true,
                }
            }
            received => received,
        })
    }

    async fn lease(
        &self,
        now: Timestamp,
        until: Timestamp,
        limit: usize,
    ) -> Result<Vec<LeasedDelivery>, StoreError> {
        let mut leased = match self.fault {
            Fault::LeaseNeverEnds => self.inner.lease(now, Timestamp::MAX, limit).await?,
            Fault::LeaseByOwnClock => self.inner.lease(SystemClock.now(), until, limit).await?,
            Fault::LeaseUnlimited => self.inner.lease(now, until, usize::MAX).await?,
            Fault::LeaseInTwoSteps => {
                let leased = self.inner.lease(now, now, limit).await?;
                crate::between_the_steps().await;
                let mut again = self.inner.lease(now, until, usize::MAX).await?;
                again.truncate(0);
                leased
            }
            _ => self.inner.lease(now, until, limit).await?,
        };
        if self.is(Fault::LeaseBackwards) {
            leased.reverse();
        }
        let mut notes = self.notes();
        for delivery in &mut leased {
            let id = delivery.lease.envelope_id.clone();
            notes.leases.insert(id, (delivery.lease.fence, until));
            match self.fault {
                Fault::AttemptsLost => delivery.attempt = 1,
                Fault::SingleAttemptForgotten => delivery.single_attempt = false,
                Fault::FencesRestart => delivery.lease.fence = i64::from(delivery.attempt),
                Fault::OtherBodyTaken => {
                    let latest = notes.latest.get(&delivery.lease.envelope_id);
                    delivery.body = latest.unwrap_or(&delivery.body).clone();
                }
                Fault::ReceivedNow => delivery.received_at = now.saturating_add(Duration::from_micros(1)),
                _ => {}
            }
        }
        Ok(leased)
    }

    async fn complete(&self, lease: &Lease, now: Timestamp) -> Result<bool, StoreError> {
        let done = self.inner.complete(&self.lease_of(lease), now).await?;
        if done {
            self.notes().handled.push(lease.envelope_id.clone());
        }
        Ok(done)
    }

    async fn retry(&self, lease: &Lease, at: Timestamp, error: &str) -> Result<bool, StoreError> {
        let lease = self.lease_of(lease);
        self.note_cause(&lease, error);
        match self.fault {
            Fault::RetryAtOnce => self.inner.retry(&lease, Timestamp::UNIX_EPOCH, error).await,
            Fault::RetryCompletes => self.inner.complete(&lease, at).await,
            _ => self.inner.retry(&lease, at, error).await,
        }
    }

    async fn bury(&self, lease: &Lease, now: Timestamp, error: &str) -> Result<bool, StoreError> {
        let lease = self.lease_of(lease);
        self.note_cause(&lease, error);
        if self.is(Fault::BuryRetries) {
            return self.inner.retry(&lease, now, error).await;
        }
        self.inner.bury(&lease, now, error).await
    }

    async fn requeue(
        &self,
        envelope_id: &EnvelopeId,
        now: Timestamp,
        attempts: RequeueAttempts,
    ) -> Result<RequeueOutcome, StoreError> {
        let attempts = match self.fault {
            Fault::AlwaysSingleAttempt => RequeueAttempts::Single,
            _ => attempts,
        };
        let requeued = self.inner.requeue(envelope_id, now, attempts).await?;
        Ok(match (self.fault, requeued) {
            (Fault::RequeueAlwaysTrue, RequeueOutcome::NotBuried) => RequeueOutcome::Requeued,
            (Fault::ExpungedIsRequeued, RequeueOutcome::Expunged) => {
                let mut empty = self.notes().known[envelope_id].clone();
                empty.body = Sealed::from_bytes([]);
                empty.received_at = now;
                empty.signed_at = Timestamp::MAX;
                self.inner.insert(&empty).await?;
                RequeueOutcome::Requeued
            }
            _ => requeued,
        })
    }

    async fn buried(
        &self,
        after: Option<&BuriedCursor>,
        limit: usize,
    ) -> Result<Vec<BuriedDelivery>, StoreError> {
        let mut all = self.inner.buried(None, usize::MAX).await?;
        let mut buried = match (self.fault, after) {
            (Fault::BuriedUnlisted, _) => Vec::new(),
            (Fault::BuriedFirstFirst, _) => {
                all.reverse();
                all.truncate(limit);
                all
            }
            (Fault::BuriedIgnoresCursor, _) => self.inner.buried(None, limit).await?,
            (Fault::BuriedCursorByTimeOnly, Some(after)) => {
                all.retain(|one| one.buried_at < after.buried_at);
                all.truncate(limit);
                all
            }
            (Fault::BuriedCursorMustExist, Some(after)) => {
                let position = all.iter().position(|one| one.envelope_id == after.envelope_id);
                let behind = position.map_or(all.len(), |last| last + 1);
                all.into_iter().skip(behind).take(limit).collect()
            }
            (Fault::BuriedCapped, _) => self.inner.buried(after, limit.min(1000)).await?,
            _ => self.inner.buried(after, limit).await?,
        };
        if self.is(Fault::ExpungedIsForgotten) {
            buried.retain(|one| !one.expunged);
        }
        for one in &mut buried {
            match self.fault {
                Fault::FirstCauseStays => one.error = self.notes().causes[&one.envelope_id].clone(),
                Fault::ExpungedKeepsItsCause => one.error = self.notes().causes[&one.envelope_id].clone(),
                _ => {}
            }
        }
        Ok(buried)
    }

    async fn expunge(&self, before: Timestamp) -> Result<u64, StoreError> {
        match self.fault {
            Fault::ExpungesEverything => self.inner.expunge(Timestamp::MAX).await,
            Fault::ExpungesNothing => Ok(0),
            _ => self.inner.expunge(before).await,
        }
    }

    async fn next_due(&self) -> Result<Option<Timestamp>, StoreError> {
        let next = self.inner.next_due().await?;
        let notes = self.notes();
        let waiting = || {
            notes
                .known
                .values()
                .filter(|known| !notes.handled.contains(&known.envelope_id))
        };
        Ok(match self.fault {
            Fault::NextDueIgnoresLeases => {
                next.filter(|at| notes.leases.values().all(|(_, until)| until != at))
            }
            Fault::NextDueCountsWhatIsBehind if next.is_some() => waiting()
                .filter(|known| !notes.leases.contains_key(&known.envelope_id))
                .map(|known| known.received_at)
                .chain(next)
                .min(),
            _ => next,
        })
    }

    async fn state(&self, envelope_id: &EnvelopeId) -> Result<Option<DeliveryState>, StoreError> {
        self.inner.state(envelope_id).await
    }

    async fn forget(&self, before: Timestamp) -> Result<u64, StoreError> {
        match self.fault {
            Fault::ForgetsEverything => self.inner.forget(Timestamp::MAX).await,
            Fault::ForgetsNothing => Ok(0),
            _ => self.inner.forget(before).await,
        }
    }
}
