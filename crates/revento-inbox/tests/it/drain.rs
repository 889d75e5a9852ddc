//! Draining: what a function on a serverless platform calls.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use revento_core::Timestamp;
use revento_inbox::{DrainError, HandlerError, Handlers, Inbox, by_resource};
use revento_store::{
    Clock,
    DeliveryState::{Buried, Done, Leased, Queued},
    SystemClock,
};
use tokio::sync::Semaphore;

use crate::{
    engines,
    observed::Observed,
    world::{Ahead, Seen, Sent, builder, inbox, quick, sent},
};

/// Far enough that no test reaches it.
fn in_an_hour() -> Timestamp {
    SystemClock.now().saturating_add(Duration::from_secs(3600))
}

fn noting(seen: &Seen) -> Handlers {
    let seen = seen.clone();
    Handlers::new().on_any(move |webhook| {
        seen.note(webhook.envelope.id.as_str());
        std::future::ready(Ok(()))
    })
}

async fn arrived(inbox: &Inbox, count: usize) -> Vec<Sent> {
    let all: Vec<_> = (0..count).map(|number| sent(&number.to_string())).collect();
    for sent in &all {
        sent.arrive(inbox).await.unwrap();
    }
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn q26_what_is_due_is_handled_and_the_call_returns() {
    for place in engines::all() {
        let (inbox, seen) = (inbox(place.open().await), Seen::default());
        let nothing = inbox.drain(&noting(&seen), 100, in_an_hour()).await.unwrap();
        assert_eq!((nothing.handled, nothing.failed, nothing.unfinished), (0, 0, 0));
        assert_eq!(nothing.next_due, None, "{place:?}");

        let all = arrived(&inbox, 30).await;
        let drained = inbox.drain(&noting(&seen), 100, in_an_hour()).await.unwrap();
        assert_eq!((drained.handled, drained.next_due), (30, None), "{place:?}");
        assert_eq!(seen.all().len(), 30);
        for sent in &all {
            assert_eq!(inbox.state(&sent.id()).await.unwrap(), Some(Done));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn q26_no_more_attempts_are_made_than_the_limit_says() {
    for place in engines::all() {
        let (inbox, seen) = (inbox(place.open().await), Seen::default());
        arrived(&inbox, 10).await;
        for (limit, handled) in [(0, 0), (7, 7), (7, 3)] {
            let drained = inbox.drain(&noting(&seen), limit, in_an_hour()).await.unwrap();
            assert_eq!(drained.handled, handled, "{place:?}");
            let more = drained.next_due.is_some_and(|due| due <= SystemClock.now());
            assert_eq!(more, seen.all().len() < 10, "{place:?} {drained:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn q26_a_retry_that_is_due_later_is_announced_and_not_waited_for() {
    for place in engines::all() {
        let clock = Arc::new(Ahead::default());
        let hour = Duration::from_secs(3600);
        let inbox = builder(place.open().await)
            .policy(quick().retry_delays([hour]))
            .clock(clock.clone())
            .build();
        let all = arrived(&inbox, 2).await;
        let fail = Handlers::new().on_any(async |_| Err(HandlerError::retry("the mail server is down")));
        let before = clock.now();
        let deadline = || clock.now().saturating_add(hour);
        let drained = inbox.drain(&fail, 100, deadline()).await.unwrap();
        assert_eq!(
            (drained.handled, drained.failed, drained.unfinished),
            (0, 2, 0),
            "{place:?}"
        );
        let due = drained.next_due.unwrap();
        assert!(due >= before.saturating_add(hour), "{place:?} {due:?}");
        assert_eq!(inbox.state(&all[0].id()).await.unwrap(), Some(Queued));

        clock.advance(due.saturating_since(clock.now()));
        let drained = inbox.drain(&fail, 1, deadline()).await.unwrap();
        assert_eq!(drained.failed, 1, "{place:?}");
        clock.advance(Duration::from_secs(60));
        let drained = inbox.drain(&fail, 100, deadline()).await.unwrap();
        assert_eq!((drained.failed, drained.next_due), (1, None), "{place:?}");
        for sent in &all {
            assert_eq!(inbox.state(&sent.id()).await.unwrap(), Some(Buried), "{place:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn q26_two_drains_at_once_share_the_work() {
    for place in engines::all() {
        let seen = Seen::default();
        let functions = [inbox(place.open().await), inbox(place.open().await)];
        arrived(&functions[0], 60).await;
        let handlers = noting(&seen);
        let [one, two] = functions
            .each_ref()
            .map(|inbox| inbox.drain(&handlers, 100, in_an_hour()));
        let (one, two) = tokio::join!(one, two);
        assert_eq!(one.unwrap().handled + two.unwrap().handled, 60, "{place:?}");
        let mut all = seen.all();
        all.sort();
        all.dedup();
        assert_eq!(all.len(), 60, "{place:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn q26_deliveries_of_one_resource_are_drained_in_order() {
    for place in engines::all() {
        let inbox = builder(place.open().await).ordered_by(by_resource).build();
        let seen = Seen::default();
        arrived(&inbox, 12).await;
        let drained = inbox.drain(&noting(&seen), 100, in_an_hour()).await.unwrap();
        assert_eq!(drained.handled, 12, "{place:?}");
        let order: Vec<_> = (0..12).map(|number| format!("env_{number}")).collect();
        assert_eq!(seen.all(), order, "{place:?}");
    }
}

/// The handler of `env_0` never ends.
fn hanging_once(seen: &Seen) -> Handlers {
    let seen = seen.clone();
    Handlers::new().on_any(move |webhook| {
        let seen = seen.clone();
        async move {
            if webhook.envelope.id.as_str() == "env_0" && webhook.attempt == 1 {
                std::future::pending::<()>().await;
            }
            seen.note(webhook.envelope.id.as_str());
            Ok(())
        }
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn q26_a_handler_that_hangs_fails_in_time_and_holds_nobody_up() {
    for place in engines::all() {
        let policy = quick()
            .concurrency(2)
            .retry_delays([Duration::ZERO])
            .handler_timeout(Duration::from_millis(300));
        let inbox = builder(place.open().await).policy(policy).build();
        let seen = Seen::default();
        let all = arrived(&inbox, 40).await;
        let drained = inbox
            .drain(&hanging_once(&seen), 100, in_an_hour())
            .await
            .unwrap();
        assert_eq!(
            (drained.handled, drained.failed, drained.unfinished),
            (40, 1, 0),
            "{place:?}"
        );
        assert_eq!(seen.all().len(), all.len());
    }
}

/// The handler would end only after the deadline. The call returns without it and says so; the lease ends by itself.
#[tokio::test(flavor = "multi_thread")]
async fn q26_what_has_no_outcome_at_the_deadline_stays_leased_and_is_counted() {
    for place in engines::all() {
        let clock = Arc::new(Ahead::default());
        let timeout = Duration::from_secs(2);
        let inbox = builder(place.open().await)
            .policy(quick().handler_timeout(timeout).concurrency(4))
            .clock(clock.clone())
            .build();
        let (seen, stuck) = (Seen::default(), Arc::new(Semaphore::new(0)));
        let all = arrived(&inbox, 3).await;
        // The failure hook hangs, after the outcome of the failed attempt was stored.
        let handlers = hanging_once(&seen).on_failure(move |_| {
            let stuck = stuck.clone();
            async move {
                stuck.acquire().await?.forget();
                Ok(())
            }
        });
        let deadline = clock.now().saturating_add(timeout + timeout / 2);
        let drained = inbox.drain(&handlers, 100, deadline).await.unwrap();
        assert_eq!(
            (drained.handled, drained.unfinished),
            (2, 1),
            "{place:?} {drained:?}"
        );
        let due = drained.next_due.unwrap();
        assert!(due <= clock.now(), "it is not known, so the caller asks again");

        // The outcome of the failed attempt is stored, or its lease ends.
        let state = inbox.state(&all[0].id()).await.unwrap();
        assert!(matches!(state, Some(Queued | Leased)), "{place:?} {state:?}");
        clock.advance(Duration::from_secs(120));
        let deadline = clock.now().saturating_add(Duration::from_secs(60));
        let drained = inbox.drain(&noting(&seen), 100, deadline).await.unwrap();
        assert_eq!((drained.handled, drained.next_due), (1, None), "{place:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn q26_a_deadline_that_leaves_no_time_for_one_attempt_is_an_error() {
    for place in engines::all() {
        let inbox = inbox(place.open().await);
        let all = arrived(&inbox, 1).await;
        let deadline = SystemClock.now().saturating_add(Duration::from_secs(30));
        let refused = inbox.drain(&Handlers::new(), 100, deadline).await.unwrap_err();
        assert!(matches!(refused, DrainError::TooLittleTime { .. }), "{place:?}");
        assert!(refused.to_string().contains("handler_timeout"), "{refused}");
        assert!(!refused.is_transient() && !refused.may_have_taken_effect());
        assert_eq!(
            inbox.state(&all[0].id()).await.unwrap(),
            Some(Queued),
            "{place:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn q26_a_store_that_fails_in_the_middle_is_an_error_and_loses_nothing() {
    for place in engines::all() {
        let store = Observed::new(place.open().await);
        let inbox = builder(store.clone()).policy(quick().concurrency(4)).build();
        let seen = Seen::default();
        arrived(&inbox, 12).await;
        store.leases_left.store(1, Ordering::SeqCst);
        let failed = inbox.drain(&noting(&seen), 100, in_an_hour()).await.unwrap_err();
        assert!(matches!(failed, DrainError::Store(_)), "{place:?} {failed}");
        assert!(failed.is_transient() && failed.may_have_taken_effect());
        assert_eq!(seen.all().len(), 4, "{place:?}: what was leased is finished");

        store.leases_left.store(usize::MAX, Ordering::SeqCst);
        let drained = inbox.drain(&noting(&seen), 100, in_an_hour()).await.unwrap();
        assert_eq!((drained.handled, drained.next_due), (8, None), "{place:?}");
    }
}

/// A function has no runner that would do it.
#[tokio::test(flavor = "multi_thread")]
async fn q18_draining_expunges_and_forgets_as_a_runner_does() {
    for place in engines::all() {
        let clock = Arc::new(Ahead::default());
        let inbox = builder(place.open().await).clock(clock.clone()).build();
        let all = arrived(&inbox, 2).await;
        let handlers = Handlers::new().on_any(async |webhook| match webhook.envelope.id.as_str() {
            "env_0" => Err(HandlerError::permanent("no such table")),
            _ => Ok(()),
        });
        let deadline = || clock.now().saturating_add(Duration::from_secs(600));
        inbox.drain(&handlers, 100, deadline()).await.unwrap();
        assert_eq!(inbox.state(&all[0].id()).await.unwrap(), Some(Buried));
        assert!(!inbox.buried(None, 10).await.unwrap()[0].expunged, "{place:?}");

        clock.advance(Duration::from_secs(31 * 86_400));
        inbox.drain(&handlers, 100, deadline()).await.unwrap();
        assert!(inbox.buried(None, 10).await.unwrap()[0].expunged, "{place:?}");
        assert_eq!(inbox.state(&all[1].id()).await.unwrap(), None, "{place:?}");
    }
}
