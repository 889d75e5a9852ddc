//! Replaying recordings to a receiver.

use std::time::Duration;

use revento_sandbox::{RecordedWebhook, Recording, Replay, ReplayError, SandboxErrorKind, replay};

use crate::world::Receiver;

const SECRET: &str = "whsec_of_a_receiver_under_test";

fn recording() -> Recording {
    Recording::new(vec![
        RecordedWebhook::new(
            "1a0c5e1e-7a57-4c1e-8f0e-0c8a4b8f2d11",
            "event.published",
            "{\"a\": \"é\\n\"}",
        ),
        RecordedWebhook::new("09b599bd-6fed-46f0-8e32-b2a64e2fc2ee", "event.unpublished", "{}"),
    ])
}

#[allow(clippy::disallowed_methods, reason = "a test looks at the clock")]
fn now() -> i64 {
    jiff::Timestamp::now().as_second()
}

#[tokio::test]
async fn a_file_is_replayed_with_signatures_of_now() {
    let receiver = Receiver::start().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("recorded.jsonl");
    std::fs::write(&file, recording().to_string()).unwrap();
    let before = now();
    let replayed = replay(&file)
        .to(receiver.url())
        .secret(SECRET)
        .send()
        .await
        .unwrap();
    for (sent, recorded) in replayed.iter().zip(recording().webhooks) {
        assert_eq!(
            (sent.is_success(), sent.status, sent.body.as_str()),
            (true, 200, "noted")
        );
        assert_eq!(sent.webhook, recorded);
        let got = receiver.next().await;
        assert!(got.is_signed_with(SECRET));
        assert_eq!(got.raw, recorded.body.as_bytes());
        assert_eq!(got.headers["x-revento-delivery-id"], recorded.delivery_id);
        assert_eq!(got.headers["x-revento-event"], recorded.event_type);
        let signed_at: i64 = got.headers["x-revento-timestamp"].parse().unwrap();
        assert!((before..=now()).contains(&signed_at));
    }
    receiver.stays_quiet().await;
}

#[tokio::test]
async fn new_delivery_ids_differ_and_are_uuids() {
    let receiver = Receiver::start().await;
    let mut shown = Vec::new();
    Replay::from(recording())
        .to(receiver.url())
        .secret(SECRET)
        .with_new_delivery_ids()
        .every(Duration::from_millis(1))
        .send_each(|sent| shown.push(sent.webhook.delivery_id.clone()))
        .await
        .unwrap();
    for (id, recorded) in shown.iter().zip(recording().webhooks) {
        assert_ne!(*id, recorded.delivery_id);
        assert_eq!(uuid::Uuid::parse_str(id).unwrap().get_version_num(), 4);
        assert_eq!(receiver.next().await.headers["x-revento-delivery-id"], *id);
    }
}

#[tokio::test]
async fn a_receiver_that_fails_is_an_answer_and_no_error() {
    let receiver = Receiver::start().await;
    receiver.answer_with(503);
    let replayed = Replay::from(recording())
        .to(receiver.url())
        .secret(SECRET)
        .send()
        .await
        .unwrap();
    assert_eq!(replayed.len(), 2, "a failure does not end the replay");
    assert!(
        replayed
            .iter()
            .all(|sent| !sent.is_success() && sent.status == 503 && sent.error.is_none())
    );
    let gone = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let replayed = Replay::from(recording())
        .to(format!("http://{gone}/"))
        .secret(SECRET)
        .send()
        .await
        .unwrap();
    let error = replayed[0].error.as_deref().unwrap();
    assert!(
        !replayed[0].is_success() && error.contains("is the receiver running?"),
        "{error}"
    );
}

#[tokio::test]
async fn what_is_missing_is_named_before_anything_is_sent() {
    let receiver = Receiver::start().await;
    let ready = || Replay::from(recording()).to(receiver.url()).secret(SECRET);
    for (replay, says, kind) in [
        (
            Replay::from(recording()).secret(SECRET),
            "`to`",
            SandboxErrorKind::Configuration,
        ),
        (
            Replay::from(recording()).to(receiver.url()),
            "`secret`",
            SandboxErrorKind::Configuration,
        ),
        (
            ready().to("ftp://localhost"),
            "http or https",
            SandboxErrorKind::Configuration,
        ),
        (
            ready().to("http://me:pw@localhost"),
            "user name",
            SandboxErrorKind::Configuration,
        ),
        (
            ready().secret("short"),
            "16 characters",
            SandboxErrorKind::Configuration,
        ),
        (
            replay("no/such/file.jsonl").to(receiver.url()).secret(SECRET),
            "no/such/file.jsonl",
            SandboxErrorKind::Storage,
        ),
    ] {
        assert!(!format!("{replay:?}").contains(SECRET));
        let error: ReplayError = replay.send().await.unwrap_err();
        assert!(error.to_string().contains(says), "{error}");
        assert!(
            error.to_string().to_lowercase().contains("nothing was sent"),
            "{error}"
        );
        assert!(!error.to_string().contains("pw"), "{error}");
        assert_eq!((error.kind(), error.may_have_taken_effect()), (kind, false));
    }
    receiver.stays_quiet().await;
}
