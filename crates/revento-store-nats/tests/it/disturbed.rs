//! A cluster whose nodes are killed, restarted, stopped and resumed while replicas work.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use revento_core::Timestamp;
use revento_store::{DeliveryState, InboxAdmin, InboxStore, LeasedDelivery};
use revento_store_nats::NatsStore;
use revento_store_testkit::fixtures::{self, NOW};

use crate::server::{Servers, one_cluster};

const MINUTE: Duration = Duration::from_secs(60);
/// How many deliveries have to be accepted while a node is away.
const PROGRESS: usize = 30;

/// What the platform and the handlers have seen.
#[derive(Default)]
struct Ledger {
    accepted: Mutex<BTreeSet<u64>>,
    completed: Mutex<BTreeMap<String, u32>>,
    stop: AtomicBool,
}

impl Ledger {
    fn accepted(&self) -> usize {
        self.accepted.lock().unwrap().len()
    }

    fn goes_on(&self) -> bool {
        !self.stop.load(Ordering::Relaxed)
    }
}

/// The platform: sends each delivery until it is acknowledged.
async fn send(store: NatsStore, ledger: Arc<Ledger>, first: u64) {
    let mut number = first;
    while ledger.goes_on() {
        match store.insert(&fixtures::delivery(number)).await {
            Ok(_) => {
                ledger.accepted.lock().unwrap().insert(number);
                number += 10;
            }
            Err(error) => assert!(error.is_transient(), "{error:?}"),
        }
    }
}

/// A runner: completes what it has leased, and asks again if it gets no answer.
async fn handle(store: &NatsStore, ledger: &Ledger, now: Timestamp) -> usize {
    let leased = match store.lease(now, now.saturating_add(MINUTE), 20).await {
        Ok(leased) => leased,
        Err(error) => {
            assert!(error.is_transient(), "{error:?}");
            return 0;
        }
    };
    for delivery in &leased {
        complete(store, ledger, delivery, now).await;
    }
    leased.len()
}

async fn complete(store: &NatsStore, ledger: &Ledger, delivery: &LeasedDelivery, now: Timestamp) {
    loop {
        match store.complete(&delivery.lease, now).await {
            Ok(done) => {
                let id = delivery.lease.envelope_id.to_string();
                *ledger.completed.lock().unwrap().entry(id).or_default() += u32::from(done);
                return;
            }
            Err(error) => assert!(error.is_transient(), "{error:?}"),
        }
    }
}

/// Waits until more deliveries were accepted: with one node away the cluster has to go on.
async fn progress(ledger: &Ledger, what: &str) {
    let wanted = ledger.accepted() + PROGRESS;
    let enough = async {
        while ledger.accepted() < wanted {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let waited = tokio::time::timeout(2 * MINUTE, enough).await;
    assert!(waited.is_ok(), "nothing is accepted any more after {what}");
}

#[tokio::test(flavor = "multi_thread")]
async fn q2_what_was_acknowledged_survives_the_failure_of_any_node() {
    let Some((mut cluster, _one)) = one_cluster().await else {
        return;
    };
    let servers = Servers { urls: cluster.urls() };
    let (store, guard) = servers.fresh().await.unwrap();
    let replica = guard.streams().open().await.unwrap();
    let ledger = Arc::new(Ledger::default());
    let senders = [(store.clone(), 1), (replica.clone(), 2)];
    let mut tasks: Vec<_> = senders
        .map(|(store, first)| tokio::spawn(send(store, ledger.clone(), first)))
        .into();
    tasks.extend([store.clone(), replica].map(|store| {
        let ledger = ledger.clone();
        tokio::spawn(async move {
            while ledger.goes_on() {
                handle(&store, &ledger, NOW).await;
            }
        })
    }));

    progress(&ledger, "the beginning").await;
    for node in 0..3 {
        cluster.kill(node);
        progress(&ledger, "a node was killed").await;
        cluster.restart(node).unwrap();
        tokio::task::block_in_place(|| cluster.wait(node)).unwrap();
    }
    for node in 0..3 {
        cluster.stop(node).unwrap();
        progress(&ledger, "a node was cut off").await;
        cluster.resume(node).unwrap();
        tokio::task::block_in_place(|| cluster.wait(node)).unwrap();
    }
    ledger.stop.store(true, Ordering::Relaxed);
    for task in tasks {
        task.await.unwrap();
    }

    // What a lost answer has left leased.
    let late = NOW.saturating_add(10 * MINUTE);
    let rest = async {
        while store.next_due().await.unwrap().is_some() {
            handle(&store, &ledger, late).await;
        }
    };
    let ended = tokio::time::timeout(3 * MINUTE, rest).await;
    assert!(
        ended.is_ok(),
        "the rest is not handled: {:?}",
        store.stats(late, NOW).await
    );
    let accepted = ledger.accepted.lock().unwrap().clone();
    for number in accepted {
        let id = fixtures::delivery(number).envelope_id;
        let state = store.state(&id).await.unwrap();
        assert_eq!(state, Some(DeliveryState::Done), "{id}");
    }
    let completed = ledger.completed.lock().unwrap();
    let twice: Vec<_> = completed.iter().filter(|(_, count)| **count > 1).collect();
    assert!(twice.is_empty(), "completed more than once: {twice:?}");
}
