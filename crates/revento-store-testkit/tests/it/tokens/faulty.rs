//! An in-memory token store with one injected fault.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, MutexGuard},
};

use async_trait::async_trait;
use revento_core::{ClientId, ConnectionKey, EventId, Timestamp};
use revento_store::{
    ClaimOutcome, ClaimTerms, Clock, CreateOutcome, DueCursor, Fence, Record, StoreError, StoreErrorReason,
    Stored, SwapOutcome, SystemClock, TokenStore, Version, memory::MemoryTokens,
};

crate::faults! {
    pub(super) enum Fault {
        CreateOverwrites CreateInTwoSteps
        SwapIgnoresVersion SwapInTwoSteps SwapCreates SwapKeepsWhatIsNone VersionsRestart
        FenceIgnored FencedSwapKeepsClaim UnfencedSwapEndsClaim GenerationKeepsClaim FencesRestart
        ClaimNotExclusive ClaimInTwoSteps ClaimByOwnClock ClaimNeverExpires ClaimIgnoresVersion ClaimChangesVersion
        ClaimLocksEverything HeldUntilUnknown ReleaseByAnyone
        NeverAbandoned AlwaysAbandoned ReleaseHidesAbandoned SwapHidesAbandoned
        DueUnsorted DueInclusive DueUnlimited DueListsEnded DueLimitsFirst DueRemembersCreation
        DueOfAnyClient DueForeignCrowdsOut DueIgnoresCursor DueCursorByTimeOnly DueCursorRepeatsTime DueTiesBackwards
        ListUnsorted ListByIds ListIgnoresCursor ListRepeatsCursor ListCursorMustExist ListUnlimited ListCapped
        SwapInTwoWrites DroppedCallsLock
        EventOfAnyClient EventByPrefix EventWithoutUsers ClientByAnyCase ListInTwoSteps
        LoadFailsOnUnknown RemoveFailsOnUnknown RemoveKeeps Panics
    }
}

#[derive(Debug)]
pub(super) struct Faulty {
    fault: Fault,
    inner: MemoryTokens,
    notes: Mutex<Notes>,
}

/// What the faults need to know.
#[derive(Debug, Default, Clone)]
struct Notes {
    clients: BTreeSet<ClientId>,
    index: BTreeSet<ConnectionKey>,
    first_expiry: BTreeMap<ConnectionKey, Timestamp>,
    /// Real versions and fences by the place in which they were given out.
    versions: BTreeMap<ConnectionKey, Vec<i64>>,
    fences: BTreeMap<ConnectionKey, Vec<i64>>,
    generations: BTreeMap<ConnectionKey, u64>,
    latest: BTreeMap<ConnectionKey, (Fence, Timestamp)>,
    silenced: BTreeSet<ConnectionKey>,
    locked: bool,
}

/// Gives a small number for a real one.
fn renumber(places: &mut Vec<i64>, real: i64) -> i64 {
    let place = places.iter().position(|known| *known == real).unwrap_or_else(|| {
        places.push(real);
        places.len() - 1
    });
    i64::try_from(place).unwrap() + 1
}

fn real(places: &BTreeMap<ConnectionKey, Vec<i64>>, key: &ConnectionKey, small: i64) -> i64 {
    let place = usize::try_from(small - 1).ok();
    place
        .and_then(|place| places.get(key)?.get(place).copied())
        .unwrap_or(i64::MIN)
}

fn refused() -> StoreError {
    StoreError::write(StoreErrorReason::Unavailable, "being faulty", "it is not there")
}

impl Faulty {
    pub(super) fn new(fault: Fault) -> Self {
        Self {
            fault,
            inner: MemoryTokens::new(),
            notes: Mutex::default(),
        }
    }

    fn is(&self, fault: Fault) -> bool {
        self.fault == fault
    }

