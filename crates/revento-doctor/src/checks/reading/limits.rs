//! Rate limits.

use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{HeaderValue, Response, header};
use serde_json::json;

use super::super::steps::{self, LONG, Says};
use super::failures::{error, repeats_with_pauses, retried_like_503};
use crate::exam::{Exam, Problem, flaw, status_text};
use crate::platform::{Effect, Endpoint, json_answer};
use crate::primitives::{now, unix_now};

/// What `Retry-After` says.
const RETRY_AFTER: Duration = Duration::from_secs(2);

/// Timers are not exact.
const TOLERANCE: Duration = Duration::from_millis(40);

/// How many calls of one token may be in flight.
const IN_FLIGHT: usize = 5;

/// How many calls of one token may be made in a minute.
const A_MINUTE: usize = 30;

fn limited(retry_after: &str) -> Response<Bytes> {
    let mut response = error(429, "rate_limit_exceeded");
    if let Ok(value) = HeaderValue::from_str(retry_after) {
        response.headers_mut().insert(header::RETRY_AFTER, value);
    }
    response
}

pub(super) async fn retry_after(exam: &mut Exam) -> Result<(), Problem> {
    let answer = limited(&RETRY_AFTER.as_secs().to_string());
    waits(exam, answer, |answered| answered + RETRY_AFTER).await
}

pub(super) async fn retry_after_date(exam: &mut Exam) -> Result<(), Problem> {
    // The date has whole seconds: between one and two seconds ahead.
    let (unix, instant) = (unix_now(), now());
    let until = Duration::from_secs(unix.as_secs() + 2);
    let date = jiff::Timestamp::from_second(i64::try_from(until.as_secs()).unwrap_or_default());
    let date = date.map(|at| at.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string());
    let date = date.map_err(crate::exam::untestable)?;
    let until = instant + until.saturating_sub(unix);
    waits(exam, limited(&date), move |_| until).await
}

/// The first call of a read is answered 429. No other call comes before the time that this answer names.
async fn waits(
    exam: &mut Exam,
    answer: Response<Bytes>,
    until: impl Fn(Instant) -> Instant,
) -> Result<(), Problem> {
    let event = exam.fresh_connection().await?;
    let mark = exam.platform.mark();
    let _once = exam
        .platform
        .on_event(&event, Endpoint::Participants, 0, Some(1), Effect::Answer(answer));
    let read = steps::read_within(exam, &event, LONG).await?;
    let calls = steps::participant_calls(exam, &event, mark)?;
    steps::show(exam, &calls);
    let (Some(first), Some(second)) = (calls.first(), calls.get(1)) else {
        // It does not wait itself. Then its page has to say that it does not work now.
        return match read {
            Some(read) if !matches!(steps::says(exam, &event, &read), Says::NotNow) => Err(flaw(
                "the integration waits and calls again, or says that it does not work now (503, 429)",
                status_text(read.status, &read),
            )),
            _ => Ok(()),
        };
    };
    let answered = first.arrived + first.took;
    let allowed = until(answered);
    if second.arrived + TOLERANCE >= allowed {
        return Ok(());
    }
    Err(flaw(
        format!(
            "no call within {} ms",
            allowed.saturating_duration_since(answered).as_millis()
        ),
        format!(
            "a call after {} ms",
            second.arrived.saturating_duration_since(answered).as_millis()
        ),
    ))
}

pub(super) async fn concurrent_retried(exam: &mut Exam) -> Result<(), Problem> {
    retried_like_503(exam, Effect::Answer(error(429, "concurrent_limit_exceeded"))).await
}

pub(super) async fn paced_429(exam: &mut Exam) -> Result<(), Problem> {
    repeats_with_pauses(exam, error(429, "concurrent_limit_exceeded")).await
}

pub(super) async fn in_flight(exam: &mut Exam) -> Result<(), Problem> {
    let calls = many_reads(exam, 12, Duration::from_millis(250), Duration::from_secs(3)).await?;
    let most = calls.iter().map(|call| call.in_flight).max().unwrap_or_default();
    if most <= IN_FLIGHT {
        return Ok(());
    }
    Err(flaw(
        format!("12 reads at the same time have at most {IN_FLIGHT} calls in flight"),
        format!("{most} in flight"),
    ))
}

pub(super) async fn pacing(exam: &mut Exam) -> Result<(), Problem> {
    let calls = many_reads(exam, 40, Duration::ZERO, Duration::from_millis(1500)).await?;
    if calls.len() <= A_MINUTE {
        return Ok(());
    }
    Err(flaw(
        format!("at most {A_MINUTE} calls in a minute, the others wait or are answered otherwise"),
        format!("{} calls within two seconds", calls.len()),
    ))
}

/// Reads at the same time, each given up after `time`. Each call is answered by the doctor, so that it costs the platform nothing.
async fn many_reads(
    exam: &mut Exam,
    count: usize,
    each_takes: Duration,
    time: Duration,
) -> Result<Vec<std::sync::Arc<crate::platform::Call>>, Problem> {
    let event = exam.fresh_connection().await?;
    let url = steps::read_url(exam, &event)?;
    let mark = exam.platform.mark();
    let page = json!({ "data": [], "next_cursor": null, "has_more": false });
    let _slow = exam
        .platform
        .on_event(&event, Endpoint::Participants, 0, None, Effect::Delay(each_takes));
    let page = Effect::Answer(json_answer(200, &page));
    let _page = exam
        .platform
        .on_event(&event, Endpoint::Participants, 0, None, page);
    let reads = steps::reads_within(vec![url; count], time).await;
    exam.evidence.extend(reads.into_iter().take(1));
    let calls = steps::participant_calls(exam, &event, mark)?;
    steps::show(exam, &calls);
    Ok(calls)
}
