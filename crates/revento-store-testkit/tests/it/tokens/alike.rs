//! An in-memory token store in which one call takes keys that look alike for one key.

use std::sync::Mutex;

use async_trait::async_trait;
use revento_core::{ClientId, ConnectionKey, ConnectionStatus, EventId, Timestamp, UserId};
use revento_store::{
    ClaimOutcome, ClaimTerms, CreateOutcome, DueCursor, Fence, Record, StoreError, Stored, SwapOutcome,
    TokenStore, Version, memory::MemoryTokens,
};

crate::faults! {
    pub(super) enum Confusion {
        LoadWithoutCase LoadEmptyUser SwapWithoutCase ClaimWithoutAccents ReleaseWithoutBlanks RemovePrefix RemovePattern
        OfEventWithoutCase OfClientWithoutBlanks OfClientAfterWithoutCase DueWithoutCase DueAfterWithoutCase
        DueTimesAsTexts DueStatusWithoutCase
    }
}

#[derive(Debug)]
pub(super) struct Alike {
    confusion: Confusion,
    inner: MemoryTokens,
    keys: Mutex<Vec<ConnectionKey>>,
    claims: Mutex<Vec<(ConnectionKey, Fence)>>,
}

fn without_case(text: &str) -> String {
    text.to_lowercase()
}

fn without_blanks(text: &str) -> String {
    text.trim_end().to_owned()
}

fn without_accents(text: &str) -> String {
    text.replace(['á', 'à'], "a").replace('\u{301}', "")
}

/// The key as a collation sees it.
fn folded(key: &ConnectionKey, fold: impl Fn(&str) -> String) -> ConnectionKey {
    ConnectionKey {
        client_id: fold(key.client_id.as_str()).into(),
        event_id: fold(key.event_id.as_str()).into(),
        user_id: key.user_id.as_ref().map(|id| UserId::from(fold(id.as_str()))),
    }
}

impl Alike {
    pub(super) fn new(confusion: Confusion) -> Self {
        Self {
            confusion,
            inner: MemoryTokens::new(),
            keys: Mutex::default(),
            claims: Mutex::default(),
        }
    }

    fn is(&self, confusion: Confusion) -> bool {
        self.confusion == confusion
    }

    /// The other keys that the confused call takes for this one.
    fn others(&self, key: &ConnectionKey) -> Vec<ConnectionKey> {
        let is_alike = |other: &ConnectionKey| match self.confusion {
            Confusion::LoadWithoutCase | Confusion::SwapWithoutCase => {
                folded(other, without_case) == folded(key, without_case)
            }
            Confusion::LoadEmptyUser => {
                key.user_id == Some("".into())
                    && *other
                        == ConnectionKey {
                            user_id: None,
                            ..key.clone()
                        }
            }
            Confusion::ClaimWithoutAccents => folded(other, without_accents) == folded(key, without_accents),
            Confusion::ReleaseWithoutBlanks => folded(other, without_blanks) == folded(key, without_blanks),
            Confusion::RemovePrefix => other.to_string().starts_with(&key.to_string()),
            // As `LIKE` with `%` for any text.
            Confusion::RemovePattern => {
                key.to_string().ends_with("/%25")
                    && other
                        .to_string()
                        .starts_with(key.to_string().trim_end_matches("%25"))
            }
            _ => false,
        };
        let mut others = self.keys.lock().unwrap().clone();
        others.retain(|other| other != key && is_alike(other));
        others
    }

    async fn of(&self, is_wanted: impl Fn(&ConnectionKey) -> bool) -> Vec<Stored> {
        let mut keys = self.keys.lock().unwrap().clone();
        keys.retain(is_wanted);
        keys.sort_by_cached_key(ConnectionKey::to_string);
        keys.dedup();
        let mut all = Vec::new();
        for key in keys {
            all.extend(self.inner.load(&key).await.unwrap());
        }
        all
    }
}

#[async_trait]
impl TokenStore for Alike {
    async fn load(&self, key: &ConnectionKey) -> Result<Option<Stored>, StoreError> {
        if matches!(
            self.confusion,
            Confusion::LoadWithoutCase | Confusion::LoadEmptyUser
        ) {
            for other in self.others(key) {
                if let Some(stored) = self.inner.load(&other).await? {
                    return Ok(Some(stored));
                }
            }
        }
        self.inner.load(key).await
    }

    async fn create(&self, record: &Record) -> Result<CreateOutcome, StoreError> {
        self.keys.lock().unwrap().push(record.connection.key.clone());
        self.inner.create(record).await
    }

