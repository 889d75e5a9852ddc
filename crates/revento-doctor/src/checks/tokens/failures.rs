//! Refreshes that fail, and that end nothing.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::super::steps::{self, LONG, Says};
use crate::exam::{Exam, Problem, flaw, status_text};
use crate::platform::{Call, Effect, Endpoint, Gate, answer, json_answer};

/// Retries of HTTP clients come within this time.
const AT_ONCE: Duration = Duration::from_millis(1500);

/// What a proxy answers while the platform is away.
const GATEWAY_PAGE: &str = "<!doctype html><title>502 Bad Gateway</title><h1>Bad Gateway</h1>";

pub(super) async fn lost_answer_not_resent(exam: &mut Exam) -> Result<(), Problem> {
    let event = steps::expired(exam).await?;
    let mark = exam.platform.mark();
    let _lost = exam
        .platform
        .on_event(&event, Endpoint::Refresh, 0, Some(1), Effect::LoseAnswer);
    steps::read_within(exam, &event, AT_ONCE).await?;
    let refreshes = steps::refreshes(exam, &event, mark)?;
    steps::show(exam, &refreshes);
    match steps::most_sent(&refreshes) {
        1 => Ok(()),
        count => Err(flaw(
            "a refresh token whose answer was lost is not sent again at once",
            format!("it was sent {count} times within {} ms", AT_ONCE.as_millis()),
        )),
    }
}

pub(super) async fn lost_answer_keeps_access(exam: &mut Exam) -> Result<(), Problem> {
    let short = exam.platform.on(Endpoint::Code, None, Effect::Edit(expires_soon));
    let event = exam.fresh_connection().await?;
    drop(short);
    let mark = exam.platform.mark();
    let lost = exam
        .platform
        .on_event(&event, Endpoint::Refresh, 0, Some(1), Effect::LoseAnswer);
    let read = steps::read_within(exam, &event, LONG).await?;
    drop(lost);
    let refreshes = exam.platform.calls_about(&event, Endpoint::Refresh, mark);
    steps::show(exam, &refreshes);
    if refreshes.is_empty() {
        return Err(Problem::NotChecked(
            "the integration does not refresh two minutes before the end of an access token; it may wait for `token_expired`"
                .to_owned(),
        ));
    }
    if sent_again_at_once(&refreshes) {
        return Err(Problem::Untestable(
            "the refresh token was sent again at once, see tokens-lost-answer-not-resent".to_owned(),
        ));
    }
    let works = |read: &crate::exchange::Exchange| steps::says(exam, &event, read) == Says::Everybody;
    if read.as_ref().is_some_and(works) {
        return Ok(());
    }
    // The request that met the failure may fail. The next one has a valid access token.
    let read = exam.read(&event).await?;
    exam.names_everybody(&event, &read)
}

fn sent_again_at_once(refreshes: &[Arc<Call>]) -> bool {
    let mut early = refreshes.to_vec();
    if let Some(first) = refreshes.first().map(|call| call.arrived) {
        early.retain(|call| call.arrived.duration_since(first) < AT_ONCE);
    }
    steps::most_sent(&early) > 1
}

fn expires_soon(answer: &mut Value) {
    if let Some(fields) = answer.as_object_mut() {
        fields.insert("expires_in".to_owned(), json!(120));
    }
}

pub(super) async fn endpoint_down(exam: &mut Exam) -> Result<(), Problem> {
    let event = steps::expired(exam).await?;
    let mark = exam.platform.mark();
    let body = json!({ "error": "temporarily_unavailable", "message": "Try again later." });
    let down = Effect::Answer(json_answer(503, &body));
    let _down = exam
        .platform
        .on_event(&event, Endpoint::Refresh, 0, Some(1), down);
    let recovered = steps::recovers(exam, &event, "a 503 of the token endpoint").await;
    steps::show_since(exam, &event, mark);
    steps::refreshes(exam, &event, mark)?;
    recovered
}

pub(super) async fn endpoint_html(exam: &mut Exam) -> Result<(), Problem> {
    let event = steps::expired(exam).await?;
    let mark = exam.platform.mark();
    let html = answer(502, "text/html; charset=utf-8", GATEWAY_PAGE.to_owned());
    let _down = exam
        .platform
        .on_event(&event, Endpoint::Refresh, 0, None, Effect::Answer(html));
    let read = steps::read_within(exam, &event, AT_ONCE).await?;
    steps::show_since(exam, &event, mark);
    steps::refreshes(exam, &event, mark)?;
    match read {
        Some(read) if !matches!(steps::says(exam, &event, &read), Says::NotNow) => Err(flaw(
            "the read page says that it does not work now (5xx), or waits",
            status_text(read.status, &read),
        )),
        _ => Ok(()),
    }
}

pub(super) async fn invalid_client(exam: &mut Exam) -> Result<(), Problem> {
    let event = steps::expired(exam).await?;
    let mark = exam.platform.mark();
    let body = json!({ "error": "invalid_client", "error_description": "The client secret is wrong." });
    let refused = exam.platform.on_event(
        &event,
        Endpoint::Refresh,
        0,
        None,
        Effect::Answer(json_answer(401, &body)),
    );
    steps::read_within(exam, &event, LONG).await?;
    drop(refused);
    steps::refreshes(exam, &event, mark)?;
    let recovered = steps::recovers(exam, &event, "a refusal with `invalid_client`").await;
    steps::show_since(exam, &event, mark);
    recovered
}

pub(super) async fn slow_endpoint(exam: &mut Exam) -> Result<(), Problem> {
    let event = steps::expired(exam).await?;
    let mark = exam.platform.mark();
    let gate = Gate::closed();
    let slow = exam.platform.on_event(
        &event,
        Endpoint::Refresh,
        0,
        None,
        Effect::WaitAfter(gate.clone()),
    );
    let opened = gate.clone();
    let opener = tokio::spawn(async move {
        tokio::time::sleep(Duration::from_secs(2)).await;
        opened.open();
    });
    let read = steps::read_within(exam, &event, LONG).await;
    let _ = opener.await;
    drop(slow);
    let refreshes = steps::refreshes(exam, &event, mark)?;
    steps::show(exam, &refreshes);
    match (steps::most_sent(&refreshes), read?) {
        (1, Some(read)) => exam.names_everybody(&event, &read),
        (1, None) => Err(flaw("the read page answers", "no answer")),
        (count, _) => Err(flaw(
            "one refresh",
            format!("the same refresh token was sent {count} times"),
        )),
    }
}
