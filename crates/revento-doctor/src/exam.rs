//! What a check works with: the platform, the integration, browsers, and a record of everything that was exchanged.

use std::collections::HashSet;
use std::time::Duration;

use revento_sandbox::{Action, ConsentDecision};
use serde_json::Value;
use url::Url;

use crate::check::Framework;
use crate::checks::{Crash, Receiver};
use crate::exchange::Exchange;
use crate::integration::{Browser, Integration, Outgoing, redirect, send};
use crate::platform::Platform;
use crate::platform::world::{Event, FIRST_FRESH, MAIN_EVENT};
use crate::primitives::{Random, now, unix_now};
use crate::webhook::{self, Webhook};

/// Why a check did not pass.
#[derive(Debug)]
pub(crate) enum Problem {
    /// The integration does something else than expected.
    Flaw { expected: String, got: String },
    /// The check does not apply, or the doctor has to be told more.
    NotChecked(String),
    /// The check could not be completed.
    Untestable(String),
}

/// A flaw.
pub(crate) fn flaw(expected: impl Into<String>, got: impl Into<String>) -> Problem {
    Problem::Flaw {
        expected: expected.into(),
        got: got.into(),
    }
}

/// The state of an examination.
#[derive(Debug)]
pub(crate) struct Exam {
    pub(crate) platform: Platform,
    pub(crate) integration: Integration,
    pub(crate) random: Random,
    pub(crate) framework: Option<Framework>,
    /// The exchanges of the current check.
    pub(crate) evidence: Vec<Exchange>,
    /// The events that are connected, as far as the doctor knows.
    connected: HashSet<String>,
    /// The event that the integration connects whatever `event_id` says; `None` if it follows `event_id`, or nothing is known yet.
    fixed_event: Option<String>,
    next_event: usize,
    next_envelope: u64,
    /// Distinguishes the webhooks of this examination from those of earlier ones, which the integration may remember.
    identities: Random,
    /// Whether all other checks are done.
    pub(crate) at_end: bool,
    wants_time: bool,
    /// The integration's work when it was killed in the middle of it, if that was tried.
    pub(crate) crash: Option<Crash>,
    /// What earlier checks have shown of the webhook receiver.
    pub(crate) receiver: Receiver,
    /// Whether a flow has ended in a connection, so that a refusal says something.
    pub(crate) connects: bool,
}

impl Exam {
    pub(crate) fn new(platform: Platform, integration: Integration) -> Self {
        let random = Random::new(integration.settings.seed);
        Self {
            platform,
            integration,
            random,
            framework: None,
            evidence: Vec::new(),
            connected: HashSet::new(),
            fixed_event: None,
            next_event: FIRST_FRESH,
            next_envelope: 1,
            identities: Random::new(u64::try_from(unix_now().as_nanos()).unwrap_or_default()),
            at_end: false,
            wants_time: false,
            crash: None,
            receiver: Receiver::default(),
            connects: false,
        }
    }

    // Events and connections.

    /// An event that no check has used so far, so that its connection and its rate budget are fresh. If the integration works with
    /// one event only, it is that one: the platform is reset, so that it is as new.
    pub(crate) async fn fresh_event(&mut self) -> Result<Event, Problem> {
        let id = match &self.fixed_event {
            Some(id) => {
                let id = id.clone();
                self.platform.sandbox().reset().await.map_err(untestable)?;
                self.connected.clear();
                id
            }
            None if !self.follows_event_id() => {
                self.platform.sandbox().reset().await.map_err(untestable)?;
                self.connected.clear();
                MAIN_EVENT.to_owned()
            }
            None => {
                let event = self.platform.world.events.get(self.next_event);
                let id = event.map_or_else(|| MAIN_EVENT.to_owned(), |event| event.id.clone());
                self.next_event += 1;
                id
            }
        };
        self.event(&id)
    }

    /// Whether pages of the integration can be asked about an event.
    fn follows_event_id(&self) -> bool {
        let read = self.integration.settings.read_url.as_deref();
        read.is_none_or(|url| url.contains("{event_id}"))
    }

    fn event(&self, id: &str) -> Result<Event, Problem> {
        let found = self.platform.world.event(id).cloned();
        found.ok_or_else(|| Problem::Untestable(format!("the integration connects the event {id}, which the doctor does not have; give it REVENTO_EVENT_ID")))
    }