    async fn compare_and_swap(
        &self,
        expected: Version,
        record: &Record,
        fence: Option<Fence>,
    ) -> Result<SwapOutcome, StoreError> {
        let swapped = self.inner.compare_and_swap(expected, record, fence).await?;
        if self.is(Confusion::SwapWithoutCase) && swapped != SwapOutcome::Conflict {
            for other in self.others(&record.connection.key) {
                if let Some(mut stored) = self.inner.load(&other).await? {
                    stored.record.tokens = record.tokens.clone();
                    self.inner
                        .compare_and_swap(stored.version, &stored.record, None)
                        .await?;
                }
            }
        }
        Ok(swapped)
    }

    async fn claim(&self, key: &ConnectionKey, terms: ClaimTerms) -> Result<ClaimOutcome, StoreError> {
        let claimed = self.inner.claim(key, terms).await?;
        if let ClaimOutcome::Granted { fence, .. } = claimed {
            self.claims.lock().unwrap().push((key.clone(), fence));
            if self.is(Confusion::ClaimWithoutAccents) {
                for other in self.others(key) {
                    if let Some(stored) = self.inner.load(&other).await? {
                        let terms = ClaimTerms {
                            version: stored.version,
                            ..terms
                        };
                        self.inner.claim(&other, terms).await?;
                    }
                }
            }
        }
        Ok(claimed)
    }

    async fn release(&self, key: &ConnectionKey, fence: Fence) -> Result<(), StoreError> {
        if self.is(Confusion::ReleaseWithoutBlanks) {
            let claims = self.claims.lock().unwrap().clone();
            for other in self.others(key) {
                for (_, fence) in claims.iter().filter(|(claimed, _)| *claimed == other) {
                    self.inner.release(&other, *fence).await?;
                }
            }
        }
        self.inner.release(key, fence).await
    }

    async fn due(
        &self,
        client_id: &ClientId,
        before: Timestamp,
        after: Option<&DueCursor>,
        limit: usize,
    ) -> Result<Vec<Stored>, StoreError> {
        match (self.confusion, after) {
            (Confusion::DueWithoutCase, None) => {
                let client = without_case(client_id.as_str());
                Ok(self
                    .of(|key| without_case(key.client_id.as_str()) == client)
                    .await)
            }
            // All of them expire at the same time.
            (Confusion::DueAfterWithoutCase, Some(after)) => {
                let is_behind = |key: &ConnectionKey| {
                    without_case(&key.to_string()) > without_case(&after.key.to_string())
                };
                let behind = self.of(|key| key.client_id == *client_id && is_behind(key)).await;
                Ok(behind.into_iter().take(limit).collect())
            }
            (Confusion::DueTimesAsTexts, None) => {
                let mut due = self.inner.due(client_id, before, after, usize::MAX).await?;
                due.sort_by_key(|stored| {
                    stored
                        .record
                        .connection
                        .refresh_expires_at
                        .unix_micros()
                        .to_string()
                });
                due.truncate(limit);
                Ok(due)
            }
            (Confusion::DueStatusWithoutCase, None) => {
                let mut all = self.of(|key| key.client_id == *client_id).await;
                let is_live = |status: &ConnectionStatus| {
                    ConnectionStatus::from(without_case(status.as_str()).as_str()).is_live()
                };
                all.retain(|stored| is_live(&stored.record.connection.status));
                Ok(all)
            }
            _ => self.inner.due(client_id, before, after, limit).await,
        }
    }

    async fn of_event(
        &self,
        client_id: &ClientId,
        event_id: &EventId,
        after: Option<&ConnectionKey>,
        limit: usize,
    ) -> Result<Vec<Stored>, StoreError> {
        if self.is(Confusion::OfEventWithoutCase) {
            let event = without_case(event_id.as_str());
            let is_of = |key: &ConnectionKey| without_case(key.event_id.as_str()) == event;
            return Ok(self.of(|key| key.client_id == *client_id && is_of(key)).await);
        }
        self.inner.of_event(client_id, event_id, after, limit).await
    }

    async fn of_client(
        &self,
        client_id: &ClientId,
        after: Option<&ConnectionKey>,
        limit: usize,
    ) -> Result<Vec<Stored>, StoreError> {
        match (self.confusion, after) {
            (Confusion::OfClientWithoutBlanks, None) => {
                let client = without_blanks(client_id.as_str());
                Ok(self
                    .of(|key| without_blanks(key.client_id.as_str()) == client)
                    .await)
            }
            (Confusion::OfClientAfterWithoutCase, Some(after)) => {
                let is_behind =
                    |key: &ConnectionKey| without_case(&key.to_string()) > without_case(&after.to_string());
                let behind = self.of(|key| key.client_id == *client_id && is_behind(key)).await;
                Ok(behind.into_iter().take(limit).collect())
            }
            _ => self.inner.of_client(client_id, after, limit).await,
        }
    }

    async fn remove(&self, key: &ConnectionKey) -> Result<(), StoreError> {
        if matches!(self.confusion, Confusion::RemovePrefix | Confusion::RemovePattern) {
            for other in self.others(key) {
                self.inner.remove(&other).await?;
            }
        }
        self.inner.remove(key).await
    }
}
