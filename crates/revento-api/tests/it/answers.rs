//! Unexpected, late and final answers.

use std::time::Duration;

use futures_util::TryStreamExt;
use revento_api::{Error, SessionError};
use revento_core::ApiErrorCode;
use revento_core::error::ErrorKind;
use revento_sandbox::{Action, Fault};

use crate::support::live::{Live, PUBLISHED};

#[tokio::test]
async fn a14_an_answer_that_is_no_envelope_goes_by_its_status() {
    let live = Live::connected().await;
    live.arm(&["html_success"]);
    let error = live.first_person().await.unwrap_err();
    assert!(matches!(error, Error::Unreadable { .. }), "{error}");
    assert_eq!(error.kind(), ErrorKind::Platform);
    live.arm(&["wrong_content_type"]);
    live.first_person().await.unwrap().unwrap();
    live.arm(&["invalid_json"]);
    let error = live.first_person().await.unwrap_err();
    assert!(matches!(error, Error::Unreadable { .. }), "{error}");
    assert!(error.request_id().is_some());
}

#[tokio::test]
async fn a23_what_is_unknown_is_kept_and_what_is_missing_is_named() {
    let live = Live::connected().await;
    live.arm(&["unknown_fields"]);
    let person = live.first_person().await.unwrap().unwrap();
    assert!(person.extra().iter().count() > 0);
    live.arm(&["unknown_values"]);
    let person = live.first_person().await.unwrap().unwrap();
    assert!(!revento_core::resource::ApplicationStatus::KNOWN.contains(&person.application_status));
    live.arm(&["missing_fields"]);
    let error = live.first_person().await.unwrap_err();
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
    live.first_person().await.unwrap().unwrap();
    assert_eq!(live.wire.take_reads().len(), 2);
    assert_eq!(live.sandbox.stats().await.unwrap().refreshes, 1);
    live.arm(&["token_expired", "token_expired"]);
    let error = live.first_person().await.unwrap_err();
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
    assert_eq!(error.kind(), ErrorKind::ConsentRequired);
    live.wire.take_reads();
    let error = live.event().get().await.unwrap_err();
    assert!(matches!(error, Error::Session(SessionError::Revoked { .. })));
    assert_eq!(live.wire.take_reads().len(), 0);
}

#[tokio::test]
async fn a9_a_skewed_clock_is_noticed() {
    let live = Live::connected().await;
    assert_eq!(live.client.clock_skew_seconds(), None);
    live.event().get().await.unwrap();
    assert!(live.client.clock_skew_seconds().unwrap().abs() <= 2);
    // The sandbox dates its answers by the machine's clock, and the client's clock is an hour ahead.
    live.time.advance(&live.sandbox, Duration::from_secs(3600)).await;
    live.event().get().await.unwrap();
    assert!((-3603..=-3597).contains(&live.client.clock_skew_seconds().unwrap()));
    // The client still counts the budget.
    for _ in 0..40 {
        live.event().get().await.unwrap();
    }
    assert_eq!(live.rate_limited().await, 0);
}

#[tokio::test]
async fn an_organizer_who_disconnects_ends_every_read() {
    let live = Live::connected().await;
    live.event().get().await.unwrap();
    let revoke = Action::RevokeConnection {
        client_id: live.sandbox.info().client_id.clone(),
        event_id: PUBLISHED.to_owned(),
    };
    live.sandbox.perform(revoke).await.unwrap();
    let error = live.event().get().await.unwrap_err();
    assert!(error.is_connection_ended(), "{error}");
    let error = live.event().get().await.unwrap_err();
    assert!(error.to_string().contains("ended"), "{error}");
}