    /// The event of flows that may fail. Nobody else uses it.
    pub(crate) fn flow_event(&self) -> Event {
        self.platform.world.flow_event().clone()
    }

    /// A connection may have ended: the next check that needs it connects again.
    pub(crate) fn forget_connection(&mut self, event_id: &str) {
        self.connected.remove(event_id);
    }

    /// An event that is connected: the main one. An integration without a connect page receives webhooks only; its event needs no
    /// connection.
    pub(crate) async fn connected_event(&mut self) -> Result<Event, Problem> {
        if self.integration.settings.connect_url.is_none() {
            return self.event(MAIN_EVENT);
        }
        let id = self.fixed_event.clone().unwrap_or_else(|| MAIN_EVENT.to_owned());
        if self.connected.contains(&id) {
            return self.event(&id);
        }
        self.connect(&id).await
    }

    /// A fresh event, connected. If the doctor has no connect URL, this is not checked.
    pub(crate) async fn fresh_connection(&mut self) -> Result<Event, Problem> {
        let event = self.fresh_event().await?;
        self.connect(&event.id).await
    }

    /// Forgets which events are connected: the connections have ended, or may have.
    pub(crate) fn forget_connections(&mut self) {
        self.connected.clear();
    }

    /// Whether the integration works with one event only.
    pub(crate) fn has_one_event(&self) -> bool {
        self.fixed_event.is_some() || !self.follows_event_id()
    }

    /// Connects an event as an organizer does who authorizes everything. Returns the event that the integration connects in fact.
    pub(crate) async fn connect(&mut self, event_id: &str) -> Result<Event, Problem> {
        let mut browser = Browser::default();
        let request = self.begin(&mut browser, event_id).await?;
        let asked = request
            .query_pairs()
            .find(|(name, _)| name == "event_id")
            .map(|(_, id)| id.into_owned());
        let asked = asked.unwrap_or_default();
        if asked != event_id {
            self.fixed_event = Some(asked.clone());
        }
        let event = self.event(&asked)?;
        let exchange = self
            .finish(&mut browser, &request, ConsentDecision::Authorize)
            .await?;
        match exchange.status {
            Some(200..=399) => {}
            got => {
                return Err(Problem::Untestable(format!(
                    "the integration does not connect: its callback answered {}",
                    status_text(got, &exchange)
                )));
            }
        }
        self.connected.insert(asked);
        Ok(event)
    }

    /// Opens the connect page and returns the authorization request that it redirects to.
    pub(crate) async fn begin(&mut self, browser: &mut Browser, event_id: &str) -> Result<Url, Problem> {
        let url = self.integration.connect_url(event_id);
        let url = url.ok_or_else(|| Problem::NotChecked("give --connect-url".to_owned()))?;
        self.begin_at(browser, &url).await
    }

    /// Opens a page and follows its redirects to the authorization request.
    pub(crate) async fn begin_at(&mut self, browser: &mut Browser, url: &Url) -> Result<Url, Problem> {
        let exchanges = browser.follow(url).await;
        let last = exchanges.last().cloned();
        self.evidence.extend(exchanges);
        let last = last.ok_or_else(|| Problem::Untestable("no request was sent".to_owned()))?;
        match redirect(&last) {
            Some(to)
                if to
                    .as_str()
                    .starts_with(&format!("{}/oauth/authorize", self.platform.base())) =>
            {
                Ok(to)
            }
            Some(to) => Err(Problem::Untestable(format!(
                "{url} redirects to {}, not to the authorization endpoint of REVENTO_AUTH_BASE ({})",
                to.origin().ascii_serialization(),
                self.platform.base()
            ))),
            None => Err(Problem::Untestable(format!(
                "{url} does not redirect to the authorization endpoint: it answered {}",
                status_text(last.status, &last)
            ))),
        }
    }

    /// Answers the consent page, and opens the callback in the browser. Returns the last exchange.
    pub(crate) async fn finish(
        &mut self,
        browser: &mut Browser,
        request: &Url,
        decision: ConsentDecision,
    ) -> Result<Exchange, Problem> {
        let callback = self.consent(request, decision).await?;
        self.open_callback(browser, &callback).await
    }

