//! Which deliveries the inbox acknowledges, and the effect of a repeated delivery.

use std::sync::Arc;

use revento_core::EnvelopeId;
use revento_inbox::{AcceptError, Accepted, HandlerError, Handlers};
use revento_store::DeliveryState::{Buried, Done, Leased, Queued};
use tokio::sync::Semaphore;

use crate::{
    engines,
    world::{Running, Seen, arrive, eventually, inbox, run_until, sent, until},
};

fn noting(seen: &Seen) -> Handlers {
    let seen = seen.clone();
    Handlers::new().on_any(move |webhook| {
        let seen = seen.clone();
        async move {
            seen.note(webhook.envelope.id.as_str());
            Ok(())
        }
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn q1_of_two_simultaneous_deliveries_one_is_new_and_both_are_acknowledged() {
    for place in engines::all() {
        let replicas = [inbox(place.open().await), inbox(place.open().await)];
        for number in 0..20 {
            let sent = sent(&number.to_string());
            let (one, two) = tokio::join!(sent.arrive(&replicas[0]), sent.arrive(&replicas[1]));
            let both = [one.unwrap(), two.unwrap()];
            assert!(both.contains(&Accepted::New), "{place:?} {both:?}");
            assert!(both.contains(&Accepted::Duplicate(Queued)), "{place:?} {both:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn q2_an_answer_that_was_lost_is_given_again_to_the_retry() {
    for place in engines::all() {
        let sent = sent("1");
        // The process ends after the commit and before its answer.
        drop(sent.arrive(&inbox(place.open().await)).await);

        let restarted = inbox(place.open().await);
        let again = sent.arrive(&restarted).await.unwrap();
        assert_eq!(again, Accepted::Duplicate(Queued), "{place:?}");
        let seen = Seen::default();
        run_until(&restarted, noting(&seen), &sent.id(), Done).await;
        assert_eq!(seen.all(), ["env_1"], "{place:?}");
        assert_eq!(sent.arrive(&restarted).await.unwrap(), Accepted::Duplicate(Done));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn q9_a_replay_of_a_buried_delivery_is_handled_and_one_of_a_handled_delivery_is_not() {
    for place in engines::all() {
        let (inbox, sent, seen) = (inbox(place.open().await), sent("1"), Seen::default());
        sent.arrive(&inbox).await.unwrap();
        let refuse = Handlers::new().on_any(async |_| Err(HandlerError::permanent("no such table")));
        run_until(&inbox, refuse, &sent.id(), Buried).await;

        assert_eq!(
            sent.arrive(&inbox).await.unwrap(),
            Accepted::Requeued,
            "{place:?}"
        );
        run_until(&inbox, noting(&seen), &sent.id(), Done).await;
        assert_eq!(sent.arrive(&inbox).await.unwrap(), Accepted::Duplicate(Done));
        assert_eq!(seen.all(), ["env_1"], "{place:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn q10_a_duplicate_of_a_delivery_in_progress_is_acknowledged_and_not_run() {
    for place in engines::all() {
        let (inbox, sent, seen) = (inbox(place.open().await), sent("1"), Seen::default());
        let finish = Arc::new(Semaphore::new(0));
        let running = Running::start(&inbox, waiting(&seen, &finish));
        sent.arrive(&inbox).await.unwrap();
        eventually(async || seen.all() == ["begun"]).await;
        assert_eq!(
            sent.arrive(&inbox).await.unwrap(),
            Accepted::Duplicate(Leased),
            "{place:?}"
        );
        finish.add_permits(10);
        until(&inbox, &sent.id(), Done).await;
        running.stop().await;
        assert_eq!(seen.all(), ["begun", "ended"], "{place:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn q11_identity_is_what_is_signed_whatever_the_delivery_id_says() {
    for place in engines::all() {
        let (inbox, seen) = (inbox(place.open().await), Seen::default());
        let (one, two) = (sent("1").under("dlv_same"), sent("2").under("dlv_same"));
        // Another envelope under a known delivery id is not dropped …
        assert_eq!(one.arrive(&inbox).await.unwrap(), Accepted::New);
        assert_eq!(two.arrive(&inbox).await.unwrap(), Accepted::New, "{place:?}");
        // … and a captured one under another delivery id is no new work.
        let replayed = one.clone().under("dlv_other");
        assert_eq!(
            replayed.arrive(&inbox).await.unwrap(),
            Accepted::Duplicate(Queued)
        );

        let running = Running::start(&inbox, noting(&seen));
        until(&inbox, &one.id(), Done).await;
        until(&inbox, &two.id(), Done).await;
        running.stop().await;
        let mut handled = seen.all();
        handled.sort();
        assert_eq!(handled, ["env_1", "env_2"], "{place:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn w24_a_changed_type_header_stores_nothing() {
    for place in engines::all() {
        let inbox = inbox(place.open().await);
        let body = r#"{"id":"env_1","type":"event.published","occurred_at":"2026-05-09T14:22:31Z","event_id":null,"organization_id":null,"data":{}}"#;
        let refused = arrive(&inbox, "event.unpublished", "dlv_1", body).await;
        assert!(matches!(refused, Err(AcceptError::TypeMismatch)), "{place:?}");
        assert_eq!(inbox.state(&"env_1".into()).await.unwrap(), None);
    }
}

/// The id contains the SHA-256 of `{`.
const UNREADABLE: &str = "unreadable/021fb596db81e6d02bf3d2586ee3981fe519f275c0ac9ca76bbcf2ebb4097d96";

#[tokio::test(flavor = "multi_thread")]
async fn w26_a_verified_body_that_cannot_be_read_is_acknowledged_and_buried() {
    for place in engines::all() {
        let inbox = inbox(place.open().await);
        assert_eq!(arrive(&inbox, "x", "dlv_1", "{").await.unwrap(), Accepted::New);
        assert_eq!(
            arrive(&inbox, "x", "dlv_1", "{").await.unwrap(),
            Accepted::Duplicate(Queued)
        );
        let seen = Seen::default();
        // Its identity is all that was signed: another body under the same delivery id is another delivery, and the same
        // one under another delivery id is not.
        assert_eq!(arrive(&inbox, "x", "dlv_1", "[").await.unwrap(), Accepted::New);
        assert_eq!(
            arrive(&inbox, "x", "dlv_2", "[").await.unwrap(),
            Accepted::Duplicate(Queued)
        );
        let id: EnvelopeId = UNREADABLE.into();
        run_until(&inbox, noting(&seen), &id, Buried).await;
        assert!(seen.all().is_empty(), "{place:?}");
    }
}

/// A handler that waits for a permit between its begin and its end.
fn waiting(seen: &Seen, permits: &Arc<Semaphore>) -> Handlers {
    let (seen, permits) = (seen.clone(), Arc::clone(permits));
    Handlers::new().on_any(move |_| {
        let (seen, permits) = (seen.clone(), Arc::clone(&permits));
        async move {
            seen.note("begun");
            permits.acquire().await?.forget();
            seen.note("ended");
            Ok(())
        }
    })
}

/// The number of handlers that have ended.
fn ended(seen: &Seen) -> usize {
    seen.all().iter().filter(|note| *note == "ended").count()
}

/// The acknowledgement waits for the store but not for a handler.
#[tokio::test(flavor = "multi_thread")]
async fn d11_a_slow_handler_holds_no_acknowledgement_up() {
    for place in engines::all() {
        let (inbox, seen) = (inbox(place.open().await), Seen::default());
        let finish = Arc::new(Semaphore::new(0));
        let running = Running::start(&inbox, waiting(&seen, &finish));
        let all: Vec<_> = (0..20).map(|number| sent(&number.to_string())).collect();
        for sent in &all {
            assert_eq!(sent.arrive(&inbox).await.unwrap(), Accepted::New);
        }
        assert_eq!(ended(&seen), 0, "{place:?}");
        finish.add_permits(all.len());
        for sent in &all {
            until(&inbox, &sent.id(), Done).await;
        }
        running.stop().await;
        assert_eq!(ended(&seen), all.len(), "{place:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn q20_many_replicas_may_open_an_empty_place_at_once_and_any_time_later() {
    for place in engines::all() {
        let openings = (0..6).map(|_| place.open());
        let replicas = futures_util::future::join_all(openings).await;
        let sent = sent("1");
        let mut new = 0;
        for store in replicas {
            let accepted = sent.arrive(&inbox(store)).await.unwrap();
            new += u32::from(accepted == Accepted::New);
        }
        assert_eq!(new, 1, "{place:?}: they share one schema");
        let later = inbox(place.open().await);
        assert_eq!(later.state(&sent.id()).await.unwrap(), Some(Queued), "{place:?}");
    }
}
