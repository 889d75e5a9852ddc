//! What the inbox keeps of a handled delivery, and for how long.

use std::{fs, sync::Arc, time::Duration};

use revento_inbox::{Accepted, HandlerError, Handlers, Inbox, RequeueError};
use revento_seal::{KeyRing, SealingKey};
use revento_store::DeliveryState::{Buried, Done};

use crate::{
    engines::{self, Place},
    world::{Ahead, Running, Seen, builder, eventually, inbox, quick, run_until, sent, until},
};

const DAY: Duration = Duration::from_secs(86_400);

#[tokio::test(flavor = "multi_thread")]
async fn q12_a_handled_delivery_is_known_for_seven_days_whatever_the_policy_says() {
    for place in engines::all() {
        let clock = Arc::new(Ahead::default());
        let policy = quick().handled_retention(Duration::ZERO);
        let inbox = builder(place.open().await)
            .policy(policy)
            .clock(clock.clone())
            .build();
        let sent = sent("1");
        sent.arrive(&inbox).await.unwrap();
        run_until(&inbox, Handlers::new(), &sent.id(), Done).await;

        clock.advance(7 * DAY - Duration::from_secs(3600));
        let running = Running::start(&inbox, Handlers::new());
        assert_eq!(
            sent.arrive(&inbox).await.unwrap(),
            Accepted::Duplicate(Done),
            "{place:?}"
        );
        running.stop().await;
        assert_eq!(inbox.state(&sent.id()).await.unwrap(), Some(Done), "{place:?}");

        clock.advance(Duration::from_secs(7200));
        let running = Running::start(&inbox, Handlers::new());
        eventually(async || inbox.state(&sent.id()).await.unwrap().is_none()).await;
        running.stop().await;
    }
}

