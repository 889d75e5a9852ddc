//! Answers that are final, and what is done then.

use std::time::Duration;

use http::Response;
use serde_json::json;

use super::super::steps;
use crate::exam::{Exam, Problem, flaw};
use crate::platform::world::Event;
use crate::platform::{Effect, Endpoint, Mark, RuleGuard, json_answer};

/// Longer than a year.
const OVER_A_YEAR: Duration = Duration::from_secs(400 * 86_400);

/// How long the doctor looks at a loop.
const LOOK: Duration = Duration::from_secs(3);

/// The answer of the API with this error code.
fn unauthorized(code: &str) -> Response<bytes::Bytes> {
    let body = json!({
        "error": code, "message": "The doctor answers so.", "request_id": "3f0c5a6e-8d0e-4a55-9d0e-2a7c1b9e4f10",
    });
    json_answer(401, &body)
}

pub(super) async fn invalid_grant_final(exam: &mut Exam) -> Result<(), Problem> {
    let event = steps::expired(exam).await?;
    let mark = exam.platform.mark();
    let body = json!({ "error": "invalid_grant", "error_description": "The refresh token is not valid." });
    let _refused = exam.platform.on_event(
        &event,
        Endpoint::Refresh,
        0,
        None,
        Effect::Answer(json_answer(400, &body)),
    );
    steps::read_within(exam, &event, LOOK).await?;
    steps::read_within(exam, &event, LOOK).await?;
    exam.quiet().await;
    let refreshes = steps::refreshes(exam, &event, mark)?;
    steps::show(exam, &refreshes);
    match refreshes.len() {
        1 => Ok(()),
        count => Err(flaw(
            "no refresh after `invalid_grant`",
            format!("{} more", count - 1),
        )),
    }
}

pub(super) async fn consent_over(exam: &mut Exam) -> Result<(), Problem> {
    let event = steps::working(exam).await?;
    exam.advance(OVER_A_YEAR).await?;
    exam.forget_connections();
    let mark = exam.platform.mark();
    let read = exam.read(&event).await?;
    steps::show_since(exam, &event, mark);
    steps::refreshes(exam, &event, mark)?;
    steps::asks_to_reconnect(exam, &event, &read)
}

/// A fresh connection whose calls are all answered by this error.
async fn refused_with(exam: &mut Exam, code: &str) -> Result<(Event, Mark, RuleGuard), Problem> {
    let event = exam.fresh_connection().await?;
    let mark = exam.platform.mark();
    let rule = exam.platform.on_event(
        &event,
        Endpoint::Participants,
        0,
        None,
        Effect::Answer(unauthorized(code)),
    );
    Ok((event, mark, rule))
}

pub(super) async fn revoked_not_refreshed(exam: &mut Exam) -> Result<(), Problem> {
    let (event, mark, _rule) = refused_with(exam, "token_revoked").await?;
    steps::read_within(exam, &event, LOOK).await?;
    exam.quiet().await;
    steps::participant_calls(exam, &event, mark)?;
    steps::show_since(exam, &event, mark);
    match exam.platform.calls_about(&event, Endpoint::Refresh, mark).len() {
        0 => Ok(()),
        count => Err(flaw("no refresh", format!("{count} refreshes"))),
    }
}

pub(super) async fn revoked_not_retried(exam: &mut Exam) -> Result<(), Problem> {
    let (event, mark, _rule) = refused_with(exam, "token_revoked").await?;
    steps::read_within(exam, &event, LOOK).await?;
    let calls = steps::participant_calls(exam, &event, mark)?;
    steps::show_since(exam, &event, mark);
    match steps::with_the_first_token(&calls) {
        1 => Ok(()),
        count => Err(flaw("one call with the revoked token", format!("{count} calls"))),
    }
}

pub(super) async fn revoked_remembered(exam: &mut Exam) -> Result<(), Problem> {
    let (event, mark, _rule) = refused_with(exam, "token_revoked").await?;
    steps::read_within(exam, &event, LOOK).await?;
    steps::participant_calls(exam, &event, mark)?;
    if !exam
        .platform
        .calls_about(&event, Endpoint::Refresh, mark)
        .is_empty()
    {
        return Err(Problem::Untestable(
            "the integration refreshed the token, see tokens-revoked-not-refreshed".to_owned(),
        ));
    }
    let later = exam.platform.mark();
    steps::read_within(exam, &event, LOOK).await?;
    steps::show_since(exam, &event, mark);
    match exam
        .platform
        .calls_about(&event, Endpoint::Participants, later)
        .len()
    {
        0 => Ok(()),
        count => Err(flaw(
            "the next read of the page needs no call: the connection is known to have ended",
            format!("{count} more calls with the revoked token"),
        )),
    }
}

pub(super) async fn expired_no_loop(exam: &mut Exam) -> Result<(), Problem> {
    let (event, mark, _rule) = refused_with(exam, "token_expired").await?;
    steps::read_within(exam, &event, LOOK).await?;
    steps::refreshes(exam, &event, mark)?;
    bounded(exam, &event, mark)
}

pub(super) async fn invalid_token_no_loop(exam: &mut Exam) -> Result<(), Problem> {
    let (event, mark, _rule) = refused_with(exam, "invalid_token").await?;
    steps::read_within(exam, &event, LOOK).await?;
    steps::participant_calls(exam, &event, mark)?;
    bounded(exam, &event, mark)
}

/// At most two refreshes and three calls.
fn bounded(exam: &mut Exam, event: &Event, mark: Mark) -> Result<(), Problem> {
    let refreshes = exam.platform.calls_about(event, Endpoint::Refresh, mark).len();
    let reads = exam
        .platform
        .calls_about(event, Endpoint::Participants, mark)
        .len();
    steps::show_since(exam, event, mark);
    if refreshes <= 2 && reads <= 3 {
        return Ok(());
    }
    Err(flaw(
        "one refresh at most, and one repetition of the request",
        format!(
            "{refreshes} refreshes and {reads} requests within {} s",
            LOOK.as_secs()
        ),
    ))
}