    /// Answers the consent page. Returns the address that the platform redirects the browser to.
    pub(crate) async fn consent(&mut self, request: &Url, decision: ConsentDecision) -> Result<Url, Problem> {
        let answered = self
            .platform
            .sandbox()
            .authorize(request.as_str(), decision)
            .await;
        let callback = answered.map_err(|error| {
            Problem::Untestable(format!(
                "the platform shows an error page for the authorization request: {error}"
            ))
        })?;
        callback.parse().map_err(untestable)
    }

    /// Opens the callback, with the redirects that follow at the integration. Returns the first exchange.
    pub(crate) async fn open_callback(
        &mut self,
        browser: &mut Browser,
        callback: &Url,
    ) -> Result<Exchange, Problem> {
        let exchanges = browser.follow(callback).await;
        let first = exchanges.first().cloned();
        self.evidence.extend(exchanges);
        first.ok_or_else(|| Problem::Untestable("no request was sent".to_owned()))
    }

    // Webhooks.

    /// A good webhook about an application to an event: `application.approved` and so on, with an envelope that is new.
    pub(crate) fn webhook(&mut self, event: &Event, event_type: &str) -> Webhook {
        let number = self.next_envelope;
        self.next_envelope += 1;
        let id = format!("evt_delivery_{:08x}_{number:04}", self.identities.next() >> 32);
        let index = usize::try_from(number).unwrap_or_default() % event.people.len().max(1);
        let envelope = match event.people.get(index) {
            Some(person) => webhook::application_envelope(event, person, event_type, &id),
            None => Value::Null,
        };
        Webhook::new(&envelope, self.identities.uuid(), self.platform.webhook_secret())
    }

    /// Where webhooks go.
    pub(crate) fn webhook_url(&self) -> Result<Url, Problem> {
        let url = self.integration.settings.webhook_url.clone();
        url.ok_or_else(|| Problem::NotChecked("give --webhook-url".to_owned()))
    }

    /// Sends a request to the integration, and keeps it as evidence.
    pub(crate) async fn send(&mut self, outgoing: Outgoing) -> Exchange {
        let exchange = send(outgoing).await;
        self.evidence.push(exchange.clone());
        exchange
    }

    /// How often the page of handled webhooks names this envelope; `None` without such a page.
    pub(crate) async fn handled(&mut self, envelope_id: &str) -> Option<usize> {
        let page = self.handled_page().await?;
        Some(page.matches(envelope_id).count())
    }

    /// The page of handled webhooks; `None` without such a page.
    pub(crate) async fn handled_page(&mut self) -> Option<String> {
        let url = self.integration.settings.handled_url.clone()?;
        let exchange = send(Outgoing::get(url)).await;
        let body = String::from_utf8_lossy(&exchange.response_body).into_owned();
        // Only the last look at the page is evidence.
        self.evidence
            .retain(|known| known.url != exchange.url || known.method != "GET");
        self.evidence.push(exchange);
        Some(body)
    }

    /// Waits until the page of handled webhooks names this envelope.
    pub(crate) async fn wait_until_handled(&mut self, envelope_id: &str) -> Result<(), Problem> {
        let began = now();
        loop {
            match self.handled(envelope_id).await {
                None => return Err(Problem::NotChecked("give --handled-url".to_owned())),
                Some(0) if began.elapsed() < self.patience() => {
                    tokio::time::sleep(Duration::from_millis(50)).await
                }
                Some(0) => {
                    return Err(flaw(
                        format!(
                            "the accepted webhook {envelope_id} is handled within {} s",
                            self.patience().as_secs()
                        ),
                        "the page of --handled-url does not name it",
                    ));
                }
                Some(_) => return Ok(()),
            }
        }
    }

    // Reading.

    /// Makes the integration read the participants of an event.
    pub(crate) async fn read(&mut self, event: &Event) -> Result<Exchange, Problem> {
        let url = self.integration.read_url(&event.id);
        let url = url.ok_or_else(|| Problem::NotChecked("give --read-url".to_owned()))?;
        Ok(self.send(Outgoing::get(url)).await)
    }

    /// Like [`read`](Self::read); the answer has to be a 2xx that names every participant.
    pub(crate) async fn read_all(&mut self, event: &Event) -> Result<Exchange, Problem> {
        let exchange = self.read(event).await?;
        self.names_everybody(event, &exchange)?;
        Ok(exchange)
    }

