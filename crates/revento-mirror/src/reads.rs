//! Reading the mirror: typed queries.

use std::{collections::VecDeque, fmt, marker::PhantomData, sync::Arc};

use futures_core::stream::BoxStream;
use futures_util::{StreamExt as _, stream};
use revento_core::{
    Timestamp,
    id::{ActivityId, EventId, LocationId, ParticipantId, ThreadId, UserId, WaveId},
    resource::{
        Activity, ApplicationStatus, Event, Location, Participant, ParticipantStatus, RegistrationWave,
        Thread,
    },
    tolerant_json,
};
use revento_store::StoreError;
use serde::de::DeserializeOwned;

use crate::{
    Mirror,
    store::{Condition, MirrorStore, ParticipantField, ResourceKind, RowKey, RowQuery, StoredRow},
};

/// How many rows are read at once.
const PAGE: usize = 200;

/// A resource as the mirror has it.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct Mirrored<T> {
    /// The resource.
    pub item: T,
    /// The time of the newest information in it, by the platform's clock.
    pub as_of: Option<Timestamp>,
    /// Whether the mirror has seen the whole resource. A participant whose application has just been submitted has no name yet.
    pub is_complete: bool,
    json: Box<str>,
}

impl<T> Mirrored<T> {
    /// The JSON, as the platform sent it.
    pub fn json(&self) -> &str {
        &self.json
    }
}

/// Without the JSON, which is personal.
impl<T: fmt::Debug> fmt::Debug for Mirrored<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mirrored")
            .field("item", &self.item)
            .field("as_of", &self.as_of)
            .field("is_complete", &self.is_complete)
            .finish_non_exhaustive()
    }
}

/// Rows of one kind, not yet read. They come in the byte order of their ids.
#[must_use = "a query does nothing until it is read"]
pub struct Query<T> {
    store: Arc<dyn MirrorStore>,
    query: RowQuery,
    kind: PhantomData<fn() -> T>,
}

impl Mirror {
    /// The participants of an event.
    ///
    /// ```no_run
    /// # use futures_util::TryStreamExt;
    /// # async fn example(mirror: revento_mirror::Mirror) -> Result<(), revento_store::StoreError> {
    /// let vegans = mirror.participants("evt_1").approved().with_answer("dietary_notes", "vegan");
    /// let mut vegans = vegans.stream();
    /// while let Some(person) = vegans.try_next().await? {
    ///     println!("{:?}", person.item.name);
    /// }
    /// # Ok(()) }
    /// ```
    pub fn participants(&self, event_id: impl Into<EventId>) -> Query<Participant> {
        self.query(event_id, ResourceKind::Participant)
    }

    /// The activities of an event.
    pub fn activities(&self, event_id: impl Into<EventId>) -> Query<Activity> {
        self.query(event_id, ResourceKind::Activity)
    }

    /// The threads of an event, if the mirror [copies](crate::MirrorBuilder::copies) them.
    pub fn threads(&self, event_id: impl Into<EventId>) -> Query<Thread> {
        self.query(event_id, ResourceKind::Thread)
    }

    /// The locations of an event, if the mirror [copies](crate::MirrorBuilder::copies) them.
    pub fn locations(&self, event_id: impl Into<EventId>) -> Query<Location> {
        self.query(event_id, ResourceKind::Location)
    }

    /// The registration waves of an event, if the mirror [copies](crate::MirrorBuilder::copies) them.
    pub fn registration_waves(&self, event_id: impl Into<EventId>) -> Query<RegistrationWave> {
        self.query(event_id, ResourceKind::RegistrationWave)
    }

    /// The event itself, if the mirror [copies](crate::MirrorBuilder::copies) it.
    ///
    /// # Errors
    /// The store failed.
    pub async fn event(&self, event_id: impl Into<EventId>) -> Result<Option<Mirrored<Event>>, StoreError> {
        self.query(event_id, ResourceKind::Event).first().await
    }

    fn query<T>(&self, event_id: impl Into<EventId>, kind: ResourceKind) -> Query<T> {
        Query {
            store: Arc::clone(&self.0.store),
            query: RowQuery {
                event_id: event_id.into(),
                kind,
                conditions: Vec::new(),
                after: None,
                limit: PAGE,
            },
            kind: PhantomData,
        }
    }
}

impl<T> Query<T> {
    fn that(mut self, condition: Condition) -> Self {
        self.query.conditions.push(condition);
        self
    }
}

impl Query<Participant> {
    /// Only participants whose application is approved.
    pub fn approved(self) -> Self {
        self.application_status(&ApplicationStatus::Approved)
    }

