//! Pages, retries and errors against the sandbox's faults, over real sockets.

use std::{collections::HashSet, time::Duration};

use futures_util::{Stream, StreamExt, TryStreamExt, stream::FusedStream};
use http::header::AUTHORIZATION;
use revento_api::{Bookmark, Error, Fault as Whose, Progress, Retry, SessionError};
use revento_core::ApiErrorCode;
use revento_sandbox::{Act, Fault};
use revento_store::Clock;

use crate::support::live::{Live, PUBLISHED};

async fn ids(live: &Live, per_page: u16) -> Vec<String> {
    let list = live.event().participants().per_page(per_page);
    let ids = list.stream().map_ok(|person| person.id.as_str().to_owned());
    ids.try_collect().await.unwrap()
}

#[tokio::test]
async fn a1_pages_of_any_size_give_the_same_items() {
    let live = Live::connected().await;
    let all = ids(&live, 50).await;
    assert_eq!(all.iter().collect::<HashSet<_>>().len(), all.len());
    // One by one, an odd number, and a number that divides the whole.
    let divisor = (2..20).find(|size| all.len() % size == 0).unwrap_or(1);
    for size in [1, 7, divisor] {
        assert_eq!(ids(&live, u16::try_from(size).unwrap()).await, all, "{size}");
    }
    live.wire.take_reads();
    let size = u16::try_from(divisor).unwrap();
    assert_eq!(ids(&live, size).await, all);
    assert_eq!(live.wire.take_reads().len(), all.len() / divisor);
    assert_eq!(live.rate_limited().await, 0);
}

#[tokio::test]
async fn a2_an_empty_page_with_more_behind_it_is_no_end() {
    let live = Live::connected().await;
    let all = ids(&live, 10).await;
    live.sandbox
        .arm(Fault::named("empty_page_with_more").at("participants").after(1))
        .unwrap();
    let rest = ids(&live, 10).await;
    assert!(
        rest.len() >= all.len() - 10 && rest.ends_with(&all[20..]),
        "{}",
        rest.len()
    );
    live.arm(&["cursor_without_more"]);
    let (first, pages) = {
        live.wire.take_reads();
        (ids(&live, 10).await, live.wire.take_reads().len())
    };
    // `has_more` is false, whatever else the page says.
    assert_eq!((first.as_slice(), pages), (&all[..10], 1));
}

#[tokio::test]
async fn a2_pages_that_lead_nowhere_are_errors() {
    let live = Live::connected().await;
    for (fault, after) in [("more_without_cursor", 0), ("repeated_cursor", 1)] {
        live.sandbox
            .arm(Fault::named(fault).at("participants").after(after))
            .unwrap();
        let mut people = live.event().participants().per_page(10).stream();
        let mut came = 0;
        let error = loop {
            match people.next().await.unwrap() {
                Ok(_) => came += 1,
                Err(error) => break error,
            }
        };
        assert!(matches!(error, Error::Pages { .. }), "{fault}: {error}");
        assert!(error.request_id().is_some());
        assert_eq!(error.fault(), Whose::Platform);
        assert_eq!(came, 10 * after);
        live.sandbox.disarm_all();
    }
}

#[tokio::test]
async fn a3_the_first_error_ends_the_stream_and_the_bookmark_goes_on() {
    let live = Live::connected().await;
    let all = ids(&live, 10).await;
    live.sandbox
        .arm(Fault::named("unknown_error").at("participants").after(2))
        .unwrap();
    let mut people = live.event().participants().per_page(10).stream();
    let mut came = Vec::new();
    let error = loop {
        match people.next().await.unwrap() {
            Ok(person) => came.push(person.id.as_str().to_owned()),
            Err(error) => break error,
        }
    };
    assert!(matches!(error, Error::Refused { status: 418, .. }));
    assert!(people.next().await.is_none());
    assert!(people.next().await.is_none());
    assert!(people.is_terminated());
    assert_eq!(came, all[..20]);
    // After a restart: the bookmark was stored as text.
    let bookmark: Bookmark = people.bookmark().to_string().parse().unwrap();
    let rest = live.event().participants().per_page(10).resume(bookmark).stream();
    let rest: Vec<_> = rest
        .map_ok(|person| person.id.as_str().to_owned())
        .try_collect()
        .await
        .unwrap();
    assert_eq!(rest, all[20..]);
}

