//! Many calls on one budget (contract §3.6, invariant C1).

use std::{sync::Arc, time::Duration};

use futures_util::future::{join, join_all};
use revento_api::{Error, EventClient, MemoryUse, Pacing};
use revento_core::error::ErrorKind;
use revento_core::pacing::LimitedBy;
use revento_sandbox::Fault;
use revento_store::{Clock, memory::MemoryBudgets};

use crate::support::live::{Live, PUBLISHED};

/// The most that the budgets of an installation token allow: 30 calls in any minute, 500 in any hour.
fn best(calls: u64) -> u64 {
    let last = calls - 1;
    last / 500 * 3600 + last % 500 / 30 * 60
}

#[tokio::test]
async fn a16_a_thousand_queued_reads_get_no_429_and_finish_in_time() {
    let live = Live::connected().await;
    let begun = live.time.now();
    let event = live.event();
    let reads = join_all((0..1000).map(|_| event.get())).await;
    for read in reads {
        assert_eq!(read.unwrap().id.as_str(), PUBLISHED);
    }
    let took = live.time.now().saturating_since(begun).as_secs();
    assert_eq!(live.rate_limited().await, 0);
    assert_eq!(best(1000), 4560);
    assert!((4559..=4560 * 105 / 100).contains(&took), "{took} s");
    assert_eq!(live.sandbox.stats().await.unwrap().refreshes, 1);
}

#[tokio::test]
async fn a17_two_replicas_that_share_the_budget_get_no_429() {
    let shared = Arc::new(MemoryBudgets::new());
    let pacing = || Pacing::default().shared(Arc::<MemoryBudgets>::clone(&shared));
    let live = Live::with(|builder| builder.pacing(pacing())).await;
    let other = live.replica(|builder| builder.pacing(pacing())).event(PUBLISHED);
    let event = live.event();
    let (ours, theirs) = join(read(&event, 50), read(&other, 50)).await;
    assert_eq!((ours, theirs), (50, 50));
    assert_eq!(live.rate_limited().await, 0);
    assert_eq!(shared.count(), 1);
}

#[tokio::test]
async fn a17_without_a_shared_store_the_headers_keep_refusals_few() {
    let live = Live::connected().await;
    let other = live.replica(|builder| builder).event(PUBLISHED);
    let event = live.event();
    let (ours, theirs) = join(read(&event, 40), read(&other, 40)).await;
    assert_eq!((ours, theirs), (40, 40));
    // Each makes five calls at once, so the platform refuses some before the clients learn of each other.
    assert!(live.rate_limited().await < 40, "{}", live.rate_limited().await);
}

/// Makes this many reads at once, and counts the results.
async fn read(event: &EventClient, times: usize) -> usize {
    let reads = join_all((0..times).map(|_| event.get())).await;
    reads.into_iter().map(Result::unwrap).count()
}

#[tokio::test]
async fn a16_first_come_first_served() {
    let live = Live::connected().await;
    let event = live.event();
    let order = std::sync::Mutex::new(Vec::new());
    join_all((0..70).map(|number| {
        let (event, order) = (&event, &order);
        async move {
            event.get().await.unwrap();
            order.lock().unwrap().push(number);
        }
    }))
    .await;
    let order = order.into_inner().unwrap();
    // Answers overtake each other only among the calls in flight at once.
    for (place, number) in order.iter().enumerate() {
        assert!(place.abs_diff(*number) < 5, "{order:?}");
    }
}