    /// Only participants whose application has this status.
    pub fn application_status(self, status: &ApplicationStatus) -> Self {
        self.field(ParticipantField::ApplicationStatus, status.as_str())
    }

    /// Only participants who have this status of their own.
    pub fn status(self, status: &ParticipantStatus) -> Self {
        self.field(ParticipantField::Status, status.as_str())
    }

    /// Only participants with this role.
    pub fn role(self, role: &str) -> Self {
        self.field(ParticipantField::Role, role)
    }

    /// Only participants with exactly this email address.
    pub fn email(self, email: &str) -> Self {
        self.field(ParticipantField::Email, email)
    }

    /// Only the participant with this account.
    pub fn user(self, user_id: &UserId) -> Self {
        self.field(ParticipantField::UserId, user_id.as_str())
    }

    /// Only participants who gave this answer to this question of the organizer's form. An answer that is no text is compared by its
    /// JSON, such as `true` or `3`; of a list one element is enough.
    pub fn with_answer(self, question: &str, value: &str) -> Self {
        self.that(Condition::Answer {
            question: question.into(),
            value: value.into(),
        })
    }

    /// Only participants who answered this question of the organizer's form.
    pub fn answered(self, question: &str) -> Self {
        self.that(Condition::Answered(question.into()))
    }

    /// One participant.
    ///
    /// # Errors
    /// The store failed.
    pub async fn find(self, id: &ParticipantId) -> Result<Option<Mirrored<Participant>>, StoreError> {
        self.find_text(id.as_str()).await
    }

    fn field(self, field: ParticipantField, value: &str) -> Self {
        self.that(Condition::Field(field, value.into()))
    }
}

macro_rules! find {
    ($($resource:ty, $id:ty;)*) => {$(
        impl Query<$resource> {
            /// The one with this id.
            ///
            /// # Errors
            /// The store failed.
            pub async fn find(self, id: &$id) -> Result<Option<Mirrored<$resource>>, StoreError> {
                self.find_text(id.as_str()).await
            }
        }
    )*};
}

find! {
    Activity, ActivityId;
    Thread, ThreadId;
    Location, LocationId;
    RegistrationWave, WaveId;
}

impl<T: DeserializeOwned + Send + 'static> Query<T> {
    /// The resources as a stream, which keeps one page in memory and ends after its first error. It is no snapshot: what changes
    /// meanwhile may be in it or not.
    ///
    /// A row of which the mirror has seen too little to make a `T` of it, such as an activity of which only the capacity is known, is
    /// left out.
    pub fn stream(self) -> BoxStream<'static, Result<Mirrored<T>, StoreError>> {
        let start = (self, VecDeque::new(), false);
        stream::try_unfold(start, |(mut query, mut rows, mut is_done)| async move {
            loop {
                if let Some(row) = rows.pop_front() {
                    return Ok(Some((row, (query, rows, is_done))));
                }
                if is_done {
                    return Ok(None);
                }
                let page = query.store.rows(&query.query).await?;
                is_done = page.len() < query.query.limit;
                query.query.after = page.last().map(|stored| stored.row.id.clone());
                rows.extend(page.into_iter().filter_map(mirrored::<T>));
            }
        })
        .boxed()
    }

    /// All of them, in memory.
    ///
    /// # Errors
    /// The store failed.
    pub async fn all(self) -> Result<Vec<Mirrored<T>>, StoreError> {
        let mut stream = self.stream();
        let mut all = Vec::new();
        while let Some(row) = stream.next().await {
            all.push(row?);
        }
        Ok(all)
    }

    /// The first of them.
    ///
    /// # Errors
    /// The store failed.
    pub async fn first(self) -> Result<Option<Mirrored<T>>, StoreError> {
        self.stream().next().await.transpose()
    }

    /// The one with this id, whether or not it satisfies the conditions.
    async fn find_text(self, id: &str) -> Result<Option<Mirrored<T>>, StoreError> {
        let key = RowKey {
            kind: self.query.kind,
            id: id.into(),
        };
        let loaded = self.store.load(&self.query.event_id, &[key]).await?;
        Ok(loaded.rows.into_iter().next().and_then(mirrored))
    }
}

fn mirrored<T: DeserializeOwned>(stored: StoredRow) -> Option<Mirrored<T>> {
    let row = stored.row;
    Some(Mirrored {
        item: tolerant_json::read(row.json.as_bytes()).ok()?,
        as_of: row.as_of(),
        is_complete: row.is_complete(),
        json: row.json,
    })
}

impl<T> fmt::Debug for Query<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Query")
            .field("query", &self.query)
            .finish_non_exhaustive()
    }
}
