//! Failed attempts are retried and finally buried.

use std::time::Duration;

use revento_core::Timestamp;
use revento_inbox::{Accepted, HandlerError, Handlers};
use revento_store::{
    Clock,
    DeliveryState::{Buried, Done, Leased},
    SystemClock,
};

use crate::{
    engines,
    world::{Running, Seen, builder, inbox, quick, run_until, sent, until},
};

fn failing(seen: &Seen) -> Handlers {
    let seen = seen.clone();
    Handlers::new().on_any(move |webhook| {
        seen.note(webhook.attempt.to_string());
        std::future::ready(Err(HandlerError::retry("the mail server is down")))
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn q4_what_fails_too_often_is_buried_and_after_a_requeue_handled_again() {
    for place in engines::all() {
        let (inbox, sent, seen) = (inbox(place.open().await), sent("1"), Seen::default());
        sent.arrive(&inbox).await.unwrap();
        run_until(&inbox, failing(&seen), &sent.id(), Buried).await;
        assert_eq!(seen.all(), ["1", "2", "3"], "{place:?}");

        // Queued again by an operator it gets one attempt, and is buried again.
        let running = Running::start(&inbox, failing(&seen));
        assert!(inbox.requeue(&sent.id()).await.unwrap());
        until(&inbox, &sent.id(), Buried).await;
        running.stop().await;
        assert_eq!(seen.all(), ["1", "2", "3", "1"], "{place:?}");

        // Queued again by a replay, with the cause removed, it is done.
        assert_eq!(sent.arrive(&inbox).await.unwrap(), Accepted::Requeued);
        run_until(&inbox, Handlers::new(), &sent.id(), Done).await;
        assert!(!inbox.requeue(&sent.id()).await.unwrap(), "{place:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn q6_q7_one_more_attempt_than_pauses_is_made() {
    for place in engines::all() {
        for pauses in [0_usize, 1, 4] {
            let policy = quick().retry_delays(vec![Duration::from_millis(1); pauses]);
            let inbox = builder(place.open().await).policy(policy).build();
            let (sent, seen) = (sent(&pauses.to_string()), Seen::default());
            sent.arrive(&inbox).await.unwrap();
            run_until(&inbox, failing(&seen), &sent.id(), Buried).await;
            assert_eq!(seen.all().len(), pauses + 1, "{place:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn d11_a_handler_that_takes_too_long_is_a_failed_attempt_and_not_a_lost_one() {
    for place in engines::all() {
        let policy = quick().handler_timeout(Duration::from_millis(20));
        let inbox = builder(place.open().await).policy(policy).build();
        let (sent, seen) = (sent("1"), Seen::default());
        let noted = seen.clone();
        let handlers = Handlers::new()
            .on_any(async |webhook| {
                if webhook.attempt == 1 {
                    std::future::pending::<()>().await;
                }
                Ok(())
            })
            .on_failure(move |failure| {
                noted.note(failure.errors[0].to_string());
                std::future::ready(Ok(()))
            });
        sent.arrive(&inbox).await.unwrap();
        run_until(&inbox, handlers, &sent.id(), Done).await;
        assert_eq!(seen.all(), ["the handlers exceeded the time limit"], "{place:?}");
    }
}

/// Only the holder of the lease can record an outcome, and only once.
#[tokio::test(flavor = "multi_thread")]
async fn d16_an_outcome_is_noted_once() {
    for place in engines::all() {
        let store = place.open().await;
        let (inbox, sent) = (inbox(store.clone()), sent("1"));
        sent.arrive(&inbox).await.unwrap();
        let now = SystemClock.now();
        let leased = store.lease(now, Timestamp::MAX, 1).await.unwrap();
        let lease = &leased[0].lease;
        assert_eq!(inbox.state(&sent.id()).await.unwrap(), Some(Leased));
        assert!(store.complete(lease, now).await.unwrap());
        assert!(!store.complete(lease, now).await.unwrap(), "{place:?}");
        assert!(!store.retry(lease, now, "late").await.unwrap(), "{place:?}");
        assert!(!store.bury(lease, now, "late").await.unwrap(), "{place:?}");
        assert_eq!(inbox.state(&sent.id()).await.unwrap(), Some(Done));
    }
}