    fn notes(&self) -> MutexGuard<'_, Notes> {
        self.notes.lock().unwrap()
    }

    async fn current(&self, key: &ConnectionKey) -> Option<Stored> {
        self.inner.load(key).await.unwrap()
    }

    fn shown(&self, mut stored: Stored) -> Stored {
        let key = stored.record.connection.key.clone();
        let mut notes = self.notes();
        if self.is(Fault::VersionsRestart) {
            stored.version.0 = renumber(notes.versions.entry(key.clone()).or_default(), stored.version.0);
        }
        if let Some(generation) = notes.generations.get(&key) {
            stored.record.connection.generation = *generation;
        }
        stored
    }

    fn kept(&self, record: &Record) -> Record {
        let mut record = record.clone();
        if self.is(Fault::GenerationKeepsClaim) {
            let generation = std::mem::take(&mut record.connection.generation);
            self.notes()
                .generations
                .insert(record.connection.key.clone(), generation);
        }
        record
    }

    async fn all(&self) -> Vec<Stored> {
        let clients = self.notes().clients.clone();
        let mut all = Vec::new();
        for client in clients {
            all.extend(self.inner.of_client(&client, None, usize::MAX).await.unwrap());
        }
        all.into_iter().map(|stored| self.shown(stored)).collect()
    }

    fn page(&self, mut found: Vec<Stored>, after: Option<&ConnectionKey>, limit: usize) -> Vec<Stored> {
        fn key(stored: &Stored) -> &ConnectionKey {
            &stored.record.connection.key
        }
        match self.fault {
            Fault::ListUnsorted => found.sort_by_key(|stored| stored.version),
            Fault::ListByIds => found.sort_by(|one, other| key(one).cmp(key(other))),
            _ => found.sort_by_cached_key(|stored| key(stored).to_string()),
        }
        if let Some(after) = after {
            let position = found.iter().position(|stored| key(stored) == after);
            match self.fault {
                Fault::ListIgnoresCursor => {}
                Fault::ListRepeatsCursor => {
                    found.retain(|stored| key(stored).to_string() >= after.to_string())
                }
                Fault::ListByIds => found.retain(|stored| key(stored) > after),
                Fault::ListCursorMustExist => {
                    drop(found.drain(..position.map_or(found.len(), |last| last + 1)))
                }
                _ => found.retain(|stored| key(stored).to_string() > after.to_string()),
            }
        }
        let limit = match self.fault {
            Fault::ListUnlimited => usize::MAX,
            Fault::ListCapped => limit.min(1000),
            _ => limit,
        };
        found.truncate(limit);
        found
    }

    fn version(&self, key: &ConnectionKey, version: Version) -> Version {
        if self.is(Fault::VersionsRestart) {
            Version(real(&self.notes().versions, key, version.0))
        } else {
            version
        }
    }

    fn fence(&self, key: &ConnectionKey, fence: Fence) -> Fence {
        if self.is(Fault::FencesRestart) {
            Fence(real(&self.notes().fences, key, fence.0))
        } else {
            fence
        }
    }

    fn new_version(&self, key: &ConnectionKey, version: Version) -> Version {
        if !self.is(Fault::VersionsRestart) {
            return version;
        }
        Version(renumber(
            self.notes().versions.entry(key.clone()).or_default(),
            version.0,
        ))
    }
}

#[async_trait]
impl TokenStore for Faulty {
    async fn load(&self, key: &ConnectionKey) -> Result<Option<Stored>, StoreError> {
        assert!(!self.is(Fault::Panics), "as ordered");
        let stored = self.current(key).await;
        if stored.is_none() && self.is(Fault::LoadFailsOnUnknown) {
            return Err(refused());
        }
        Ok(stored.map(|stored| self.shown(stored)))
    }

    async fn create(&self, record: &Record) -> Result<CreateOutcome, StoreError> {
        let key = &record.connection.key;
        if self.is(Fault::DroppedCallsLock) {
            if std::mem::replace(&mut self.notes().locked, true) {
                return Err(refused());
            }
            crate::between_the_steps().await;
            self.notes().locked = false;
        }
        if self.is(Fault::CreateOverwrites) {
            self.inner.remove(key).await?;
        }
        if self.is(Fault::CreateInTwoSteps) {
            if self.current(key).await.is_some() {
                return Ok(CreateOutcome::AlreadyExists);
            }
            crate::between_the_steps().await;
            self.inner.remove(key).await?;
        }
        let mut index = self.notes().index.clone();
        if self.is(Fault::ListInTwoSteps) {
            crate::between_the_steps().await;
        }
        index.insert(key.clone());
        {
            let mut notes = self.notes();
            notes.index = index;
            notes.clients.insert(key.client_id.clone());
            notes
                .first_expiry
                .entry(key.clone())
                .or_insert(record.connection.refresh_expires_at);
        }
        Ok(match self.inner.create(&self.kept(record)).await? {
            CreateOutcome::Created(version) => CreateOutcome::Created(self.new_version(key, version)),
            CreateOutcome::AlreadyExists => CreateOutcome::AlreadyExists,
        })
    }

