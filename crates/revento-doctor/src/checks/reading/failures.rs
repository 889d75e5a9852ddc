//! Calls that fail.

use std::time::Duration;

use bytes::Bytes;
use http::Response;
use serde_json::json;

use super::super::steps::{self, LONG, Says};
use super::pages::in_small_pages;
use crate::exam::{Exam, Problem, flaw, status_text};
use crate::platform::world::Event;
use crate::platform::{Effect, Endpoint, answer, json_answer};

/// How long the doctor looks at repetitions.
const LOOK: Duration = Duration::from_millis(1500);

/// How many calls a read may cost within that time.
const MOST: usize = 6;

/// Two calls with less than this between them have no pause between them.
pub(super) const NO_PAUSE: Duration = Duration::from_millis(25);

/// The answer of the API with this error code.
pub(super) fn error(status: u16, code: &str) -> Response<Bytes> {
    let body = json!({
        "error": code, "message": "The doctor answers so.", "request_id": "3f0c5a6e-8d0e-4a55-9d0e-2a7c1b9e4f10",
    });
    json_answer(status, &body)
}

pub(super) async fn expired_mid_list(exam: &mut Exam) -> Result<(), Problem> {
    let (event, _small) = in_small_pages(exam).await?;
    exam.advance(steps::PAST_EXPIRY).await?;
    steps::refreshed(exam, &event).await?;
    let mark = exam.platform.mark();
    let expired = Effect::Answer(error(401, "token_expired"));
    let _expired = exam
        .platform
        .on_event(&event, Endpoint::Participants, 1, Some(1), expired);
    let read = exam.read_all(&event).await;
    steps::show_since(exam, &event, mark);
    read.map(drop)
}

/// Whether a read survives one failure of its first call.
async fn survives(exam: &mut Exam, event: &Event, failure: Effect) -> Result<Result<(), Problem>, Problem> {
    let mark = exam.platform.mark();
    let _failure = exam
        .platform
        .on_event(event, Endpoint::Participants, 0, Some(1), failure);
    let read = steps::read_within(exam, event, LONG).await?;
    steps::participant_calls(exam, event, mark)?;
    steps::show_since(exam, event, mark);
    Ok(match read {
        Some(read) if steps::says(exam, event, &read) == Says::Everybody => Ok(()),
        Some(read) => Err(flaw(
            "the call is repeated, and the read page names everybody",
            status_text(read.status, &read),
        )),
        None => Err(flaw(
            "the call is repeated",
            format!("no answer within {} s", LONG.as_secs()),
        )),
    })
}

pub(super) async fn retried(exam: &mut Exam) -> Result<(), Problem> {
    let event = exam.fresh_connection().await?;
    survives(
        exam,
        &event,
        Effect::Answer(error(503, "temporarily_unavailable")),
    )
    .await?
}

/// Like [`retried`], with another failure. If an ordinary 503 is not survived either, this is not about the failure.
pub(super) async fn retried_like_503(exam: &mut Exam, failure: Effect) -> Result<(), Problem> {
    let event = exam.fresh_connection().await?;
    let survived = survives(exam, &event, failure).await?;
    if survived.is_ok() {
        return Ok(());
    }
    let ordinary = Effect::Answer(error(503, "temporarily_unavailable"));
    match survives(exam, &event, ordinary).await? {
        Ok(()) => survived,
        Err(_) => Err(Problem::Untestable(
            "the integration repeats no call after a failure, see reading-5xx-retried".to_owned(),
        )),
    }
}

pub(super) async fn html(exam: &mut Exam) -> Result<(), Problem> {
    let page = "<!doctype html><title>502 Bad Gateway</title><h1>Bad Gateway</h1>";
    let page = answer(502, "text/html; charset=utf-8", page.to_owned());
    retried_like_503(exam, Effect::Answer(page)).await
}

pub(super) async fn connection_reset(exam: &mut Exam) -> Result<(), Problem> {
    retried_like_503(exam, Effect::LoseAnswer).await
}

pub(super) async fn backoff(exam: &mut Exam) -> Result<(), Problem> {
    repeats_with_pauses(exam, error(500, "internal_error")).await
}

/// Looks at the repetitions of a call that is always answered so.
pub(super) async fn repeats_with_pauses(exam: &mut Exam, failure: Response<Bytes>) -> Result<(), Problem> {
    let event = exam.fresh_connection().await?;
    let mark = exam.platform.mark();
    let always = exam
        .platform
        .on_event(&event, Endpoint::Participants, 0, None, Effect::Answer(failure));
    steps::read_within(exam, &event, LOOK).await?;
    let calls = steps::participant_calls(exam, &event, mark)?;
    drop(always);
    steps::show(exam, &calls);
    let pauses = calls.iter().zip(calls.iter().skip(1));
    let hasty = pauses
        .filter(|(before, after)| {
            after
                .arrived
                .saturating_duration_since(before.arrived + before.took)
                < NO_PAUSE
        })
        .count();
    if hasty == 0 && calls.len() <= MOST {
        return Ok(());
    }
    Err(flaw(
        "a few repetitions, each after a pause that grows",
        format!(
            "{} calls within {} ms, {hasty} of them less than {} ms after the answer before",
            calls.len(),
            LOOK.as_millis(),
            NO_PAUSE.as_millis()
        ),
    ))
}

pub(super) async fn forbidden(exam: &mut Exam) -> Result<(), Problem> {
    let event = exam.fresh_connection().await?;
    let mark = exam.platform.mark();
    let always = Effect::Answer(error(403, "insufficient_scope"));
    let _always = exam
        .platform
        .on_event(&event, Endpoint::Participants, 0, None, always);
    steps::read_within(exam, &event, LOOK).await?;
    let calls = steps::participant_calls(exam, &event, mark)?;
    steps::show_since(exam, &event, mark);
    match calls.len() {
        1 | 2 => Ok(()),
        count => Err(flaw(
            "one call",
            format!("{count} calls within {} ms", LOOK.as_millis()),
        )),
    }
}
