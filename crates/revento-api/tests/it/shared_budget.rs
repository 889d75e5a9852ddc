//! Two replicas share one budget through a store (contract §3.6).
//!
//! `cargo xtask test` starts the servers; without one these tests print a line and pass.

use std::{sync::Arc, time::Duration};

use futures_util::future::{join, join_all};
use revento_api::{Error, EventClient, Pacing};
use revento_store::{BudgetStore, Clock};

use crate::support::{
    engines::{OnTheWire, postgres, redis, server},
    live::{Live, PUBLISHED, Wire},
};

/// Makes this many reads at once. Returns how many succeeded and how many were denied.
async fn read(event: &EventClient, times: usize) -> (usize, usize) {
    let reads = join_all((0..times).map(|_| event.get())).await;
    let (good, bad): (Vec<_>, Vec<_>) = reads.into_iter().partition(Result::is_ok);
    for error in bad.iter().filter_map(|read| read.as_ref().err()) {
        assert!(matches!(error, Error::Paced { .. }), "{error}");
    }
    (good.len(), bad.len())
}

/// Each replica has a connection of its own to the store.
async fn two_replicas(ours: Arc<dyn BudgetStore>, theirs: Arc<dyn BudgetStore>) {
    let pacing = |store| {
        Pacing::default()
            .longest_wait(Duration::from_secs(20))
            .shared(store)
    };
    let live = Live::with(|builder| builder.pacing(pacing(ours))).await;
    let other = live
        .replica(|builder| builder.pacing(pacing(theirs)))
        .event(PUBLISHED);
    let event = live.event();
    live.time.only_passes();
    let (ours, theirs) = join(read(&event, 25), read(&other, 25)).await;
    assert_eq!((ours.0 + theirs.0, ours.1 + theirs.1), (30, 20));
    assert_eq!(live.rate_limited().await, 0);
    // Neither replica starves.
    assert!(ours.0 >= 5 && theirs.0 >= 5, "{ours:?} {theirs:?}");
}

#[tokio::test]
async fn a17_two_replicas_on_one_redis_get_no_429() {
    let Some(url) = server("REVENTO_TEST_REDIS") else {
        return;
    };
    two_replicas(redis(&url, "minute").await, redis(&url, "minute").await).await;
}

#[tokio::test]
async fn a17_two_replicas_on_one_postgres_get_no_429() {
    let Some(url) = server("REVENTO_TEST_POSTGRES") else {
        return;
    };
    two_replicas(postgres(&url, "minute").await, postgres(&url, "minute").await).await;
}

/// Each replica has a long queue. Returns how long each queue took, in seconds of the sandbox.
async fn two_queues(ours: Arc<dyn BudgetStore>, theirs: Arc<dyn BudgetStore>) -> [u64; 2] {
    let pacing = |store, wire: &Arc<Wire>| {
        let wire = Arc::clone(wire);
        Pacing::default().shared(Arc::new(OnTheWire { wire, store }))
    };
    let live = Live::with_wire(|builder, wire| builder.pacing(pacing(ours, wire))).await;
    let other = live.replica(|builder| builder.pacing(pacing(theirs, &live.wire)));
    let (event, other) = (live.event(), other.event(PUBLISHED));
    let begun = live.time.now();
    let whole = async |event: &EventClient| {
        assert_eq!(read(event, 200).await, (200, 0));
        live.time.now().saturating_since(begun).as_secs()
    };
    let (ours, theirs) = join(whole(&event), whole(&other)).await;
    assert_eq!(live.rate_limited().await, 0);
    [ours, theirs]
}

/// 400 calls take 13 minutes at least. If one replica starved, the other one would be done with its 200 after 7 minutes.
fn is_fair(took: [u64; 2]) {
    assert!(
        took.iter().all(|took| (600..=13 * 62).contains(took)),
        "{took:?} s"
    );
}

#[tokio::test]
async fn a16_neither_replica_starves_on_one_redis() {
    let Some(url) = server("REVENTO_TEST_REDIS") else {
        return;
    };
    is_fair(two_queues(redis(&url, "queues").await, redis(&url, "queues").await).await);
}

#[tokio::test]
async fn a16_neither_replica_starves_on_one_postgres() {
    let Some(url) = server("REVENTO_TEST_POSTGRES") else {
        return;
    };
    is_fair(two_queues(postgres(&url, "queues").await, postgres(&url, "queues").await).await);
}
