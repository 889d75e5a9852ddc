//! The dispatcher: it delivers due webhooks and records the outcome of each attempt.

mod attempt;
mod clients;
mod delivery_faults;
mod explain;
mod route;
mod schedule;

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::task::JoinSet;

use crate::platform::records::Delivery;
use crate::runtime::Runtime;

pub(crate) use clients::Clients;
pub(crate) use delivery_faults::{HeaderValues, signed};

/// How many attempts run at the same time.
const MAX_CONCURRENT: usize = 32;

/// The ids of the deliveries whose attempts are in flight.
#[derive(Debug, Clone, Default)]
struct InFlight(Arc<Mutex<HashSet<String>>>);

impl InFlight {
    fn ids(&self) -> MutexGuard<'_, HashSet<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn insert(&self, id: &str) -> InFlightGuard {
        self.ids().insert(id.to_owned());
        InFlightGuard {
            all: self.clone(),
            id: id.to_owned(),
        }
    }
}

/// Marks a delivery as in flight until it is dropped.
struct InFlightGuard {
    all: InFlight,
    id: String,
}

impl Drop for InFlightGuard {
    fn drop(&mut self) {
        self.all.ids().remove(&self.id);
    }
}

/// Delivers webhooks until the sandbox stops. Sleeps until the next attempt is due or something changes.
pub(crate) async fn run(runtime: Arc<Runtime>, clients: Clients) {
    let in_flight = InFlight::default();
    let mut attempts = JoinSet::new();
    let mut stopping = runtime.stopping.subscribe();
    while !*stopping.borrow() {
        let ids = in_flight.ids().clone();
        let round = schedule::next_round(&runtime, &ids, MAX_CONCURRENT).await;
        for delivery in round.due {
            let guard = in_flight.insert(&delivery.id);
            let (runtime, clients) = (Arc::clone(&runtime), clients.clone());
            attempts.spawn(async move {
                deliver(&runtime, &clients, delivery).await;
                drop(guard);
                runtime.dispatcher_wake.notify_one();
            });
        }
        while attempts.try_join_next().is_some() {}
        tokio::select! {
            () = runtime.dispatcher_wake.notified() => {}
            () = schedule::sleep(round.next) => {}
            _ = stopping.changed() => {}
        }
    }
    // Attempts in flight are aborted and not recorded, so they are made again after a restart.
    attempts.shutdown().await;
}

async fn deliver(runtime: &Runtime, clients: &Clients, delivery: Delivery) {
    let attempt = attempt::run(runtime, clients, &delivery).await;
    if let Err(error) = schedule::record(runtime, &delivery, attempt).await {
        tracing::error!(%error, delivery = %delivery.id, "the outcome of an attempt could not be recorded");
    }
}