/// After handling, the inbox keeps only the ids.
#[tokio::test(flavor = "multi_thread")]
async fn q18_the_content_of_a_handled_delivery_is_wiped_and_its_identity_stays() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("inbox.sqlite");
    let place = Place::Sqlite(directory);
    let inbox = inbox(place.open().await);
    let filler = "x".repeat(300_000);
    let sent = sent("1").with_data(&format!(r#"{{"id":"app_1","dietary_notes":"{filler}"}}"#));
    sent.arrive(&inbox).await.unwrap();
    run_until(&inbox, Handlers::new(), &sent.id(), Done).await;
    assert_eq!(inbox.state(&sent.id()).await.unwrap(), Some(Done));

    let copy = file.with_extension("copy");
    let connection = sqlx::SqlitePool::connect(file.to_str().unwrap()).await.unwrap();
    sqlx::query("VACUUM INTO ?")
        .bind(copy.to_str().unwrap())
        .execute(&connection)
        .await
        .unwrap();
    let rest = fs::metadata(copy).unwrap().len();
    assert!(rest < 200_000, "{rest} bytes are left");
}

fn refusing() -> Handlers {
    Handlers::new().on_any(async |_| Err(HandlerError::permanent("no such table")))
}

#[tokio::test(flavor = "multi_thread")]
async fn q18_the_body_of_a_buried_delivery_is_expunged_and_what_is_known_of_it_stays() {
    for place in engines::all() {
        let clock = Arc::new(Ahead::default());
        let inbox = builder(place.open().await).clock(clock.clone()).build();
        let sent = sent("1");
        sent.arrive(&inbox).await.unwrap();
        run_until(&inbox, refusing(), &sent.id(), Buried).await;
        let before = inbox.buried(None, 10).await.unwrap();
        assert_eq!((before.len(), before[0].expunged), (1, false), "{place:?}");

        // Thirteen days later an operator can still queue it again; it fails again.
        clock.advance(13 * DAY);
        let running = Running::start(&inbox, refusing());
        assert!(inbox.requeue(&sent.id()).await.unwrap(), "{place:?}");
        until(&inbox, &sent.id(), Buried).await;
        running.stop().await;

        // After fourteen more the runner's housekeeping has wiped the body.
        clock.advance(14 * DAY);
        let running = Running::start(&inbox, refusing());
        eventually(async || inbox.buried(None, 10).await.unwrap()[0].expunged).await;
        running.stop().await;
        let after = inbox.buried(None, 10).await.unwrap().remove(0);
        assert_eq!(
            (before[0].error.as_str(), after.error.as_str()),
            ("no such table", "")
        );
        assert_eq!((after.attempts, after.received_at), (1, before[0].received_at));
        assert_eq!(inbox.state(&sent.id()).await.unwrap(), Some(Buried), "{place:?}");

        let error = inbox.requeue(&sent.id()).await.unwrap_err();
        assert!(
            matches!(error, RequeueError::Expunged { .. }),
            "{place:?} {error}"
        );
        assert_eq!(
            error.to_string(),
            "env_1 cannot be queued again, because its body was expunged; nothing was changed: \
             replay the delivery from the developer console, which sends the body again"
        );

        // A replay brings the body again, and so it is handled.
        let seen = Seen::default();
        let noted = seen.clone();
        let handlers = Handlers::new().on_any(move |webhook| {
            noted.note(webhook.envelope.data_json());
            std::future::ready(Ok(()))
        });
        assert_eq!(
            sent.arrive(&inbox).await.unwrap(),
            Accepted::Requeued,
            "{place:?}"
        );
        run_until(&inbox, handlers, &sent.id(), Done).await;
        assert_eq!(seen.all(), [sent.data], "{place:?}");
    }
}

/// What the files of a store contain, as its tables and as raw bytes.
fn bytes_of(folder: &std::path::Path) -> Vec<u8> {
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files.flat_map(|file| fs::read(file).unwrap()).collect()
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

/// The error of a handler repeats what it has read. It is sealed in the file, and gone with the body.
#[tokio::test(flavor = "multi_thread")]
async fn h4_the_text_of_a_handlers_error_is_never_readable_in_the_store_and_does_not_survive_the_body() {
    const PLANTED: &str = "Ada-Lovelace-is-vegan";
    let directory = tempfile::tempdir().unwrap();
    let folder = directory.path().to_owned();
    let place = Place::Sqlite(directory);
    let clock = Arc::new(Ahead::default());
    let store = place.open().await;
    let inbox = builder(store.clone()).clock(clock.clone()).build();
    let sent = sent("1").with_data(&format!(r#"{{"id":"app_1","notes":"{PLANTED}"}}"#));
    let retried_first = || {
        Handlers::new().on_any(async |webhook| {
            let text = format!("no menu for {}", webhook.envelope.data_json());
            Err(if webhook.attempt == 1 {
                HandlerError::retry(text)
            } else {
                HandlerError::permanent(text)
            })
        })
    };
    sent.arrive(&inbox).await.unwrap();
    run_until(&inbox, retried_first(), &sent.id(), Buried).await;

    let listed = inbox.buried(None, 10).await.unwrap().remove(0);
    assert!(
        listed.error.contains(PLANTED),
        "an operator reads it: {}",
        listed.error
    );
    let stored = store.buried(None, 10).await.unwrap().remove(0);
    assert!(!stored.error.is_empty() && !stored.error.contains(PLANTED));
    let bytes = bytes_of(&folder);
    assert!(contains(&bytes, "env_1") && !contains(&bytes, PLANTED));

    // Somebody without the key lists the deliveries, too.
    let other_key = KeyRing::new(SealingKey::from_bytes([9; 32]));
    let locked = Inbox::builder(store.clone(), other_key).build();
    let listed = locked.buried(None, 10).await.unwrap().remove(0);
    assert_eq!(
        listed.error,
        "the error text cannot be opened: its sealing key is missing"
    );

    clock.advance(20 * DAY);
    let running = Running::start(&inbox, Handlers::new());
    eventually(async || inbox.buried(None, 10).await.unwrap()[0].expunged).await;
    running.stop().await;
    assert_eq!(store.buried(None, 10).await.unwrap()[0].error, "");
    assert!(!contains(&bytes_of(&folder), PLANTED));
}

/// A replay makes a delivery readable again that was sealed under a lost key.
#[tokio::test(flavor = "multi_thread")]
async fn q9_a_replay_of_what_could_not_be_opened_is_handled() {
    for place in engines::all() {
        let store = place.open().await;
        let lost = KeyRing::new(SealingKey::from_bytes([1; 32]));
        let before = Inbox::builder(store.clone(), lost).build();
        let sent = sent("1");
        sent.arrive(&before).await.unwrap();

        let inbox = builder(store).policy(quick().retry_delays([])).build();
        run_until(&inbox, Handlers::new(), &sent.id(), Buried).await;
        assert_eq!(
            sent.arrive(&inbox).await.unwrap(),
            Accepted::Requeued,
            "{place:?}"
        );
        run_until(&inbox, Handlers::new(), &sent.id(), Done).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn q12_what_is_buried_is_not_forgotten() {
    for place in engines::all() {
        let clock = Arc::new(Ahead::default());
        let inbox = builder(place.open().await).clock(clock.clone()).build();
        let (sent, later) = (sent("1"), sent("2"));
        sent.arrive(&inbox).await.unwrap();
        run_until(&inbox, refusing(), &sent.id(), Buried).await;
        clock.advance(400 * DAY);
        later.arrive(&inbox).await.unwrap();
        run_until(&inbox, Handlers::new(), &later.id(), Done).await;
        assert_eq!(inbox.state(&sent.id()).await.unwrap(), Some(Buried), "{place:?}");
    }
}