    async fn compare_and_swap(
        &self,
        expected: Version,
        record: &Record,
        fence: Option<Fence>,
    ) -> Result<SwapOutcome, StoreError> {
        let key = &record.connection.key;
        let mut expected = self.version(key, expected);
        let mut fence = fence.map(|fence| self.fence(key, fence));
        let Some(current) = self.current(key).await else {
            if self.is(Fault::SwapCreates) {
                self.create(record).await?;
            }
            return Ok(SwapOutcome::Conflict);
        };
        if self.is(Fault::SwapIgnoresVersion) {
            expected = current.version;
        }
        if self.is(Fault::SwapInTwoSteps) && current.version == expected {
            crate::between_the_steps().await;
            expected = self.current(key).await.unwrap().version;
        }
        let latest = self.notes().latest.get(key).copied();
        if self.is(Fault::FenceIgnored)
            || (self.is(Fault::FencedSwapKeepsClaim) && fence == latest.map(|(fence, _)| fence))
        {
            fence = None;
        }
        if self.is(Fault::SwapInTwoWrites) && current.version == expected {
            let half = Record {
                tokens: None,
                ..record.clone()
            };
            let SwapOutcome::Swapped(version) = self.inner.compare_and_swap(expected, &half, fence).await?
            else {
                return Ok(SwapOutcome::Conflict);
            };
            crate::between_the_steps().await;
            (expected, fence) = (version, None);
        }
        let mut record = self.kept(record);
        if self.is(Fault::SwapKeepsWhatIsNone) && record.tokens.is_none() {
            record.tokens = current.record.tokens;
        }
        let swapped = self.inner.compare_and_swap(expected, &record, fence).await?;
        if swapped == SwapOutcome::Conflict {
            return Ok(swapped);
        }
        if let (true, Some((fence, _)), None) = (self.is(Fault::UnfencedSwapEndsClaim), latest, fence) {
            self.inner.release(key, fence).await?;
        }
        if self.is(Fault::SwapHidesAbandoned) {
            self.notes().silenced.insert(key.clone());
        }
        let SwapOutcome::Swapped(version) = swapped else {
            return Ok(swapped);
        };
        Ok(SwapOutcome::Swapped(self.new_version(key, version)))
    }

    async fn claim(&self, key: &ConnectionKey, terms: ClaimTerms) -> Result<ClaimOutcome, StoreError> {
        let mut terms = ClaimTerms {
            version: self.version(key, terms.version),
            ..terms
        };
        if self.is(Fault::ClaimIgnoresVersion)
            && let Some(current) = self.current(key).await
        {
            terms.version = current.version;
        }
        let held = self
            .notes()
            .latest
            .get(key)
            .map(|(_, until)| *until)
            .filter(|until| *until > terms.now);
        match self.fault {
            Fault::ClaimNotExclusive => terms.now = Timestamp::MAX,
            Fault::ClaimInTwoSteps => {
                if let Some(until) = held {
                    return Ok(ClaimOutcome::Held { until });
                }
                crate::between_the_steps().await;
                terms.now = Timestamp::MAX;
            }
            Fault::ClaimByOwnClock => terms.now = SystemClock.now(),
            Fault::ClaimNeverExpires => terms.now = Timestamp::from_unix_micros(i64::MIN),
            Fault::ClaimLocksEverything => {
                let other = self.notes().latest.values().map(|(_, until)| *until).max();
                if let Some(until) = other.filter(|until| *until > terms.now) {
                    return Ok(ClaimOutcome::Held { until });
                }
            }
            _ => {}
        }
        let (fence, mut abandoned) = match self.inner.claim(key, terms).await? {
            ClaimOutcome::Granted { fence, abandoned } => (fence, abandoned),
            ClaimOutcome::Held { .. } if self.is(Fault::HeldUntilUnknown) => {
                return Ok(ClaimOutcome::Held { until: terms.until });
            }
            other => return Ok(other),
        };
        let shown = {
            let mut notes = self.notes();
            notes.latest.insert(key.clone(), (fence, terms.until));
            match self.fault {
                Fault::NeverAbandoned => abandoned = false,
                Fault::AlwaysAbandoned => abandoned = true,
                Fault::ReleaseHidesAbandoned | Fault::SwapHidesAbandoned => {
                    abandoned &= !notes.silenced.remove(key);
                }
                _ => {}
            }
            if self.is(Fault::FencesRestart) {
                Fence(renumber(notes.fences.entry(key.clone()).or_default(), fence.0))
            } else {
                fence
            }
        };
        if self.is(Fault::ClaimChangesVersion) {
            let record = self.current(key).await.unwrap().record;
            self.inner.compare_and_swap(terms.version, &record, None).await?;
        }
        Ok(ClaimOutcome::Granted {
            fence: shown,
            abandoned,
        })
    }

