//! Two replicas, one budget, in a store that both reach (contract §3.6).
//!
//! `cargo xtask test` brings the servers; without one these tests say so and pass.

#![allow(clippy::print_stdout, reason = "a test that cannot run says so")]

use std::{sync::Arc, time::Duration};

use futures_util::future::{join, join_all};
use revento_api::{Error, EventClient, Pacing};
use revento_store::BudgetStore;
use revento_store_postgres::PostgresOptions;
use revento_store_redis::RedisOptions;

use crate::support::live::{Live, PUBLISHED};

fn server(variable: &str) -> Option<String> {
    let url = std::env::var(variable).ok().filter(|url| !url.is_empty());
    if url.is_none() {
        println!("skipped: no {variable} (cargo xtask test brings it)");
    }
    url
}

/// A name that nobody has used.
fn fresh() -> String {
    format!("revento_budgets_{}", std::process::id())
}

async fn redis(url: &str) -> Arc<dyn BudgetStore> {
    let options = RedisOptions::new(url).prefix(fresh()).trust_the_server();
    Arc::new(options.connect().await.unwrap())
}

async fn postgres(url: &str) -> Arc<dyn BudgetStore> {
    let options = PostgresOptions::new(url).schema(fresh()).max_connections(3);
    Arc::new(options.connect().await.unwrap())
}

/// Reads so often, all at once: how many came through, and how many were told to come back later.
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
    // Neither starves the other.
    assert!(ours.0 >= 5 && theirs.0 >= 5, "{ours:?} {theirs:?}");
}

#[tokio::test]
async fn a17_two_replicas_on_one_redis_get_no_429() {
    let Some(url) = server("REVENTO_TEST_REDIS") else {
        return;
    };
    two_replicas(redis(&url).await, redis(&url).await).await;
}

#[tokio::test]
async fn a17_two_replicas_on_one_postgres_get_no_429() {
    let Some(url) = server("REVENTO_TEST_POSTGRES") else {
        return;
    };
    two_replicas(postgres(&url).await, postgres(&url).await).await;
}
