//! No error and no `Debug` shows a value of a body.

use std::error::Error;

use revento_core::error::ErrorKind;
use revento_core::kind::{
    ActivityUpdated, AnyEvent, ApplicationApproved, DataDeletionRequired, EventPublished,
    IntegrationSuspended, Kind, ParticipantRegistered, UserRevokedAccess,
};
use revento_webhooks::{EventError, Headers, Signer, VerifiedDelivery, Verifier, VerifyErrorKind};

const NOW: i64 = 1_778_336_551;
const SECRET: &str = "whsec_example_secret";
const PLANTED: &str = "planted@example.org";

fn verified(event_type: &str, body: &str) -> VerifiedDelivery {
    let signature = Signer::new(SECRET).unwrap().sign(NOW, body.as_bytes());
    let timestamp = NOW.to_string();
    let headers = Headers::collect([
        ("x-revento-event", event_type),
        ("x-revento-delivery-id", "d-1"),
        ("x-revento-timestamp", &timestamp),
        ("x-revento-signature", &signature),
    ]);
    let verifier = Verifier::new(SECRET).unwrap();
    verifier
        .verify(&headers.unwrap(), body.as_bytes(), NOW)
        .unwrap()
        .into()
}

#[test]
fn a_webhook_has_its_delivery_its_envelope_and_its_data() {
    let body = r#"{"id":"env_1","type":"event.published","occurred_at":"2026-05-09T14:22:31Z","event_id":"evt_1","organization_id":"org_1","data":{"id":"evt_1","publish_status":"published"}}"#;
    let webhook = verified("event.published", body)
        .read::<EventPublished>()
        .unwrap();
    assert_eq!(webhook.delivery().body(), body.as_bytes());
    assert_eq!(webhook.envelope().id.as_str(), "env_1");
    assert_eq!(webhook.data().id.as_str(), "evt_1");
    assert_eq!(
        format!("{webhook:?}"),
        format!(
            "VerifiedWebhook {{ kind: \"event.published\", delivery: {:?}, envelope: {:?}, .. }}",
            webhook.delivery(),
            webhook.envelope()
        )
    );
    assert_eq!(webhook.into_data().id.as_str(), "evt_1");
}

#[test]
fn an_error_of_the_content_says_who_is_at_fault() {
    let read = |event_type: &str, body: &str| verified(event_type, body).envelope().unwrap_err();
    let typed = r#"{"id":"env_1","type":"event.published","occurred_at":"2026-05-09T14:22:31Z","event_id":"evt_1","organization_id":"org_1","data":{}}"#;
    for (error, kind, text, has_source) in [
        (read("a", ""), ErrorKind::Platform, "its body is empty", false),
        (read("a", " "), ErrorKind::Platform, "white space alone", false),
        (read("a", "{"), ErrorKind::Platform, "not the expected one", true),
        (
            read("event.unpublished", typed),
            ErrorKind::Rejected,
            "does not name the type",
            false,
        ),
    ] {
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.to_string().contains(text), "{error}");
        assert!(!error.is_transient() && !error.may_have_taken_effect());
        assert_eq!(error.source().is_some(), has_source, "{error}");
    }
    let same = [
        (VerifyErrorKind::Configuration, ErrorKind::Configuration),
        (VerifyErrorKind::Rejected, ErrorKind::Rejected),
    ];
    for (ours, core) in same {
        assert_eq!(ErrorKind::from(ours), core);
    }
}

/// `Display` and `Debug` of an error and of its causes.
fn shown(error: &EventError) -> String {
    let mut text = format!("{error} {error:?}");
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(&format!(" {error} {error:?}"));
        cause = error.source();
    }
    text
}

/// Whether the body was refused.
fn read<K: Kind>(body: &str) -> bool {
    let delivery = verified(K::NAME, body);
    let mut text = format!("{delivery:?} {:?}", delivery.as_verified());
    let read = delivery.read::<K>();
    let refused = read.is_err();
    match read {
        Ok(webhook) => text.push_str(&format!("{webhook:?}")),
        Err(error) => text.push_str(&shown(&error)),
    }
    assert!(!text.contains("planted"), "{body}: {text}");
    refused
}

fn all_kinds(body: impl Fn(&str) -> String) -> usize {
    let any = verified("event.published", &body("event.published")).read::<AnyEvent>();
    let text = any.as_ref().map_or_else(shown, |webhook| format!("{webhook:?}"));
    assert!(!text.contains("planted"), "{text}");
    [
        read::<ActivityUpdated>(&body(ActivityUpdated::NAME)),
        read::<ApplicationApproved>(&body(ApplicationApproved::NAME)),
        read::<DataDeletionRequired>(&body(DataDeletionRequired::NAME)),
        read::<EventPublished>(&body(EventPublished::NAME)),
        read::<IntegrationSuspended>(&body(IntegrationSuspended::NAME)),
        read::<ParticipantRegistered>(&body(ParticipantRegistered::NAME)),
        read::<UserRevokedAccess>(&body(UserRevokedAccess::NAME)),
    ]
    .into_iter()
    .filter(|refused| *refused)
    .count()
}

#[test]
fn h4_no_error_and_no_debug_shows_a_value_of_the_body() {
    let text = format!("{PLANTED:?}");
    let mut refused = 0;
    for wrong in [
        text.clone(),
        format!("[{text}]"),
        format!("{{{text}:{text}}}"),
        format!("{{{text}:1e999}}"),
        format!(
            "{{\"id\":[{text}],\"status\":{{{text}:{text}}},\"reason\":[{text}],\"deadline_at\":{text}}}"
        ),
        format!("{{\"id\":{{}},\"id\":{text},\"user_id\":{{{text}:1}},\"approved_at\":{text}}}"),
        format!("{{\"custom_form_fields\":{{{text}:1e999}},\"id\":1e999}}"),
        format!("{text} {text}"),
    ] {
        refused += all_kinds(|event_type| {
            format!(
                r#"{{"id":"env_1","type":"{event_type}","occurred_at":"2026-05-09T14:22:31Z","event_id":"evt_1","organization_id":"org_1","data":{wrong}}}"#
            )
        });
        refused += all_kinds(|event_type| {
            format!(
                r#"{{"id":"env_1","type":"{event_type}","occurred_at":{wrong},"event_id":"evt_1","organization_id":"org_1","data":{{}}}}"#
            )
        });
        refused += all_kinds(|_| wrong.clone());
        refused += all_kinds(|event_type| format!("{{\"type\":\"{event_type}\",{text}:{wrong}}}"));
    }
    assert!(refused > 100, "{refused} bodies are refused");
}
