//! Reads the participants of a connected event, and keeps them for some seconds.

use std::{collections::HashMap, sync::Arc, time::Duration};

use revento::{
    Client, Error, Retry, Timestamp,
    types::{EventId, resource::Participant},
};
use tokio::sync::Mutex;

/// All participants, and how many pages the platform sent them in.
pub(crate) struct ParticipantList {
    pub(crate) pages: usize,
    pub(crate) participants: Vec<Participant>,
}

/// Somebody waits for the page meanwhile, so an error is better than a wait for the next hour's budget.
const DEADLINE: Duration = Duration::from_secs(20);

/// Small enough that an example event has several pages.
const PER_PAGE: u16 = 25;

/// For how long a list, or the error instead of it, is shown again. Anybody can load the page, and each read costs some of the
/// API's budget.
const SHOWN_FOR: Duration = Duration::from_secs(10);

/// The result of one read.
pub(crate) type ReadResult = Arc<Result<ParticipantList, Error>>;

/// The last read of each event. Clones share it.
#[derive(Clone)]
pub(crate) struct Participants {
    client: Client,
    last: Arc<Mutex<HashMap<EventId, (Timestamp, ReadResult)>>>,
}

impl Participants {
    pub(crate) fn new(client: Client) -> Self {
        Self {
            client,
            last: Arc::default(),
        }
    }

    /// The participants as they were some seconds ago at the earliest. Of several callers one reads, and the others wait.
    pub(crate) async fn recent(&self, event_id: &EventId) -> ReadResult {
        let mut last = self.last.lock().await;
        let now = self.client.now();
        last.retain(|_, (read_at, _)| *read_at <= now && now < read_at.saturating_add(SHOWN_FOR));
        if let Some((_, result)) = last.get(event_id) {
            return Arc::clone(result);
        }
        let result = Arc::new(self.read(event_id).await);
        last.insert(event_id.clone(), (now, Arc::clone(&result)));
        result
    }

    /// The participants as they are now.
    pub(crate) async fn read(&self, event_id: &EventId) -> Result<ParticipantList, Error> {
        let retry = Retry::default().deadline(DEADLINE);
        let event = self.client.event(event_id.clone()).with_retry(retry);
        let mut pages = event.participants().per_page(PER_PAGE).pages();
        let mut list = ParticipantList {
            pages: 0,
            participants: Vec::new(),
        };
        while let Some(page) = pages.next_page().await? {
            list.pages += 1;
            list.participants.extend(page);
        }
        Ok(list)
    }

    /// Forgets the last reads: something has changed.
    pub(crate) async fn forget(&self) {
        self.last.lock().await.clear();
    }
}
