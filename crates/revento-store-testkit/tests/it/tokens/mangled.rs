//! An in-memory token store that alters one kind of value.

use async_trait::async_trait;
use revento_core::{
    ClientId, Connection, ConnectionKey, ConnectionStatus, EventId, Scopes, StatusReason, Timestamp, UserId,
};
use revento_store::{
    ClaimOutcome, ClaimTerms, CreateOutcome, DueCursor, Fence, Record, Sealed, StoreError, Stored,
    SwapOutcome, TokenStore, Version, memory::MemoryTokens,
};

use crate::text_change::TextChange;

crate::faults! {
    pub(super) enum Mangling {
        TimesInMilliseconds TimesFrom1970On TimesUntil2038 TimesAsFloats
        SignedGenerations KnownStatusesOnly NoReasons
        EmptyTokensAreNone TokensAsText ShortTokens ShortAnswers
        ClaimsInSeconds ClaimsUntil2038
        KeysInLowerCase KeysTrimmed KeysUpToNul KeysShortened KeysJoined EmptyUserIsNone
    }
}

/// A field with a text that is no part of the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    Organization,
    Status,
    Reason,
    Scopes,
}

impl Field {
    pub(super) const ALL: [Self; 4] = [Self::Organization, Self::Status, Self::Reason, Self::Scopes];
}

#[derive(Debug)]
pub(super) struct Mangled {
    mangling: Option<Mangling>,
    text: Option<(Field, TextChange)>,
    inner: MemoryTokens,
}

impl Mangled {
    pub(super) fn new(mangling: Mangling) -> Self {
        Self {
            mangling: Some(mangling),
            text: None,
            inner: MemoryTokens::new(),
        }
    }

    /// Alters the texts of one field only.
    pub(super) fn text_of(field: Field, change: TextChange) -> Self {
        Self {
            mangling: None,
            text: Some((field, change)),
            inner: MemoryTokens::new(),
        }
    }

    fn text(&self, text: &str) -> String {
        match self.mangling {
            Some(Mangling::KeysInLowerCase) => text.to_lowercase(),
            Some(Mangling::KeysTrimmed) => text.trim_end().to_owned(),
            Some(Mangling::KeysUpToNul) => text.split('\0').next().unwrap().to_owned(),
            Some(Mangling::KeysShortened) => text.chars().take(255).collect(),
            _ => text.to_owned(),
        }
    }

    fn key(&self, key: &ConnectionKey) -> ConnectionKey {
        let user = key.user_id.as_ref().map(UserId::as_str);
        match self.mangling {
            Some(Mangling::KeysJoined) => {
                let joined = format!("{}/{}/{}", key.client_id, key.event_id, user.unwrap_or("-"));
                ConnectionKey::installation(joined.into(), "".into())
            }
            Some(Mangling::EmptyUserIsNone) if user == Some("") => ConnectionKey {
                user_id: None,
                ..key.clone()
            },
            _ => ConnectionKey {
                client_id: self.text(key.client_id.as_str()).into(),
                event_id: self.text(key.event_id.as_str()).into(),
                user_id: user.map(|user| self.text(user).into()),
            },
        }
    }

    fn time(&self, time: Timestamp) -> Timestamp {
        let micros = time.unix_micros();
        Timestamp::from_unix_micros(match self.mangling {
            Some(Mangling::TimesInMilliseconds) => micros / 1000 * 1000,
            Some(Mangling::TimesFrom1970On) => micros.max(0),
            Some(Mangling::TimesUntil2038) => micros.min(i64::from(i32::MAX) * 1_000_000),
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_precision_loss,
                reason = "the fault"
            )]
            Some(Mangling::TimesAsFloats) => (micros as f64) as i64,
            _ => micros,
        })
    }

    fn tokens(&self, sealed: Sealed) -> Option<Sealed> {
        let bytes = sealed.as_bytes();
        match self.mangling {
            Some(Mangling::EmptyTokensAreNone) if bytes.is_empty() => None,
            Some(Mangling::TokensAsText) => Some(Sealed::from_bytes(
                String::from_utf8_lossy(bytes).into_owned().into_bytes(),
            )),
            Some(Mangling::ShortTokens) => Some(Sealed::from_bytes(&bytes[..bytes.len().min(4000)])),
            _ => Some(sealed),
        }
    }

    fn record(&self, record: &Record) -> Record {
        let mut record = record.clone();
        record.tokens = record.tokens.and_then(|sealed| self.tokens(sealed));
        let connection = &mut record.connection;
        connection.key = self.key(&connection.key);
        connection.delete_by = connection.delete_by.map(|time| self.time(time));
        for time in [&mut connection.consented_at, &mut connection.access_expires_at] {
            *time = self.time(*time);
        }
        match self.mangling {
            Some(Mangling::SignedGenerations) => {
                connection.generation = connection.generation.min(u64::try_from(i64::MAX).unwrap());
            }
            Some(Mangling::KnownStatusesOnly) if matches!(connection.status, ConnectionStatus::Other(_)) => {
                connection.status = ConnectionStatus::Connected;
            }
            Some(Mangling::NoReasons) => connection.reason = None,
            _ => {}
        }
        if let Some((field, change)) = self.text {
            alter(connection, field, change);
        }
        record
    }
}