#[tokio::test]
async fn a3_a_bookmark_in_the_midst_of_a_page_repeats_nothing() {
    let live = Live::connected().await;
    let all = ids(&live, 10).await;
    for taken in [0, 1, 9, 10, 11, 25] {
        let mut people = live.event().participants().per_page(10).stream();
        for _ in 0..taken {
            people.try_next().await.unwrap().unwrap();
        }
        let bookmark: Bookmark = people.bookmark().to_string().parse().unwrap();
        let rest = live.event().participants().per_page(10).resume(bookmark).stream();
        let rest: Vec<_> = rest
            .map_ok(|person| person.id.as_str().to_owned())
            .try_collect()
            .await
            .unwrap();
        assert_eq!(rest, all[taken..], "{taken}");
    }
}

#[tokio::test]
async fn a3_pages_can_be_taken_up_by_their_cursor() {
    let live = Live::connected().await;
    let mut pages = live.event().participants().per_page(10).pages();
    assert_eq!(pages.cursor(), None);
    pages.next_page().await.unwrap().unwrap();
    let cursor = pages.cursor().unwrap().to_owned();
    let second = pages.next_page().await.unwrap();
    let mut again = live.event().participants().per_page(10).pages().resume(cursor);
    assert_eq!(again.next_page().await.unwrap(), second);
    while pages.next_page().await.unwrap().is_some() {}
    assert!(pages.is_done());
    assert_eq!(pages.cursor(), None);
    assert_eq!(pages.next_page().await.unwrap(), None);
}

#[tokio::test]
async fn a3_after_an_error_the_same_page_is_read_again() {
    let live = Live::connected().await;
    let mut pages = live.event().participants().per_page(10).pages();
    let first = pages.next_page().await.unwrap().unwrap();
    live.arm(&["unknown_error"]);
    pages.next_page().await.unwrap_err();
    let second = pages.next_page().await.unwrap().unwrap();
    assert_ne!(first, second);
    assert_eq!(pages.progress().pages, 2);
}

#[tokio::test]
async fn a4_dropping_a_stream_cancels_what_is_under_way() {
    let live = Live::connected().await;
    live.sandbox
        .arm(
            Fault::named("slow_answer")
                .at("participants")
                .delayed(Duration::from_secs(60)),
        )
        .unwrap();
    let mut people = live.event().participants().stream();
    let first = tokio::time::timeout(Duration::from_millis(300), people.next()).await;
    assert!(first.is_err());
    assert_eq!(live.wire.under_way(), 1);
    drop(people);
    assert_eq!(live.wire.under_way(), 0);
    // Its place among the calls under way comes back.
    let event = live.event();
    for read in futures_util::future::join_all((0..5).map(|_| event.get())).await {
        read.unwrap();
    }
    assert_eq!(live.rate_limited().await, 0);
}

#[tokio::test]
async fn a5_a_bad_cursor_is_told() {
    let live = Live::connected().await;
    let list = live
        .event()
        .participants()
        .resume(Bookmark::at_cursor("nonsense & more"));
    let error = list.stream().try_next().await.unwrap_err();
    let Error::Refused {
        status,
        code,
        details,
        ..
    } = &error
    else {
        panic!("{error}")
    };
    assert_eq!((*status, code), (400, &ApiErrorCode::InvalidRequest));
    assert_eq!(details.json("parameter"), Some("\"cursor\""));
    assert_eq!(error.fault(), Whose::Integration);
}

#[tokio::test]
async fn a6_every_page_is_asked_for_with_credentials_version_and_an_id_of_its_own() {
    let live = Live::connected().await;
    live.wire.take_reads();
    ids(&live, 10).await;
    let requests = live.wire.take_reads();
    assert!(requests.len() > 2);
    let mut seen = HashSet::new();
    for request in &requests {
        let headers = request.headers();
        assert!(
            headers[AUTHORIZATION]
                .to_str()
                .unwrap()
                .starts_with("Bearer rev_install_")
        );
        assert!(headers[AUTHORIZATION].is_sensitive());
        assert_eq!(headers["accept"], "application/vnd.revento.v1+json");
        assert!(seen.insert(headers["x-revento-request-id"].to_str().unwrap()));
    }
}

