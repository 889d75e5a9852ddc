//! Steps that the checks of tokens, reading and endings share.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use url::Url;

use crate::exam::{Exam, Problem, flaw, status_text};
use crate::exchange::Exchange;
use crate::integration::{Outgoing, redirect, send};
use crate::platform::world::Event;
use crate::platform::{Call, Endpoint, Mark};

/// One minute longer than the lifetime of an access token.
pub(super) const PAST_EXPIRY: Duration = Duration::from_secs(61 * 60);

/// How long a read may take in all: the integration may wait a while after a failure.
pub(super) const LONG: Duration = Duration::from_secs(14);

/// How many calls to the platform a check shows.
const SHOWN_CALLS: usize = 10;

/// Not a flaw of what is checked, but something else, so that it cannot be checked.
pub(super) fn blocked(problem: Problem, why: &str) -> Problem {
    match problem {
        Problem::Flaw { expected, got } => {
            Problem::Untestable(format!("{why}: expected {expected}; got {got}"))
        }
        other => other,
    }
}

/// A fresh connection that is known to work.
pub(super) async fn working(exam: &mut Exam) -> Result<Event, Problem> {
    let event = exam.fresh_connection().await?;
    let read = exam.read_all(&event).await;
    read.map_err(|problem| blocked(problem, "the integration does not read"))?;
    Ok(event)
}

/// A fresh connection whose access token has expired.
pub(super) async fn expired(exam: &mut Exam) -> Result<Event, Problem> {
    let event = exam.fresh_connection().await?;
    exam.advance(PAST_EXPIRY).await?;
    Ok(event)
}

/// A read of a connection whose access token has expired. If it fails, the check cannot be completed.
pub(super) async fn refreshed(exam: &mut Exam, event: &Event) -> Result<(), Problem> {
    let read = exam.read_all(event).await;
    read.map(drop)
        .map_err(|problem| blocked(problem, "the integration does not refresh an expired token"))
}

/// The refreshes since the mark. Without one, the check cannot be completed.
pub(super) fn refreshes(exam: &Exam, event: &Event, mark: Mark) -> Result<Vec<Arc<Call>>, Problem> {
    let calls = exam.platform.calls_about(event, Endpoint::Refresh, mark);
    if calls.is_empty() {
        return Err(Problem::Untestable(
            "the integration did not try to refresh the token, see tokens-refresh-at-expiry".to_owned(),
        ));
    }
    Ok(calls)
}

/// How many times the same refresh token was sent at most.
pub(super) fn most_sent(refreshes: &[Arc<Call>]) -> usize {
    let tokens: Vec<_> = refreshes.iter().map(|call| call.field("refresh_token")).collect();
    let counts = tokens
        .iter()
        .map(|token| tokens.iter().filter(|other| *other == token).count());
    counts.max().unwrap_or_default()
}

/// The reads of participants since the mark. Without one, the check cannot be completed.
pub(super) fn participant_calls(exam: &Exam, event: &Event, mark: Mark) -> Result<Vec<Arc<Call>>, Problem> {
    let calls = exam.platform.calls_about(event, Endpoint::Participants, mark);
    if calls.is_empty() {
        return Err(Problem::Untestable(
            "the integration did not call the platform: its read page has to read the participants now"
                .to_owned(),
        ));
    }
    Ok(calls)
}

/// Keeps calls to the platform as evidence: the first ones, if there are many.
pub(super) fn show(exam: &mut Exam, calls: &[Arc<Call>]) {
    let base = exam.platform.base().to_owned();
    let shown = calls.iter().take(SHOWN_CALLS).map(|call| call.exchange(&base));
    exam.evidence.extend(shown);
}

/// Keeps the calls about the event since the mark as evidence.
pub(super) fn show_since(exam: &mut Exam, event: &Event, mark: Mark) {
    let mut calls = exam.platform.calls_since(mark);
    calls.retain(|call| call.event_id.as_deref().is_none_or(|id| id == event.id));
    show(exam, &calls);
}