    /// Whether an answer of the read page is a 2xx that names every participant of the event.
    pub(crate) fn names_everybody(&self, event: &Event, exchange: &Exchange) -> Result<(), Problem> {
        let expected = format!(
            "the read page answers 200 with all {} participants of {}",
            event.people.len(),
            event.id
        );
        if !matches!(exchange.status, Some(200..=299)) {
            return Err(flaw(expected, status_text(exchange.status, exchange)));
        }
        let body = String::from_utf8_lossy(&exchange.response_body);
        let named = event
            .people
            .iter()
            .filter(|person| body.contains(&person.participant_id))
            .count();
        if named == event.people.len() {
            return Ok(());
        }
        Err(flaw(expected, format!("it named {named} of them")))
    }

    /// Performs an action on the platform, and waits until its webhooks were delivered.
    pub(crate) async fn perform(&mut self, action: Action) -> Result<(), Problem> {
        let before = self.platform.relay().delivered().len();
        self.platform
            .sandbox()
            .perform(action)
            .await
            .map_err(untestable)?;
        self.platform
            .sandbox()
            .deliveries_settled()
            .await
            .map_err(untestable)?;
        for delivered in self.platform.relay().delivered().iter().skip(before) {
            self.evidence.extend(delivered.exchange.clone());
        }
        Ok(())
    }

    /// Advances the platform's clock.
    pub(crate) async fn advance(&self, by: Duration) -> Result<(), Problem> {
        self.platform.sandbox().advance(by).await.map_err(untestable)
    }

    // Time.

    /// How long to wait for something that has to happen.
    pub(crate) fn patience(&self) -> Duration {
        self.integration.settings.patience
    }

    /// Waits while something could happen that must not.
    pub(crate) async fn quiet(&self) {
        tokio::time::sleep(self.integration.settings.quiet).await;
    }

    /// Ends a check that waits for something that may take long. It is done again when all others are done.
    pub(crate) fn later(&mut self, what: &str) -> Problem {
        self.wants_time = true;
        Problem::Untestable(format!("the doctor did not wait for {what}"))
    }

    /// Whether the last check wants to be done again.
    pub(crate) fn asked_for_time(&mut self) -> bool {
        std::mem::take(&mut self.wants_time)
    }

    /// Kills the integration with SIGKILL and starts it again.
    pub(crate) async fn restart(&mut self) -> Result<(), Problem> {
        if !self.integration.kill().await {
            return Err(Problem::NotChecked(
                "give --start, so that the doctor can restart the integration".to_owned(),
            ));
        }
        self.integration.start().await.map_err(untestable)
    }
}

pub(crate) fn untestable(error: impl std::fmt::Display) -> Problem {
    Problem::Untestable(error.to_string())
}

/// A status for a sentence, with the beginning of the answer.
pub(crate) fn status_text(status: Option<u16>, exchange: &Exchange) -> String {
    match (status, &exchange.error) {
        (Some(status), _) => {
            let body = String::from_utf8_lossy(&exchange.response_body);
            let text: String = readable(&body).chars().take(120).collect();
            if text.is_empty() {
                format!("{status}")
            } else {
                format!("{status} ({text})")
            }
        }
        (None, Some(error)) => error.clone(),
        (None, None) => "no answer".to_owned(),
    }
}

/// The text of a page without its tags; any other text as it is, on one line.
fn readable(body: &str) -> String {
    let body = body.trim();
    let mut text = String::new();
    let mut in_tag = false;
    let is_page = body.starts_with('<');
    for letter in body.chars() {
        match letter {
            '<' if is_page => {
                in_tag = true;
                text.push(' ');
            }
            '>' if in_tag => in_tag = false,
            _ if in_tag => {}
            _ => text.push(letter),
        }
    }
    let text = text
        .replace("&nbsp;", " ")
        .replace("&#39;", "'")
        .replace("&quot;", "\"");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_readable_in_a_sentence() {
        let page = "<!DOCTYPE html><html><title>No</title>\n<p>This is <b>a</b> page.</p></html>";
        assert_eq!(readable(page), "No This is a page.");
        assert_eq!(readable("{\"error\": \"a < b\"}\n"), "{\"error\": \"a < b\"}");
    }
}