#[tokio::test]
async fn a7_every_429_is_waited_for() {
    let live = Live::connected().await;
    for fault in ["rate_limited", "rate_limited_odd", "rate_limited_silent"] {
        let begun = live.time.now();
        live.arm(&[fault]);
        live.event()
            .participants()
            .stream()
            .try_next()
            .await
            .unwrap()
            .unwrap();
        let waited = live.time.now().saturating_since(begun);
        assert!(waited > Duration::from_millis(900), "{fault}: {waited:?}");
    }
    // More than one is ready to wait for: told at once. The other form is a date in many years.
    for fault in ["rate_limited", "rate_limited_date"] {
        let begun = live.time.now();
        live.sandbox
            .arm(Fault::named(fault).at("participants").seconds(600))
            .unwrap();
        let error = live.event().participants().stream().try_next().await.unwrap_err();
        assert!(matches!(error, Error::Refused { status: 429, .. }), "{error}");
        assert!(live.time.now().saturating_since(begun) < Duration::from_secs(60));
        assert_eq!(error.fault(), Whose::Load);
        // No other call of this token goes meanwhile, and none waits for longer than the longest budget.
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
        .arm(Fault::named("html_error").at("participants").without_end())
        .unwrap();
    live.wire.take_reads();
    let error = live.event().participants().stream().try_next().await.unwrap_err();
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
    assert!(error.is_transient() && error.fault() == Whose::Platform && !error.may_have_taken_effect());

    let event = live.event().with_retry(Retry::never());
    event.participants().stream().try_next().await.unwrap_err();
    assert_eq!(live.wire.take_reads().len(), 1);
}

#[tokio::test]
async fn a11_an_attempt_that_takes_too_long_is_made_again() {
    let live = Live::connected().await;
    let slow = Fault::named("slow_answer")
        .at("participants")
        .delayed(Duration::from_secs(60));
    live.sandbox.arm(slow).unwrap();
    live.wire.take_reads();
    let event = live
        .event()
        .with_retry(Retry::default().attempt_timeout(Duration::from_millis(400)));
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
                .without_end()
                .seconds(40),
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

    // A budget that is used up beyond the deadline.
    live.sandbox.disarm_all();
    let event = live.event();
    while event.budget_left().is_none_or(|left| left.minute > 0) {
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

#[tokio::test]
async fn a14_an_answer_that_is_no_envelope_goes_by_its_status() {
    let live = Live::connected().await;
    live.arm(&["html_success"]);
    let error = live.event().participants().stream().try_next().await.unwrap_err();
    assert!(matches!(error, Error::Unreadable { .. }), "{error}");
    assert_eq!(error.fault(), Whose::Platform);
    live.arm(&["wrong_content_type"]);
    live.event()
        .participants()
        .stream()
        .try_next()
        .await
        .unwrap()
        .unwrap();
    live.arm(&["invalid_json"]);
    let error = live.event().participants().stream().try_next().await.unwrap_err();
    assert!(matches!(error, Error::Unreadable { .. }), "{error}");
    assert!(error.request_id().is_some());
}

#[tokio::test]
async fn a23_what_is_unknown_is_kept_and_what_is_missing_is_named() {
    let live = Live::connected().await;
    live.arm(&["unknown_fields"]);
    let person = live
        .event()
        .participants()
        .stream()
        .try_next()
        .await
        .unwrap()
        .unwrap();
    assert!(person.extra().iter().count() > 0);
    live.arm(&["unknown_values"]);
    let person = live
        .event()
        .participants()
        .stream()
        .try_next()
        .await
        .unwrap()
        .unwrap();
    assert!(!revento_core::resource::ApplicationStatus::KNOWN.contains(&person.application_status));
    live.arm(&["missing_fields"]);
    let error = live.event().participants().stream().try_next().await.unwrap_err();
    let text = error.to_string();
    assert!(
        text.contains("data[0]") && text.contains("application_status"),
        "{text}"
    );
}

#[tokio::test]
async fn t13_a_token_that_expired_early_is_refreshed_and_the_read_repeated_once() {
    let live = Live::connected().await;
    live.arm(&["token_expired"]);
    live.wire.take_reads();
    live.event()
        .participants()
        .stream()
        .try_next()
        .await
        .unwrap()
        .unwrap();
    assert_eq!(live.wire.take_reads().len(), 2);
    assert_eq!(live.sandbox.stats().await.unwrap().refreshes, 1);
    live.arm(&["token_expired", "token_expired"]);
    let error = live.event().participants().stream().try_next().await.unwrap_err();
    let Error::Refused { code, .. } = &error else {
        panic!("{error}")
    };
    assert_eq!(*code, ApiErrorCode::TokenExpired);
    assert!(error.remedy().contains("clock"));
    assert_eq!(live.wire.take_reads().len(), 2);
}

#[tokio::test]
async fn t14_a_revoked_connection_ends_the_stream_and_no_call_follows() {
    let live = Live::connected().await;
    live.sandbox
        .arm(Fault::named("revoke_after_page").at("participants"))
        .unwrap();
    let mut people = live.event().participants().per_page(10).stream();
    for _ in 0..10 {
        people.try_next().await.unwrap().unwrap();
    }
    let error = people.try_next().await.unwrap_err();
    assert!(error.is_connection_ended(), "{error}");
    assert_eq!(error.fault(), Whose::Consent);
    live.wire.take_reads();
    let error = live.event().get().await.unwrap_err();
    assert!(matches!(error, Error::Session(SessionError::Revoked { .. })));
    assert_eq!(live.wire.take_reads().len(), 0);
}

#[tokio::test]
async fn progress_is_told_after_each_page_and_size_hints_are_true() {
    let live = Live::connected().await;
    let all = ids(&live, 10).await;
    let told = std::sync::Arc::new(std::sync::Mutex::new(Vec::<Progress>::new()));
    let tell = std::sync::Arc::clone(&told);
    let list = live.event().participants().per_page(10);
    let mut people = list
        .on_progress(move |progress| tell.lock().unwrap().push(progress.clone()))
        .stream();
    assert_eq!(people.size_hint(), (0, None));
    for left in (0..all.len()).rev() {
        people.try_next().await.unwrap().unwrap();
        let (least, most) = people.size_hint();
        assert!(least <= left && most.is_none_or(|most| most >= left));
    }
    assert_eq!(people.size_hint(), (0, Some(0)));
    assert!(people.next().await.is_none());
    let told = told.lock().unwrap();
    assert_eq!(told.last().unwrap().items, all.len() as u64);
    assert!(!told.last().unwrap().has_more && told[0].has_more);
}

#[tokio::test]
async fn a27_what_is_awaited_can_be_sent_to_other_threads() {
    fn sendable<T: Send>(value: T) -> T {
        value
    }
    let live = Live::connected().await;
    let event = live.event();
    let people = sendable(event.participants().stream());
    tokio::spawn(sendable(people.collect::<Vec<_>>())).await.unwrap();
    tokio::spawn(sendable(async move { event.get().await }))
        .await
        .unwrap()
        .unwrap();
    drop(sendable(live.event().participants().pages().into_stream()));
}

#[tokio::test]
async fn a9_a_skewed_clock_is_noticed() {
    let live = Live::connected().await;
    assert_eq!(live.client.clock_skew_seconds(), None);
    live.event().get().await.unwrap();
    assert!(live.client.clock_skew_seconds().unwrap().abs() <= 2);
    // The sandbox dates its answers by the machine's clock, which the client's has left an hour behind.
    live.time.advance(&live.sandbox, Duration::from_secs(3600)).await;
    live.event().get().await.unwrap();
    assert!((-3603..=-3597).contains(&live.client.clock_skew_seconds().unwrap()));
    // The budget is kept all the same.
    for _ in 0..40 {
        live.event().get().await.unwrap();
    }
    assert_eq!(live.rate_limited().await, 0);
}

#[tokio::test]
async fn an_organizer_who_disconnects_ends_every_read() {
    let live = Live::connected().await;
    live.event().get().await.unwrap();
    let revoke = Act::RevokeConnection {
        client_id: live.sandbox.info().client_id.clone(),
        event_id: PUBLISHED.to_owned(),
    };
    live.sandbox.perform(revoke).await.unwrap();
    let error = live.event().get().await.unwrap_err();
    assert!(error.is_connection_ended(), "{error}");
    let error = live.event().get().await.unwrap_err();
    assert!(error.to_string().contains("ended"), "{error}");
}
