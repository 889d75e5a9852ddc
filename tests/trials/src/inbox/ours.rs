//! Our inbox: it accepts deliveries for several callers at once, and handles them with the real runner.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use anyhow::{Result, ensure};
use async_trait::async_trait;
use revento_inbox::{Accepted, Handlers, Inbox, Policy};
use revento_store::InboxAdmin;
use revento_webhooks::{Headers, Verifier};
use tokio::{sync::Notify, time::Instant};

use super::{
    deliveries::{Delivery, SECRET, now},
    site::{Engine, Site},
    turns::{Contestant, Turn, closed_loop},
};
use crate::ledger::key_ring;

/// How many callers fill an inbox before it is measured.
const FILLERS: usize = 256;

/// A receiver of webhooks without its HTTP server.
#[derive(Clone)]
pub(super) struct Receiver {
    verifier: Verifier,
    inbox: Inbox,
}

impl Receiver {
    pub(super) fn new(store: Arc<dyn InboxAdmin>, policy: Policy) -> Result<Self> {
        Ok(Self {
            verifier: Verifier::new(SECRET)?,
            inbox: Inbox::builder(store, key_ring()).policy(policy).build(),
        })
    }

    /// Verifies, seals and stores a delivery.
    pub(super) async fn receive(&self, delivery: &Delivery) -> Result<()> {
        let headers = Headers::collect(delivery.headers())?;
        let verified = self
            .verifier
            .verify(&headers, delivery.body.as_bytes(), now().unix_seconds())?;
        let accepted = self.inbox.accept(&verified).await?;
        ensure!(accepted == Accepted::New, "{accepted:?}");
        Ok(())
    }

    /// Receives all of these for so many callers at once.
    pub(super) async fn receive_all(&self, callers: usize, deliveries: Vec<Delivery>) -> Result<Turn> {
        let receiver = self.clone();
        let call = move |delivery: Delivery| {
            let receiver = receiver.clone();
            async move { receiver.receive(&delivery).await }
        };
        closed_loop(callers, deliveries, call).await
    }
}

/// Accepts deliveries for so many callers at once.
pub(super) struct Accept {
    engine: Engine,
    callers: usize,
    receiver: Receiver,
}

impl Accept {
    pub(super) async fn new(site: &Site, engine: Engine, callers: usize) -> Result<Self> {
        let store = site.store(engine, &format!("accept_{callers}")).await?;
        Ok(Self {
            engine,
            callers,
            receiver: Receiver::new(store, Policy::new())?,
        })
    }

    pub(super) fn name_of(engine: Engine, callers: usize) -> String {
        format!("accept-{engine}-{callers}")
    }
}

#[async_trait]
impl Contestant for Accept {
    fn name(&self) -> String {
        Self::name_of(self.engine, self.callers)
    }

    async fn turn(&mut self, deliveries: Vec<Delivery>) -> Result<Turn> {
        self.receiver.receive_all(self.callers, deliveries).await
    }
}

/// Handles deliveries, so many at a time, with a handler that does nothing.
pub(super) struct Handle {
    engine: Engine,
    concurrency: usize,
    receiver: Receiver,
    store: Arc<dyn InboxAdmin>,
}

impl Handle {
    pub(super) async fn new(site: &Site, engine: Engine, concurrency: usize) -> Result<Self> {
        let store = site.store(engine, &format!("handle_{concurrency}")).await?;
        let policy = Policy::new().concurrency(concurrency);
        Ok(Self {
            engine,
            concurrency,
            receiver: Receiver::new(Arc::clone(&store), policy)?,
            store,
        })
    }

    pub(super) fn name_of(engine: Engine, concurrency: usize) -> String {
        format!("handle-{engine}-{concurrency}")
    }
}

#[async_trait]
impl Contestant for Handle {
    fn name(&self) -> String {
        Self::name_of(self.engine, self.concurrency)
    }

    async fn turn(&mut self, deliveries: Vec<Delivery>) -> Result<Turn> {
        let left = Arc::new(AtomicUsize::new(deliveries.len()));
        self.receiver.receive_all(FILLERS, deliveries).await?;
        let handled = Arc::new(Notify::new());
        let last = Arc::clone(&handled);
        let handlers = Handlers::new().on_any(move |_| {
            if left.fetch_sub(1, Ordering::Relaxed) == 1 {
                last.notify_one();
            }
            async { Ok(()) }
        });
        let runner = self.receiver.inbox.runner(handlers);
        let started = Instant::now();
        // The runner stores the outcomes of what is in progress before it ends.
        runner.run(handled.notified()).await;
        let elapsed = started.elapsed();
        ensure!(
            self.store.next_due().await?.is_none(),
            "the runner left deliveries"
        );
        Ok(Turn {
            elapsed,
            latencies: Vec::new(),
        })
    }
}
