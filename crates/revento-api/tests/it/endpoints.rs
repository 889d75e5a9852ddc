//! Every endpoint of contract §3.2, typed, from the sandbox over real sockets.

use futures_util::TryStreamExt;
use revento_api::Error;
use revento_core::error::ErrorKind;
use revento_core::{
    ApiErrorCode, Scope,
    resource::{ApplicationStatus, InstallationStatus, PublishStatus},
};
use revento_sandbox::ConsentDecision;
use serde::Deserialize;

use crate::support::live::{Live, PUBLISHED};

#[tokio::test]
async fn the_event_and_its_program() {
    let live = Live::connected().await;
    let event = live.event();
    let read = event.get().await.unwrap();
    assert_eq!(read.id.as_str(), PUBLISHED);
    assert_eq!(read.publish_status, PublishStatus::Published);

    let program = event.program().await.unwrap();
    let activities: Vec<_> = event.activities().stream().try_collect().await.unwrap();
    let threads: Vec<_> = event.threads().stream().try_collect().await.unwrap();
    let locations: Vec<_> = event.locations().stream().try_collect().await.unwrap();
    let waves: Vec<_> = event.registration_waves().stream().try_collect().await.unwrap();
    assert!(program.days.len() > 1);
    assert_eq!(program.activities.len(), activities.len());
    assert_eq!(program.threads, threads);
    for activity in &activities {
        assert!(
            threads
                .iter()
                .any(|thread| Some(&thread.id) == activity.thread_id.as_ref())
        );
        assert!(
            locations
                .iter()
                .any(|place| Some(&place.id) == activity.location_id.as_ref())
        );
        let on = program
            .days
            .iter()
            .filter(|day| day.activity_ids.contains(&activity.id));
        assert_eq!(on.count(), 1);
    }
    assert!(
        locations
            .iter()
            .all(|place| place.venue.is_some() && place.floor.is_some())
    );
    assert!(waves.iter().all(|wave| wave.opens_at < wave.closes_at));
    assert!(!waves.is_empty());
}

#[derive(Deserialize)]
struct Answers {
    favorite_track: Option<String>,
}

#[tokio::test]
async fn participants_by_status_and_their_answers_as_a_type_of_ones_own() {
    let live = Live::connected().await;
    let participants = live.event().participants();
    let all: Vec<_> = participants.clone().stream().try_collect().await.unwrap();
    assert!(all.len() >= 30);
    let mut counted = 0;
    for status in ApplicationStatus::KNOWN {
        let some: Vec<_> = participants
            .clone()
            .status(status.clone())
            .stream()
            .try_collect()
            .await
            .unwrap();
        assert!(some.iter().all(|person| person.application_status == *status));
        assert!(!some.is_empty(), "{status}");
        counted += some.len();
    }
    assert_eq!(counted, all.len());
    let answers = all
        .iter()
        .map(|person| person.custom_form_fields.parse::<Answers>().unwrap());
    assert!(answers.filter(|answers| answers.favorite_track.is_some()).count() > 10);
}

#[tokio::test]
async fn a_participant_who_signed_in() {
    let live = Live::connected().await;
    let user = live.user().await;
    let profile = user.profile().await.unwrap();
    assert!(profile.email.contains('@'));
    let application = user.application().await.unwrap();
    assert_eq!(application.user_id, profile.id);
    // A user's token is not an installation token.
    let error = user.raw(&format!("/events/{PUBLISHED}")).await.unwrap_err();
    let Error::Refused { code, .. } = &error else {
        panic!("{error}")
    };
    assert_eq!(*code, ApiErrorCode::InstallationTokenRequired);
    assert_eq!(error.kind(), ErrorKind::Usage);
}

#[tokio::test]
async fn the_developers_list_of_installations() {
    let live = Live::connected().await;
    let list = live.client.installations().list();
    let all: Vec<_> = list.stream().try_collect().await.unwrap();
    assert_eq!(all.len(), 1);
    assert_eq!(all[0].event_id.as_str(), PUBLISHED);
    assert_eq!(all[0].status, Some(InstallationStatus::Active));
    assert!(
        all[0]
            .scopes
            .as_ref()
            .unwrap()
            .scopes()
            .contains(&Scope::EventRead)
    );
}

#[tokio::test]
async fn what_has_no_type_is_read_raw_with_the_same_errors() {
    let live = Live::connected().await;
    let event = live.event();
    let raw = event
        .raw(&format!("/events/{PUBLISHED}/participants?limit=2"))
        .await
        .unwrap();
    let page: serde_json::Value = raw.json().unwrap();
    assert_eq!(page["data"].as_array().unwrap().len(), 2);
    assert!(!format!("{raw:?}").contains("data\""));
    assert!(matches!(raw.json::<Vec<u8>>(), Err(Error::Unreadable { .. })));
    let error = event.raw("/nothing/here").await.unwrap_err();
    let Error::Refused { code, .. } = &error else {
        panic!("{error}")
    };
    assert_eq!(*code, ApiErrorCode::NotFound);
    assert_eq!(event.budget_remaining().unwrap().hour, 500 - 2);
    let error = event.raw("@elsewhere.test/").await.unwrap_err();
    assert!(matches!(error, Error::InvalidRequest { .. }));
    assert_eq!(error.request_id(), None);
}

#[tokio::test]
async fn a_scope_that_was_not_granted_is_named() {
    let live = Live::connected().await;
    live.consent("event.read", ConsentDecision::Authorize).await;
    let error = live.first_person().await.unwrap_err();
    assert_eq!(error.missing_scope(), Some(Scope::ParticipantsRead));
    assert_eq!(error.kind(), ErrorKind::ConsentRequired);
    assert!(!error.is_transient());
    assert!(error.remedy().contains("consent"));
}

#[tokio::test]
async fn another_events_connection_is_no_use() {
    let live = Live::connected().await;
    let error = live.event().raw("/events/evt_other").await.unwrap_err();
    let Error::Refused { code, details, .. } = &error else {
        panic!("{error}")
    };
    assert_eq!(*code, ApiErrorCode::EventNotAuthorized);
    assert_eq!(details.json("event_id"), Some("\"evt_test_published\""));
}
