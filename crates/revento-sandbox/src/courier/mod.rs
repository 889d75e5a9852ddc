//! The courier: takes due deliveries to their receivers and writes down what happened.

mod attempt;
mod schedule;
mod tamper;

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::task::JoinSet;

use crate::platform::hub::Hub;
use crate::platform::records::Delivery;

pub(crate) use attempt::client;

/// How many receivers are waited for at once.
const AT_ONCE: usize = 32;

/// Deliveries whose attempts are under way.
#[derive(Debug, Clone, Default)]
struct UnderWay(Arc<Mutex<HashSet<String>>>);

impl UnderWay {
    fn ids(&self) -> HashSet<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn mark(&self, id: &str) -> Mark {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(id.to_owned());
        Mark {
            all: self.clone(),
            id: id.to_owned(),
        }
    }
}

/// Ends with the attempt, however the attempt ends.
struct Mark {
    all: UnderWay,
    id: String,
}

impl Drop for Mark {
    fn drop(&mut self) {
        self.all
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&self.id);
    }
}

/// Runs until the sandbox stops. Sleeps until the next attempt is due or something changes.
pub(crate) async fn run(hub: Arc<Hub>, client: reqwest::Client) {
    let under_way = UnderWay::default();
    let mut attempts = JoinSet::new();
    let mut stopping = hub.stopping.subscribe();
    while !*stopping.borrow() {
        let round = schedule::round(&hub, &under_way.ids(), AT_ONCE).await;
        for delivery in round.due {
            let mark = under_way.mark(&delivery.id);
            let (hub, client) = (Arc::clone(&hub), client.clone());
            attempts.spawn(async move {
                carry(&hub, &client, delivery).await;
                drop(mark);
                hub.courier.notify_one();
            });
        }
        while attempts.try_join_next().is_some() {}
        tokio::select! {
            () = hub.courier.notified() => {}
            () = schedule::sleep(round.next) => {}
            _ = stopping.changed() => {}
        }
    }
    // Attempts that are under way are cut off. They count as not made: after a restart they are made again.
    attempts.shutdown().await;
}

async fn carry(hub: &Hub, client: &reqwest::Client, delivery: Delivery) {
    let outcome = attempt::make(hub, client, &delivery).await;
    if let Err(error) = schedule::settle(hub, &delivery, outcome).await {
        tracing::error!(%error, delivery = %delivery.id, "the outcome of an attempt could not be written down");
    }
}
