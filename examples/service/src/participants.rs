//! Reads the participants of a connected event, and keeps them for some seconds.

use std::{collections::HashMap, fmt, sync::Arc, time::Duration};

use revento::{
    Client, Error, Retry, Timestamp,
    types::{EventId, resource::Participant},
};
use tokio::sync::Mutex;

/// All participants, and how many pages the platform sent them in.
pub struct ParticipantList {
    /// How many pages.
    pub pages: usize,
    /// The participants.
    pub participants: Vec<Participant>,
}

/// Somebody waits for the page meanwhile, so an error is better than a wait for the next hour's budget.
const DEADLINE: Duration = Duration::from_secs(20);

/// Small enough that an example event has several pages.
const PER_PAGE: u16 = 25;

/// For how long a list, or the error instead of it, is shown again. Anybody can load the page, and each read costs some of the
/// API's budget.
const SHOWN_FOR: Duration = Duration::from_secs(10);

/// The result of one read.
pub type ReadResult = Arc<Result<ParticipantList, Error>>;

/// The last read of each event. Clones share it.
#[derive(Clone)]
pub struct Participants {
    client: Client,
    last: Arc<Mutex<HashMap<EventId, (Timestamp, ReadResult)>>>,
}

/// Leaves the people out.
impl fmt::Debug for ParticipantList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ParticipantList")
            .field("pages", &self.pages)
            .finish_non_exhaustive()
    }
}

/// Leaves the people out.
impl fmt::Debug for Participants {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Participants")
            .field("client", &self.client)
            .finish_non_exhaustive()
    }
}

impl Participants {
    /// Reads through a client.
    pub fn new(client: Client) -> Self {
        Self {
            client,
            last: Arc::default(),
        }
    }

    /// The participants as they were some seconds ago at the earliest. Of several callers one reads, and the others wait.
    pub async fn recent(&self, event_id: &EventId) -> ReadResult {
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
    ///
    /// # Errors
    /// Those of the reads.
    pub async fn read(&self, event_id: &EventId) -> Result<ParticipantList, Error> {
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
    pub async fn forget(&self) {
        self.last.lock().await.clear();
    }
}
