//! Captured copies cause no work, and a manual step causes one attempt.

use revento_core::{EnvelopeId, Timestamp};
use revento_inbox::{Accepted, HandlerError, Handlers};
use revento_store::{
    Clock,
    DeliveryState::{Buried, Done, Queued},
    RequeueAttempts, SystemClock,
};

use crate::{
    engines,
    world::{Running, Seen, arrive, arrive_signed, inbox, run_until, sent, until},
};

/// Handlers that fail, for good or not.
fn failing(seen: &Seen, permanent: bool) -> Handlers {
    let seen = seen.clone();
    Handlers::new().on_any(move |webhook| {
        seen.note(webhook.attempt.to_string());
        let text = "the mail server refuses it";
        std::future::ready(Err(if permanent {
            HandlerError::permanent(text)
        } else {
            HandlerError::retry(text)
        }))
    })
}

fn now() -> i64 {
    SystemClock.now().unix_seconds()
}

#[tokio::test(flavor = "multi_thread")]
async fn h8_a_captured_delivery_calls_its_failing_handler_once() {
    for place in engines::all() {
        let (inbox, seen) = (inbox(place.open().await), Seen::default());
        let signed_at = now();
        let captured = sent("1");
        captured.arrive_signed(&inbox, signed_at).await.unwrap();
        let running = Running::start(&inbox, failing(&seen, true));
        until(&inbox, &captured.id(), Buried).await;
        for copy in 0..6 {
            let copy = captured.clone().under(&format!("dlv_copy_{copy}"));
            let accepted = copy.arrive_signed(&inbox, signed_at).await.unwrap();
            assert_eq!(accepted, Accepted::Duplicate(Buried), "{place:?}");
        }
        // An attempt that the platform signs afterwards is its replay.
        assert_eq!(
            captured.arrive_signed(&inbox, now() + 2).await.unwrap(),
            Accepted::Requeued
        );
        until(&inbox, &captured.id(), Buried).await;
        running.stop().await;
        assert_eq!(seen.all(), ["1", "1"], "{place:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn h8_copies_of_an_unreadable_body_queue_nothing() {
    for place in engines::all() {
        let inbox = inbox(place.open().await);
        let signed_at = now();
        arrive_signed(&inbox, "x", "dlv_1", "{", signed_at).await.unwrap();
        let id = inbox_id_of_an_open_brace();
        run_until(&inbox, Handlers::new(), &id, Buried).await;
        for copy in 0..6 {
            let delivery_id = format!("dlv_copy_{copy}");
            let accepted = arrive_signed(&inbox, "y", &delivery_id, "{", signed_at)
                .await
                .unwrap();
            assert_eq!(accepted, Accepted::Duplicate(Buried), "{place:?}");
        }
        let replayed = arrive_signed(&inbox, "x", "dlv_1", "{", now() + 2).await.unwrap();
        assert_eq!(replayed, Accepted::Requeued, "{place:?}");
    }
}

/// The id contains the SHA-256 of `{`.
fn inbox_id_of_an_open_brace() -> EnvelopeId {
    "unreadable/021fb596db81e6d02bf3d2586ee3981fe519f275c0ac9ca76bbcf2ebb4097d96".into()
}

/// A sender that signs an envelope with the id of an unreadable body neither takes its place nor is taken for it.
#[tokio::test(flavor = "multi_thread")]
async fn h8_a_signed_id_cannot_be_that_of_an_unreadable_body() {
    for place in engines::all() {
        let (inbox, seen) = (inbox(place.open().await), Seen::default());
        let own = inbox_id_of_an_open_brace();
        let mut chosen = sent("1");
        own.as_str().clone_into(&mut chosen.envelope_id);
        assert_eq!(chosen.arrive(&inbox).await.unwrap(), Accepted::New);
        assert_eq!(
            arrive(&inbox, "x", "dlv_2", "{").await.unwrap(),
            Accepted::New,
            "{place:?}"
        );
        assert_eq!(chosen.arrive(&inbox).await.unwrap(), Accepted::Duplicate(Queued));

        let noted = seen.clone();
        let handlers = Handlers::new().on_any(move |webhook| {
            noted.note(webhook.envelope.id.as_str());
            std::future::ready(Ok(()))
        });
        run_until(&inbox, handlers, &own, Buried).await;
        let stored: EnvelopeId = own.as_str().replacen('/', "//", 1).into();
        until(&inbox, &stored, Done).await;
        assert_eq!(seen.all(), [own.as_str()], "{place:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn h30_a_requeue_is_one_attempt_unless_the_operator_says_otherwise() {
    for place in engines::all() {
        let (inbox, sent, seen) = (inbox(place.open().await), sent("1"), Seen::default());
        sent.arrive(&inbox).await.unwrap();
        let running = Running::start(&inbox, failing(&seen, false));
        until(&inbox, &sent.id(), Buried).await;
        assert_eq!(seen.all().len(), 3, "{place:?}: the automatic schedule");
        for more in 1..=3 {
            assert!(inbox.requeue(&sent.id()).await.unwrap());
            until(&inbox, &sent.id(), Buried).await;
            assert_eq!(seen.all().len(), 3 + more, "{place:?}: one attempt each time");
        }
        let whole = RequeueAttempts::Full;
        assert!(inbox.requeue_for(&sent.id(), whole).await.unwrap());
        until(&inbox, &sent.id(), Buried).await;
        running.stop().await;
        assert_eq!(seen.all().len(), 9, "{place:?}: the whole schedule");
        let buried = inbox.buried(None, 1).await.unwrap();
        assert!(buried[0].buried_at <= Timestamp::from_unix_seconds(now() + 1));
    }
}
