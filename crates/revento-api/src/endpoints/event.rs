//! Reads over an organizer's connection.

use revento_core::resource::{
    Activity, ApplicationStatus, Event, Location, Participant, Program, RegistrationWave, Thread,
};
use serde::de::DeserializeOwned;

use super::{
    connection::{ConnectionReader, connection_methods},
    list::List,
};
use crate::{error::Error, executor::Target, url::segment};

/// The list of an event's participants.
pub type Participants = List<Participant>;

/// Reads one event with its installation token.
#[derive(Debug, Clone)]
pub struct EventClient {
    connection: ConnectionReader,
}

connection_methods!(EventClient);

impl EventClient {
    pub(crate) fn new(connection: ConnectionReader) -> Self {
        Self { connection }
    }

    /// `GET /events/{event_id}`, under the scope `event.read`.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn get(&self) -> Result<Event, Error> {
        let target = self.target("/events/{event_id}", "");
        self.connection.reader.get(&target).await
    }

    /// `GET /events/{event_id}/program`, under the scope `program.read`: days, threads and activities at once. One activity without
    /// a legible id makes the whole answer an error; [`activities`](Self::activities) can skip it.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn program(&self) -> Result<Program, Error> {
        let target = self.target("/events/{event_id}/program", "/program");
        self.connection.reader.get(&target).await
    }

    /// `GET /events/{event_id}/participants`, under the scope `participants.read`.
    pub fn participants(&self) -> List<Participant> {
        self.list("/events/{event_id}/participants", "/participants")
    }

    /// `GET /events/{event_id}/activities`, under the scope `program.read`.
    pub fn activities(&self) -> List<Activity> {
        self.list("/events/{event_id}/activities", "/activities")
    }

    /// `GET /events/{event_id}/threads`, under the scope `program.read`.
    pub fn threads(&self) -> List<Thread> {
        self.list("/events/{event_id}/threads", "/threads")
    }

    /// `GET /events/{event_id}/locations`, under the scope `program.read`.
    pub fn locations(&self) -> List<Location> {
        self.list("/events/{event_id}/locations", "/locations")
    }

    /// `GET /events/{event_id}/registration-waves`, under the scope `program.read`.
    pub fn registration_waves(&self) -> List<RegistrationWave> {
        self.list("/events/{event_id}/registration-waves", "/registration-waves")
    }

    fn list<T: DeserializeOwned + Send + 'static>(&self, template: &'static str, rest: &str) -> List<T> {
        List::new(self.connection.reader.clone(), self.target(template, rest))
    }

    fn target(&self, template: &'static str, rest: &str) -> Target {
        let event_id = segment(self.connection.session.key().event_id.as_str());
        Target {
            template,
            path_and_query: format!("/events/{event_id}{rest}"),
        }
    }
}

impl List<Participant> {
    /// Only participants whose application has this status.
    #[must_use]
    pub fn status(self, status: ApplicationStatus) -> Self {
        self.filter(move |person| person.application_status == status)
    }
}
