//! One budget for many replicas.

use std::sync::Arc;

use revento_core::{
    Timestamp, limits,
    pacing::{Budget, Ruling},
};
use revento_store::{BudgetStore, BudgetWrite, Exchanged};

use crate::server;

const NOW: Timestamp = Timestamp::from_unix_seconds(1_778_336_551);

fn write<'a>(expected: Option<&'a [u8]>, next: &'a [u8]) -> BudgetWrite<'a> {
    BudgetWrite {
        key: "client/evt_1/\"odd\" %é",
        expected,
        next,
        now: NOW,
        idle_at: Timestamp::from_unix_seconds(1_778_340_151),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a17_an_exchange_is_made_only_with_what_is_there() {
    let Some(url) = server::url() else { return };
    let store = server::options(&url, &server::fresh()).connect().await.unwrap();
    assert_eq!(
        store.exchange(write(None, b"\0one\xff")).await.unwrap(),
        Exchanged::Yes
    );
    let there = Exchanged::No(b"\0one\xff".to_vec());
    assert_eq!(store.exchange(write(None, b"two")).await.unwrap(), there);
    assert_eq!(store.exchange(write(Some(b"zero"), b"two")).await.unwrap(), there);
    assert_eq!(
        store.exchange(write(Some(b"\0one\xff"), b"two")).await.unwrap(),
        Exchanged::Yes
    );
    assert_eq!(
        store.exchange(write(None, b"x")).await.unwrap(),
        Exchanged::No(b"two".to_vec())
    );
    let other = BudgetWrite {
        key: "forgotten",
        ..write(Some(b"what was"), b"there")
    };
    assert_eq!(store.exchange(other).await.unwrap(), Exchanged::Yes);
}

#[tokio::test(flavor = "multi_thread")]
async fn a17_replicas_that_ask_at_once_get_five_places_together() {
    let Some(url) = server::url() else { return };
    let store = server::options(&url, &server::fresh()).connect().await.unwrap();
    let store = Arc::new(store);
    let replica = |store: Arc<dyn BudgetStore>| async move {
        let (mut went, mut known): (usize, Option<Vec<u8>>) = (0, None);
        loop {
            let mut budget = known
                .as_deref()
                .and_then(Budget::from_bytes)
                .unwrap_or_else(|| Budget::new(limits::INSTALLATION_BUDGETS));
            if let Ruling::Wait(_) = budget.ask(NOW) {
                return went;
            }
            let next = budget.to_bytes();
            match store.exchange(write(known.as_deref(), &next)).await.unwrap() {
                Exchanged::Yes => (went, known) = (went + 1, Some(next)),
                Exchanged::No(current) => known = Some(current),
            }
        }
    };
    let tasks: Vec<_> = (0..8)
        .map(|_| tokio::spawn(replica(Arc::clone(&store) as Arc<dyn BudgetStore>)))
        .collect();
    let mut went = 0;
    for task in tasks {
        went += task.await.unwrap();
    }
    assert_eq!(went, 5);
}