#[tokio::test]
async fn a16_who_would_wait_for_too_long_is_told_at_once() {
    let pacing = Pacing::default().longest_wait(Duration::from_secs(30));
    let live = Live::with(|builder| builder.pacing(pacing)).await;
    let event = live.event();
    let begun = live.time.now();
    let reads = join_all((0..40).map(|_| event.get())).await;
    assert!(live.time.now().saturating_since(begun) < Duration::from_secs(30));
    let (good, bad): (Vec<_>, Vec<_>) = reads.into_iter().partition(Result::is_ok);
    assert_eq!((good.len(), bad.len()), (30, 10));
    for error in bad.into_iter().map(Result::unwrap_err) {
        let Error::Paced {
            ready_at,
            limited_by: LimitedBy::Minute,
            ..
        } = &error
        else {
            panic!("{error}")
        };
        let wait = ready_at.saturating_since(begun).as_secs();
        assert!((59..=61).contains(&wait), "{wait}");
        assert!(error.is_transient());
        assert_eq!(error.kind(), ErrorKind::RateLimited);
        assert_eq!(error.request_id(), None);
    }
    assert_eq!(live.rate_limited().await, 0);
}

#[tokio::test]
async fn a16_a_queue_has_an_end() {
    let pacing = Pacing::default().longest_queue(10);
    let live = Live::with(|builder| builder.pacing(pacing)).await;
    let event = live.event();
    let reads = join_all((0..40).map(|_| event.get())).await;
    let full = reads
        .iter()
        .filter(|read| matches!(read, Err(Error::QueueFull { waiting: 11.., .. })))
        .count();
    assert!(full > 0 && full < 30, "{full}");
    assert!(reads.iter().filter(|read| read.is_ok()).count() == 40 - full);
}

#[tokio::test]
async fn a18_idle_tokens_are_forgotten() {
    let live = Live::connected().await;
    // These events are not connected: the limiter is not asked.
    for number in 0..100 {
        live.client
            .event(format!("evt_{number}"))
            .get()
            .await
            .unwrap_err();
    }
    assert_eq!(live.client.pacing_memory().entries, 0);
    live.event().get().await.unwrap();
    let MemoryUse {
        entries: tokens,
        bytes,
        ..
    } = live.client.pacing_memory();
    assert_eq!(tokens, 1);
    assert!(bytes < 1024, "{bytes}");
}

#[tokio::test]
async fn a19_the_remaining_budget_is_the_platforms() {
    let live = Live::connected().await;
    let event = live.event();
    assert_eq!(event.budget_remaining(), None);
    event.get().await.unwrap();
    assert_eq!(event.budget_remaining().unwrap().minute, 29);
    // Another program uses the same token.
    let other = live.replica(|builder| builder).event(PUBLISHED);
    for _ in 0..10 {
        other.get().await.unwrap();
    }
    event.get().await.unwrap();
    assert_eq!(event.budget_remaining().unwrap().minute, 18);
    assert_eq!(event.budget_remaining().unwrap().in_flight, 5);
}

#[tokio::test]
async fn a8_too_many_at_once_waits_and_succeeds() {
    let live = Live::connected().await;
    live.sandbox
        .arm(Fault::named("concurrent_limited").at("event"))
        .unwrap();
    let event = live.event();
    for read in join_all((0..10).map(|_| event.get())).await {
        read.unwrap();
    }
    assert_eq!(live.wire.take_reads().len(), 11);
}

#[tokio::test]
async fn a16_an_estimate_of_the_end_is_honest() {
    let live = Live::connected().await;
    let event = live.event();
    let begun = live.time.now();
    let promised = event.calls_done_at(95).saturating_since(begun);
    join_all((0..95).map(|_| event.get())).await;
    let took = live.time.now().saturating_since(begun);
    assert_eq!(promised.as_secs(), 180);
    assert!(took.as_secs().abs_diff(180) <= 2, "{took:?}");
}

#[tokio::test]
async fn a16_pacing_can_be_off() {
    let live = Live::with(|builder| builder.pacing(Pacing::off()).retry(revento_api::Retry::never())).await;
    let event = live.event();
    let reads = join_all((0..40).map(|_| event.get())).await;
    assert!(reads.iter().any(Result::is_err));
    assert!(live.rate_limited().await > 0);
    assert_eq!(LimitedBy::RetryAfter.as_str(), "retry_after");
}
