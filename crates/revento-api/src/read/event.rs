//! Reading over an organizer's connection.

use revento_core::{
    AccessToken, ConnectionKey, DeliveryId, Timestamp,
    pacing::Remaining,
    resource::{
        Activity, ApplicationStatus, Event, Location, Participant, Program, RegistrationWave, Thread,
    },
};

use super::{List, Raw, segment};
use crate::{
    Error, Retry, SessionError,
    request::{Reader, Target},
};

/// The participants of an event, before they are read.
pub type Participants = List<Participant>;

/// Reads one event with its installation token.
#[derive(Debug, Clone)]
pub struct EventClient {
    reader: Reader,
    key: ConnectionKey,
}

impl EventClient {
    pub(crate) fn new(reader: Reader, key: ConnectionKey) -> Self {
        Self { reader, key }
    }

    /// The same client with another way to repeat reads.
    #[must_use]
    pub fn with_retry(mut self, retry: Retry) -> Self {
        self.reader.retry = retry;
        self
    }

    /// The same client, reading because of this webhook: spans name it beside connection and request.
    #[must_use]
    pub fn because_of(mut self, delivery_id: impl Into<DeliveryId>) -> Self {
        self.reader.delivery_id = Some(delivery_id.into());
        self
    }

    /// The access token itself, for requests that this SDK does not make. Ask anew for each: it is
    /// refreshed before it ends, and asking costs next to nothing while it is good.
    ///
    /// # Such requests are not paced
    /// They spend of the token's budgets (contract §3.6), which this client can only learn afterwards from the headers of
    /// its own next answer, and they get no retries. For any `GET` take [`raw`](Self::raw): the same credentials, pacing,
    /// retries and errors, for an answer of any shape.
    ///
    /// # Errors
    /// When there is none to be had.
    pub async fn access_token(&self) -> Result<AccessToken, SessionError> {
        self.reader.access_token(&self.key).await
    }

    /// `GET /events/{id}`, under the scope `event.read`.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn get(&self) -> Result<Event, Error> {
        self.reader.get(&self.target("/events/{event_id}", "")).await
    }

    /// `GET /events/{id}/program`, under the scope `program.read`: days, threads and activities at once.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn program(&self) -> Result<Program, Error> {
        self.reader
            .get(&self.target("/events/{event_id}/program", "/program"))
            .await
    }

    /// `GET /events/{id}/participants`, under the scope `participants.read`.
    pub fn participants(&self) -> List<Participant> {
        self.list("/events/{event_id}/participants", "/participants")
    }

    /// `GET /events/{id}/activities`, under the scope `program.read`.
    pub fn activities(&self) -> List<Activity> {
        self.list("/events/{event_id}/activities", "/activities")
    }

    /// `GET /events/{id}/threads`, under the scope `program.read`.
    pub fn threads(&self) -> List<Thread> {
        self.list("/events/{event_id}/threads", "/threads")
    }

    /// `GET /events/{id}/locations`, under the scope `program.read`.
    pub fn locations(&self) -> List<Location> {
        self.list("/events/{event_id}/locations", "/locations")
    }

    /// `GET /events/{id}/registration-waves`, under the scope `program.read`.
    pub fn registration_waves(&self) -> List<RegistrationWave> {
        self.list("/events/{event_id}/registration-waves", "/registration-waves")
    }

    /// Any other `GET`, with the same token, pacing, retries and errors. The path begins with a slash and is relative to
    /// the API's base: `/events/evt_1/something?limit=5`. What comes from outside has to be percent-encoded.
    ///
    /// # Errors
    /// See [`Error`]; [`Error::Request`] when the path would lead elsewhere.
    pub async fn raw(&self, path_and_query: &str) -> Result<Raw, Error> {
        self.reader.raw(path_and_query).await
    }

    /// What is left of the token's budgets, by what this process knows; `None` when it has not used the token lately.
    pub fn budget_left(&self) -> Option<Remaining> {
        let shared = &self.reader.client.shared;
        shared.pacer.left(&self.key, shared.clock.now())
    }

    /// When so many more calls will have gone, behind those that wait already: an honest estimate, as the budgets are
    /// what limits.
    pub fn calls_done_at(&self, calls: usize) -> Timestamp {
        let shared = &self.reader.client.shared;
        shared.pacer.ready_at(&self.key, calls, shared.clock.now())
    }

    fn list<T: serde::de::DeserializeOwned + Send + 'static>(
        &self,
        template: &'static str,
        rest: &str,
    ) -> List<T> {
        let Target {
            template,
            path_and_query,
        } = self.target(template, rest);
        List::new(self.reader.clone(), template, path_and_query)
    }

    fn target(&self, template: &'static str, rest: &str) -> Target {
        Target {
            template,
            path_and_query: format!("/events/{}{rest}", segment(self.key.event_id.as_str())),
        }
    }
}

impl List<Participant> {
    /// Takes only those whose application stands like this.
    #[must_use]
    pub fn status(self, status: ApplicationStatus) -> Self {
        self.filter(move |person| person.application_status == status)
    }
}
