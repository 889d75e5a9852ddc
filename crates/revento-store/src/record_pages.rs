//! [`RecordPages`]: reads a list of a token store page by page.

use revento_core::{ClientId, ConnectionKey, EventId, Timestamp};

use crate::{DueCursor, StoreError, Stored, TokenStore};

/// How many records a page has.
const PAGE: usize = 200;

/// The pages of a list of a [`TokenStore`], each loaded when it is asked for.
///
/// ```
/// use revento_store::{RecordPages, StoreError, TokenStore};
///
/// async fn count(store: &dyn TokenStore) -> Result<usize, StoreError> {
///     let mut pages = RecordPages::of_client(store, "clt_1".into());
///     let mut count = 0;
///     while let Some(page) = pages.next().await? {
///         count += page.len();
///     }
///     Ok(count)
/// }
/// ```
#[derive(Debug)]
pub struct RecordPages<'a> {
    store: &'a dyn TokenStore,
    client_id: ClientId,
    list: List,
    size: usize,
    is_finished: bool,
}

#[derive(Debug)]
enum List {
    Client {
        after: Option<ConnectionKey>,
    },
    Event {
        event_id: EventId,
        after: Option<ConnectionKey>,
    },
    Due {
        before: Timestamp,
        after: Option<DueCursor>,
    },
}

impl<'a> RecordPages<'a> {
    /// All records of an integration.
    pub fn of_client(store: &'a dyn TokenStore, client_id: ClientId) -> Self {
        Self::new(store, client_id, List::Client { after: None })
    }

    /// All records of an integration and event.
    pub fn of_event(store: &'a dyn TokenStore, client_id: ClientId, event_id: EventId) -> Self {
        Self::new(
            store,
            client_id,
            List::Event {
                event_id,
                after: None,
            },
        )
    }

    /// The live records of an integration whose refresh token expires before `before`, the soonest first.
    pub fn due(store: &'a dyn TokenStore, client_id: ClientId, before: Timestamp) -> Self {
        Self::new(store, client_id, List::Due { before, after: None })
    }

    fn new(store: &'a dyn TokenStore, client_id: ClientId, list: List) -> Self {
        Self {
            store,
            client_id,
            list,
            size: PAGE,
            is_finished: false,
        }
    }

    /// Sets how many records a page has: 200 unless set, at least 1.
    #[must_use]
    pub fn page_size(mut self, records: usize) -> Self {
        self.size = records.max(1);
        self
    }

    /// Loads the next page, which has at least one record; `None` at the end.
    ///
    /// # Errors
    /// The store failed. Call again to load the same page.
    pub async fn next(&mut self) -> Result<Option<Vec<Stored>>, StoreError> {
        if self.is_finished {
            return Ok(None);
        }
        let (store, client_id) = (self.store, &self.client_id);
        let page = match &self.list {
            List::Client { after } => store.of_client(client_id, after.as_ref(), self.size).await?,
            List::Event { event_id, after } => {
                store
                    .of_event(client_id, event_id, after.as_ref(), self.size)
                    .await?
            }
            List::Due { before, after } => store.due(client_id, *before, after.as_ref(), self.size).await?,
        };
        self.is_finished = page.len() < self.size;
        let Some(last) = page.last() else {
            return Ok(None);
        };
        match &mut self.list {
            List::Client { after } | List::Event { after, .. } => {
                *after = Some(last.record.connection.key.clone());
            }
            List::Due { after, .. } => *after = Some(DueCursor::of(last)),
        }
        Ok(Some(page))
    }

    /// Loads all remaining pages into one list.
    ///
    /// # Errors
    /// The store failed. The records loaded so far are lost.
    pub async fn collect(mut self) -> Result<Vec<Stored>, StoreError> {
        let mut all = Vec::new();
        while let Some(page) = self.next().await? {
            all.extend(page);
        }
        Ok(all)
    }
}
