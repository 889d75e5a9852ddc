//! Which reads are repeated, how often and after which pause, against the sandbox's faults.

use std::time::Duration;

use futures_util::TryStreamExt;
use revento_api::{Bookmark, Error, Retry};
use revento_core::error::ErrorKind;
use revento_sandbox::Fault;
use revento_store::Clock;

use crate::support::live::Live;

#[tokio::test]
async fn a7_every_429_is_waited_for() {
    let live = Live::connected().await;
    for fault in ["rate_limited", "rate_limited_odd", "rate_limited_silent"] {
        let begun = live.time.now();
        live.arm(&[fault]);
        live.first_person().await.unwrap().unwrap();
        let waited = live.time.now().saturating_since(begun);
        assert!(waited > Duration::from_millis(900), "{fault}: {waited:?}");
    }
    // Longer than the patience: the read fails at once. The second form is a date, many years ahead.
    for fault in ["rate_limited", "rate_limited_date"] {
        let begun = live.time.now();
        live.sandbox
            .arm(
                Fault::named(fault)
                    .at("participants")
                    .with_seconds(Duration::from_secs(600)),
            )
            .unwrap();
        let error = live.first_person().await.unwrap_err();
        assert!(matches!(error, Error::Refused { status: 429, .. }), "{error}");
        assert!(live.time.now().saturating_since(begun) < Duration::from_secs(60));
        assert_eq!(error.kind(), ErrorKind::RateLimited);
        // No other call of this token goes meanwhile, and none waits longer than the longest window.
        live.event().get().await.unwrap();
        let waited = live.time.now().saturating_since(begun).as_secs();
        assert!((600..=3601).contains(&waited), "{fault}: {waited}");
    }
}

#[tokio::test]
async fn a10_only_what_can_pass_is_repeated() {
    let live = Live::connected().await;
    let requests = async |faults: &[&str], cursor: Option<&str>| {
        live.wire.take_reads();
        live.arm(faults);
        let mut list = live.event().participants().per_page(5);
        if let Some(cursor) = cursor {
            list = list.resume(Bookmark::at_cursor(cursor));
        }
        let read = list.stream().try_next().await;
        (
            live.wire.take_reads().len(),
            read.map(drop).map_err(|error| error.to_string()),
        )
    };
    for fault in [
        "server_error",
        "unavailable",
        "html_error",
        "reset_before",
        "answer_lost",
        "truncated_body",
    ] {
        assert_eq!(requests(&[fault], None).await, (2, Ok(())), "{fault}");
    }
    assert_eq!(
        requests(&["rate_limited_silent", "server_error"], None).await,
        (3, Ok(()))
    );
    let (sent, read) = requests(&["unknown_error"], None).await;
    assert!(sent == 1 && read.is_err());
    let (sent, read) = requests(&["rate_limited_silent"], Some("nonsense")).await;
    assert!(sent == 2 && read.unwrap_err().contains("400 invalid_request"));
}

#[tokio::test]
async fn a11_attempts_are_bounded_and_all_of_them_are_told() {
    let live = Live::connected().await;
    live.sandbox
        .arm(Fault::named("html_error").at("participants").unlimited())
        .unwrap();
    live.wire.take_reads();
    let error = live.first_person().await.unwrap_err();
    let sent = live.wire.take_reads();
    let sent: Vec<_> = sent
        .iter()
        .map(|request| request.headers()["x-revento-request-id"].to_str().unwrap())
        .collect();
    let told: Vec<_> = error
        .attempts()
        .iter()
        .map(|attempt| attempt.request_id.as_str())
        .collect();
    assert_eq!(sent, told);
    assert_eq!(sent.len(), 4);
    assert!(
        error
            .attempts()
            .iter()
            .all(|attempt| attempt.outcome == "502 http_502")
    );
    assert_eq!(error.request_id().unwrap().as_str(), sent[3]);
    let text = error.to_string();
    assert!(
        text.contains("after 4 attempts") && text.contains(sent[3]),
        "{text}"
    );
    assert!(error.is_transient() && error.kind() == ErrorKind::Platform && !error.may_have_taken_effect());

    let event = live.event().with_retry(Retry::never());
    event.participants().stream().try_next().await.unwrap_err();
    assert_eq!(live.wire.take_reads().len(), 1);
}

#[tokio::test]
async fn a11_an_attempt_that_takes_too_long_is_made_again() {
    let live = Live::connected().await;
    let slow = Fault::named("slow_answer")
        .at("participants")
        .with_delay(Duration::from_secs(60));
    live.sandbox.arm(slow).unwrap();
    live.wire.take_reads();
    let event = live
        .event()
        .with_retry(Retry::default().attempt_timeout(Duration::from_secs(2)));
    event.participants().stream().try_next().await.unwrap().unwrap();
    assert_eq!(live.wire.take_reads().len(), 2);
}

#[tokio::test]
async fn a11_a_deadline_holds_over_waits_and_attempts() {
    let live = Live::connected().await;
    live.sandbox
        .arm(
            Fault::named("unavailable")
                .at("participants")
                .unlimited()
                .with_seconds(Duration::from_secs(40)),
        )
        .unwrap();
    let retry = Retry::default().attempts(100).deadline(Duration::from_secs(90));
    let begun = live.time.now();
    let error = live
        .event()
        .with_retry(retry)
        .participants()
        .stream()
        .try_next()
        .await
        .unwrap_err();
    let took = live.time.now().saturating_since(begun);
    assert!(matches!(error, Error::Deadline { .. }), "{error}");
    assert!(took <= Duration::from_secs(90), "{took:?}");
    assert!(error.attempts().len() > 1);
    assert!(error.request_id().is_some());

    // A budget that stays exhausted beyond the deadline.
    live.sandbox.disarm_all();
    let event = live.event();
    while event.budget_remaining().is_none_or(|left| left.minute > 0) {
        event.get().await.unwrap();
    }
    let retry = Retry::default().deadline(Duration::from_secs(5));
    let error = live.event().with_retry(retry).get().await.unwrap_err();
    assert!(matches!(error, Error::Paced { .. }), "{error}");
}

#[tokio::test]
async fn a12_the_first_attempt_is_never_delayed() {
    let live = Live::connected().await;
    live.event().get().await.unwrap();
    assert_eq!(live.time.jumped(), Duration::ZERO);
}
