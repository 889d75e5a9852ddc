//! Reading over an organizer's connection.

use futures_core::Stream;
use revento_core::{
    AccessToken,
    resource::{Event, Participant},
};

use super::{Pages, segment};
use crate::{Error, SessionError, request::Reader};

/// Reads one event with its installation token.
#[derive(Debug, Clone)]
pub struct EventClient {
    reader: Reader,
}

impl EventClient {
    pub(crate) fn new(reader: Reader) -> Self {
        Self { reader }
    }

    /// The access token itself, for requests that this SDK does not make. Ask anew for each: it is
    /// refreshed before it ends, and asking costs next to nothing while it is good.
    ///
    /// # Errors
    /// When there is none to be had.
    pub async fn access_token(&self) -> Result<AccessToken, SessionError> {
        let live = self.reader.session.token(&self.reader.client.shared).await?;
        Ok(live.access.clone())
    }

    /// `GET /events/{id}`, under the scope `event.read`.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn get(&self) -> Result<Event, Error> {
        self.reader.get(&self.path("")).await
    }

    /// `GET /events/{id}/participants`, under the scope `participants.read`.
    pub fn participants(&self) -> Participants {
        Participants {
            pages: Pages::new(self.reader.clone(), self.path("/participants")),
        }
    }

    fn path(&self, rest: &str) -> String {
        format!(
            "/events/{}{rest}",
            segment(self.reader.session.key.event_id.as_str())
        )
    }
}

/// The participants of an event, in as many requests as there are pages.
#[derive(Debug, Clone)]
pub struct Participants {
    pages: Pages<Participant>,
}

impl Participants {
    /// How many to ask for at a time, 1 to 50 (contract §3.3); the most unless said otherwise.
    pub fn per_page(mut self, limit: u16) -> Self {
        self.pages = self.pages.per_page(limit);
        self
    }

    /// One after the other. The stream ends after its first error; dropping it stops reading.
    pub fn stream(self) -> impl Stream<Item = Result<Participant, Error>> + Send + Unpin {
        self.pages.items()
    }

    /// Page by page, with the cursor to go on from.
    pub fn pages(self) -> Pages<Participant> {
        self.pages
    }
}