/// A read that is given up after this time. `None` if it was.
pub(super) async fn read_within(
    exam: &mut Exam,
    event: &Event,
    time: Duration,
) -> Result<Option<Exchange>, Problem> {
    let url = read_url(exam, event)?;
    let read = tokio::time::timeout(time, send(Outgoing::get(url))).await.ok();
    exam.evidence.extend(read.clone());
    Ok(read)
}

/// Many reads at the same time, each given up after this time.
pub(super) async fn reads_within(urls: Vec<Url>, time: Duration) -> Vec<Exchange> {
    let reads = urls
        .into_iter()
        .map(|url| tokio::time::timeout(time, send(Outgoing::get(url))));
    join_all(reads).await.into_iter().filter_map(Result::ok).collect()
}

pub(super) fn read_url(exam: &Exam, event: &Event) -> Result<Url, Problem> {
    let url = exam.integration.read_url(&event.id);
    url.ok_or_else(|| Problem::NotChecked("give --read-url".to_owned()))
}

/// What an answer of the read page says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Says {
    /// Everybody is named.
    Everybody,
    /// Somebody has to connect again.
    Reconnect,
    /// It did not work now: a 5xx, a 429, no answer.
    NotNow,
    /// Anything else.
    Other,
}

/// What an answer of the read page says. An integration says that somebody has to connect again by a status 4xx, a redirect, or a
/// page that offers it.
pub(super) fn says(exam: &Exam, event: &Event, read: &Exchange) -> Says {
    if exam.names_everybody(event, read).is_ok() {
        return Says::Everybody;
    }
    let body = String::from_utf8_lossy(&read.response_body).to_lowercase();
    match read.status {
        None | Some(500..=599 | 408 | 425 | 429) => Says::NotNow,
        Some(400..=499) => Says::Reconnect,
        Some(_) if redirect(read).is_some() => Says::Reconnect,
        Some(_)
            if names_nobody(event, &body)
                && ["connect", "consent", "authoriz"]
                    .iter()
                    .any(|word| body.contains(word)) =>
        {
            Says::Reconnect
        }
        Some(_) => Says::Other,
    }
}

fn names_nobody(event: &Event, body: &str) -> bool {
    !event
        .people
        .iter()
        .any(|person| body.contains(&person.participant_id.to_lowercase()))
}

/// The answer of the read page has to say that somebody has to connect again.
pub(super) fn asks_to_reconnect(exam: &Exam, event: &Event, read: &Exchange) -> Result<(), Problem> {
    match says(exam, event, read) {
        Says::Reconnect => Ok(()),
        _ => Err(flaw(
            "the read page says that the event has to be connected again: a status 4xx, a redirect, or a page with a link",
            status_text(read.status, read),
        )),
    }
}

/// Reads until everybody is named, as long as the doctor is patient. The connection must not be given up meanwhile.
pub(super) async fn recovers(exam: &mut Exam, event: &Event, because: &str) -> Result<(), Problem> {
    let began = crate::primitives::now();
    loop {
        let read = read_within(exam, event, LONG).await?;
        match read.as_ref().map(|read| (says(exam, event, read), read)) {
            Some((Says::Everybody, _)) => return Ok(()),
            Some((Says::NotNow, _)) | None if began.elapsed() < exam.patience() => {
                tokio::time::sleep(Duration::from_millis(300)).await;
            }
            Some((Says::NotNow, _)) | None => {
                return Err(Problem::NotChecked(format!(
                    "{because} is over, and after {} s the integration still waits; the doctor does not wait longer",
                    began.elapsed().as_secs()
                )));
            }
            Some((_, read)) => {
                return Err(flaw(
                    format!(
                        "{because} ends no connection: the read page works again, or says that it does not work now (5xx)"
                    ),
                    status_text(read.status, read),
                ));
            }
        }
    }
}

/// How many of the calls have the access token of the first one.
pub(super) fn with_the_first_token(calls: &[Arc<Call>]) -> usize {
    let first = calls.first().and_then(|call| call.bearer());
    calls.iter().filter(|call| call.bearer() == first).count()
}

/// Values that occur more than once.
pub(super) fn repeated<'a>(values: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut seen = HashSet::new();
    values.filter(|value| !seen.insert(*value)).collect()
}
