//! Under load: slow handlers beside quick ones, and a store that stalls or fails for a while.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use futures_util::future::{FutureExt, join_all, try_join_all};
use revento_inbox::{AcceptError, Accepted, HandlerError, Handlers};
use revento_store::DeliveryState;
use tokio::sync::Semaphore;

use crate::{
    engines,
    observed::Observed,
    world::{Running, Seen, builder, eventually, quick, sent, until},
};

/// Counts handled webhooks.
fn counting(count: &Arc<AtomicUsize>) -> Handlers {
    let count = Arc::clone(count);
    Handlers::new().on_any(move |_| {
        count.fetch_add(1, Ordering::SeqCst);
        std::future::ready(Ok(()))
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn q25_a_handler_that_hangs_holds_no_quick_one_up() {
    const MANY: usize = 800;
    for place in engines::all() {
        let inbox = builder(place.open().await).policy(quick().concurrency(4)).build();
        let (handled, slow) = (Arc::new(AtomicUsize::new(0)), Arc::new(Semaphore::new(0)));
        let (counted, permits) = (Arc::clone(&handled), Arc::clone(&slow));
        let handlers = Handlers::new().on_any(move |webhook| {
            let (counted, permits) = (Arc::clone(&counted), Arc::clone(&permits));
            async move {
                if webhook.envelope.id.as_str().starts_with("env_slow") {
                    permits.acquire().await?.forget();
                }
                counted.fetch_add(1, Ordering::SeqCst);
                Ok(())
            }
        });
        let running = Running::start(&inbox, handlers);
        for number in 0..3 {
            sent(&format!("slow_{number}")).arrive(&inbox).await.unwrap();
        }
        let all: Vec<_> = (0..MANY).map(|number| sent(&number.to_string())).collect();
        for some in all.chunks(200) {
            try_join_all(some.iter().map(|sent| sent.arrive(&inbox)))
                .await
                .unwrap();
        }
        // Three of four slots hang.
        eventually(async || handled.load(Ordering::SeqCst) == MANY).await;
        slow.add_permits(3);
        eventually(async || handled.load(Ordering::SeqCst) == MANY + 3).await;
        running.stop().await;
        assert_eq!(
            handled.load(Ordering::SeqCst),
            MANY + 3,
            "{place:?}: each is handled once"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn q25_quick_handlers_do_not_cost_a_query_each() {
    const MANY: usize = 400;
    for place in engines::all() {
        let store = Observed::new(place.open().await);
        let inbox = builder(store.clone()).build();
        let all: Vec<_> = (0..MANY).map(|number| sent(&number.to_string())).collect();
        try_join_all(all.iter().map(|sent| sent.arrive(&inbox)))
            .await
            .unwrap();
        let handled = Arc::new(AtomicUsize::new(0));
        let running = Running::start(&inbox, counting(&handled));
        for sent in &all {
            until(&inbox, &sent.id(), DeliveryState::Done).await;
        }
        running.stop().await;
        assert_eq!(
            handled.load(Ordering::SeqCst),
            MANY,
            "{place:?}: each is handled once"
        );
        let leases = store.leases.load(Ordering::SeqCst);
        assert!(
            leases <= MANY / 3,
            "{place:?}: {leases} queries for {MANY} deliveries, with eight slots"
        );
        let polls = store.polls.load(Ordering::SeqCst);
        assert!(
            polls <= 10,
            "{place:?}: asked {polls} times when the next one is due"
        );
    }
}

/// The handler's work was done, so it must not be done again.
#[tokio::test(flavor = "multi_thread")]
async fn q27_an_outcome_is_stored_when_the_store_is_back() {
    for place in engines::all() {
        let store = Observed::new(place.open().await);
        let inbox = builder(store.clone()).policy(quick().concurrency(1)).build();
        let (handled, one, two) = (Arc::new(AtomicUsize::new(0)), sent("1"), sent("2"));
        store.failing_completions.store(1, Ordering::SeqCst);
        one.arrive(&inbox).await.unwrap();
        let running = Running::start(&inbox, counting(&handled));
        eventually(async || store.failing_completions.load(Ordering::SeqCst) == 0).await;
        // Others do not wait for it.
        two.arrive(&inbox).await.unwrap();
        until(&inbox, &two.id(), DeliveryState::Done).await;
        until(&inbox, &one.id(), DeliveryState::Done).await;
        running.stop().await;
        assert_eq!(handled.load(Ordering::SeqCst), 2, "{place:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn q27_a_lost_answer_of_the_store_hides_no_failure() {
    for place in engines::all() {
        let store = Observed::new(place.open().await);
        let inbox = builder(store.clone()).policy(quick()).build();
        let (told, one) = (Arc::new(AtomicUsize::new(0)), sent("1"));
        let hook = told.clone();
        let handlers = Handlers::new()
            .on_any(async |_| Err(HandlerError::retry("no")))
            .on_failure(move |_| {
                hook.fetch_add(1, Ordering::SeqCst);
                std::future::ready(Ok(()))
            });
        // The answer to each attempt's outcome, and to the burial.
        store.lost_answers.store(3, Ordering::SeqCst);
        one.arrive(&inbox).await.unwrap();
        let running = Running::start(&inbox, handlers);
        until(&inbox, &one.id(), DeliveryState::Buried).await;
        eventually(async || told.load(Ordering::SeqCst) == 3).await;
        running.stop().await;
        assert_eq!(store.lost_answers.load(Ordering::SeqCst), 0, "{place:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn q27_a_runner_that_stops_does_not_wait_for_a_store_that_is_gone() {
    for place in engines::all() {
        let store = Observed::new(place.open().await);
        let inbox = builder(store.clone()).build();
        let (handled, one) = (Arc::new(AtomicUsize::new(0)), sent("1"));
        store.failing_completions.store(usize::MAX, Ordering::SeqCst);
        one.arrive(&inbox).await.unwrap();
        let running = Running::start(&inbox, counting(&handled));
        eventually(async || store.failing_completions.load(Ordering::SeqCst) < usize::MAX).await;
        // The lease ends in a minute and a half.
        tokio::time::timeout(Duration::from_secs(30), running.stop())
            .await
            .unwrap();
        assert_eq!(handled.load(Ordering::SeqCst), 1, "{place:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn d27_a_store_that_stalls_is_given_so_many_deliveries_and_no_more() {
    for place in engines::all() {
        let store = Observed::new(place.open().await);
        let policy = quick().max_concurrent_accepts(20);
        let inbox = builder(store.clone()).policy(policy).build();
        store.stalled.send_replace(true);
        let results = Seen::default();
        let all: Vec<_> = (0..200).map(|number| sent(&number.to_string())).collect();
        let accepting = all.iter().map(|sent| {
            let (inbox, results) = (&inbox, &results);
            async move {
                match sent.arrive(inbox).await {
                    Ok(accepted) => assert_eq!(accepted, Accepted::New),
                    Err(error) => {
                        assert!(matches!(error, AcceptError::Overloaded), "{error}");
                        assert!(error.is_transient() && !error.may_have_taken_effect());
                        results.note(sent.envelope_id.clone());
                    }
                }
            }
        });
        let recover = async {
            // They are refused while the store stalls.
            eventually(async || results.all().len() == 180).await;
            store.stalled.send_replace(false);
        };
        tokio::join!(join_all(accepting), recover);
        assert_eq!(store.most_inserting.load(Ordering::SeqCst), 20, "{place:?}");
        let refused = results.all();
        for sent in &all {
            let stored = inbox.state(&sent.id()).await.unwrap().is_some();
            assert_eq!(stored, !refused.contains(&sent.envelope_id), "{place:?}");
            // The platform sends it again.
            sent.arrive(&inbox).await.unwrap();
        }
    }
}

/// An endpoint stops waiting after a while. Its place is free then.
#[tokio::test(flavor = "multi_thread")]
async fn d27_an_accept_that_is_dropped_makes_room() {
    for place in engines::all() {
        let store = Observed::new(place.open().await);
        let inbox = builder(store.clone())
            .policy(quick().max_concurrent_accepts(1))
            .build();
        store.stalled.send_replace(true);
        let (one, two) = (sent("1"), sent("2"));
        {
            let mut waiting = std::pin::pin!(one.arrive(&inbox));
            assert!(waiting.as_mut().now_or_never().is_none());
            assert!(matches!(two.arrive(&inbox).await, Err(AcceptError::Overloaded)));
        }
        store.stalled.send_replace(false);
        assert_eq!(two.arrive(&inbox).await.unwrap(), Accepted::New, "{place:?}");
        assert_eq!(one.arrive(&inbox).await.unwrap(), Accepted::New, "{place:?}");
    }
}