    async fn release(&self, key: &ConnectionKey, fence: Fence) -> Result<(), StoreError> {
        let latest = self.notes().latest.get(key).copied();
        if self.is(Fault::ReleaseHidesAbandoned) {
            self.notes().silenced.insert(key.clone());
        }
        match latest {
            Some((latest, _)) if self.is(Fault::ReleaseByAnyone) => self.inner.release(key, latest).await,
            Some((latest, _)) if latest == self.fence(key, fence) => {
                self.notes().latest.remove(key);
                self.inner.release(key, latest).await
            }
            _ => Ok(()),
        }
    }

    async fn due(
        &self,
        client_id: &ClientId,
        before: Timestamp,
        after: Option<&DueCursor>,
        limit: usize,
    ) -> Result<Vec<Stored>, StoreError> {
        let mut due = self.all().await;
        let expiry = |stored: &Stored| {
            let connection = &stored.record.connection;
            match self.fault {
                Fault::DueRemembersCreation => self.notes().first_expiry[&connection.key],
                _ => connection.refresh_expires_at,
            }
        };
        let place = |stored: &Stored| {
            let key = stored.record.connection.key.to_string();
            match self.fault {
                Fault::DueTiesBackwards => (expiry(stored), key.bytes().map(|byte| !byte).collect()),
                _ => (expiry(stored), key.into_bytes()),
            }
        };
        if !self.is(Fault::DueUnsorted) {
            due.sort_by_cached_key(place);
        }
        if self.is(Fault::DueLimitsFirst) {
            due.truncate(limit);
        }
        due.retain(|stored| {
            let live = stored.record.connection.status.is_live() || self.is(Fault::DueListsEnded);
            live && (expiry(stored) < before || (self.is(Fault::DueInclusive) && expiry(stored) == before))
        });
        if self.is(Fault::DueForeignCrowdsOut) {
            due.truncate(limit);
        }
        due.retain(|stored| {
            self.is(Fault::DueOfAnyClient) || stored.record.connection.key.client_id == *client_id
        });
        if let Some(after) = after {
            let time = after.refresh_expires_at;
            let last = (time, after.key.to_string().into_bytes());
            match self.fault {
                Fault::DueIgnoresCursor => {}
                Fault::DueCursorByTimeOnly => due.retain(|stored| expiry(stored) > time),
                Fault::DueCursorRepeatsTime => due.retain(|stored| expiry(stored) >= time),
                _ => due.retain(|stored| place(stored) > last),
            }
        }
        if !self.is(Fault::DueUnlimited) {
            due.truncate(limit);
        }
        Ok(due)
    }

    async fn of_event(
        &self,
        client_id: &ClientId,
        event_id: &EventId,
        after: Option<&ConnectionKey>,
        limit: usize,
    ) -> Result<Vec<Stored>, StoreError> {
        let mut found = self.all().await;
        found.retain(|stored| {
            let key = &stored.record.connection.key;
            let client = key.client_id == *client_id || self.is(Fault::EventOfAnyClient);
            let event = match self.fault {
                Fault::EventByPrefix => key.event_id.as_str().starts_with(event_id.as_str()),
                _ => key.event_id == *event_id,
            };
            let listed = !self.is(Fault::ListInTwoSteps) || self.notes().index.contains(key);
            client && event && listed && (key.user_id.is_none() || !self.is(Fault::EventWithoutUsers))
        });
        Ok(self.page(found, after, limit))
    }

    async fn of_client(
        &self,
        client_id: &ClientId,
        after: Option<&ConnectionKey>,
        limit: usize,
    ) -> Result<Vec<Stored>, StoreError> {
        let mut found = self.all().await;
        found.retain(|stored| {
            let found = stored.record.connection.key.client_id.as_str();
            let wanted = client_id.as_str();
            found == wanted || (self.is(Fault::ClientByAnyCase) && found.eq_ignore_ascii_case(wanted))
        });
        Ok(self.page(found, after, limit))
    }

    async fn remove(&self, key: &ConnectionKey) -> Result<(), StoreError> {
        if self.is(Fault::RemoveFailsOnUnknown) && self.current(key).await.is_none() {
            return Err(refused());
        }
        {
            let mut notes = self.notes();
            notes.versions.remove(key);
            notes.fences.remove(key);
            notes.latest.remove(key);
        }
        if self.is(Fault::RemoveKeeps) {
            Ok(())
        } else {
            self.inner.remove(key).await
        }
    }
}