fn alter(connection: &mut Connection, field: Field, change: TextChange) {
    match field {
        Field::Organization => {
            let id = connection.organization_id.take();
            connection.organization_id = id.and_then(|id| change.apply(id.as_str())).map(Into::into);
        }
        Field::Reason => {
            let reason = connection.reason.take();
            let reason = reason.and_then(|reason| change.apply(reason.as_str()));
            connection.reason = reason.map(|reason| StatusReason::from(reason.as_str()));
        }
        Field::Status => {
            let status = change.apply_to_required(connection.status.as_str());
            connection.status = ConnectionStatus::from(status.as_str());
        }
        Field::Scopes => {
            let scopes = change.apply_to_required(&connection.scopes.to_string());
            connection.scopes = Scopes::parse(&scopes);
        }
    }
}

#[async_trait]
impl TokenStore for Mangled {
    async fn load(&self, key: &ConnectionKey) -> Result<Option<Stored>, StoreError> {
        self.inner.load(&self.key(key)).await
    }

    async fn create(&self, record: &Record) -> Result<CreateOutcome, StoreError> {
        self.inner.create(&self.record(record)).await
    }

    async fn compare_and_swap(
        &self,
        expected: Version,
        record: &Record,
        fence: Option<Fence>,
    ) -> Result<SwapOutcome, StoreError> {
        self.inner
            .compare_and_swap(expected, &self.record(record), fence)
            .await
    }

    async fn claim(&self, key: &ConnectionKey, terms: ClaimTerms) -> Result<ClaimOutcome, StoreError> {
        let until = terms.until.unix_seconds();
        let until = match self.mangling {
            Some(Mangling::ClaimsInSeconds) => Timestamp::from_unix_seconds(until),
            Some(Mangling::ClaimsUntil2038) => Timestamp::from_unix_seconds(until.min(i64::from(i32::MAX))),
            _ => terms.until,
        };
        self.inner
            .claim(&self.key(key), ClaimTerms { until, ..terms })
            .await
    }

    async fn release(&self, key: &ConnectionKey, fence: Fence) -> Result<(), StoreError> {
        self.inner.release(&self.key(key), fence).await
    }

    async fn due(
        &self,
        client_id: &ClientId,
        before: Timestamp,
        after: Option<&DueCursor>,
        limit: usize,
    ) -> Result<Vec<Stored>, StoreError> {
        self.inner.due(client_id, before, after, limit).await
    }

    async fn of_event(
        &self,
        client_id: &ClientId,
        event_id: &EventId,
        after: Option<&ConnectionKey>,
        limit: usize,
    ) -> Result<Vec<Stored>, StoreError> {
        self.inner.of_event(client_id, event_id, after, limit).await
    }

    async fn of_client(
        &self,
        client_id: &ClientId,
        after: Option<&ConnectionKey>,
        limit: usize,
    ) -> Result<Vec<Stored>, StoreError> {
        let mut found = self.inner.of_client(client_id, after, limit).await?;
        if self.mangling == Some(Mangling::ShortAnswers) {
            let mut room = 4 << 20;
            found.retain(|stored| {
                room -= stored
                    .record
                    .tokens
                    .as_ref()
                    .map_or(0, |sealed| sealed.as_bytes().len().cast_signed());
                room >= 0
            });
        }
        Ok(found)
    }

    async fn remove(&self, key: &ConnectionKey) -> Result<(), StoreError> {
        self.inner.remove(&self.key(key)).await
    }
}
