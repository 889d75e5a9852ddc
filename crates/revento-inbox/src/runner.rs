//! Handling what is due.

use std::time::Duration;

use futures_util::stream::{FuturesUnordered, StreamExt};
use revento_core::Envelope;
use revento_store::{Delivery, StoreError};

use crate::{
    HandlerError, Handlers, Inbox, Verdict, Webhook,
    accept::{Shared, context},
};

/// How long to wait after the store has failed.
const STORE_PAUSE: Duration = Duration::from_secs(1);
/// The longest sleep: another process may have queued something that this one was not told of.
const LOOK_AGAIN: Duration = Duration::from_secs(5);

/// Handles an inbox's deliveries. See [`Runner::run`].
#[derive(Debug)]
pub struct Runner {
    inbox: Inbox,
    handlers: Handlers,
}

impl Runner {
    pub(crate) fn new(inbox: Inbox, handlers: Handlers) -> Self {
        Self { inbox, handlers }
    }

    /// Handles deliveries until `stop` resolves, then finishes those in hand. Spawn it, once or more
    /// often, in one process or several.
    ///
    /// A store that fails is logged and asked again; nothing is lost meanwhile. Dropping the future
    /// instead of resolving `stop` leaves deliveries leased until their time limit.
    pub async fn run(self, stop: impl Future<Output = ()>) {
        let shared = &*self.inbox.shared;
        let mut stop = std::pin::pin!(stop);
        let mut in_hand = FuturesUnordered::new();
        loop {
            let room = shared.policy.concurrency.max(1).saturating_sub(in_hand.len());
            let (leased, pause) = if room > 0 {
                lease(shared, room).await
            } else {
                (Vec::new(), LOOK_AGAIN)
            };
            let found = !leased.is_empty();
            in_hand.extend(
                leased
                    .into_iter()
                    .map(|delivery| handle(shared, &self.handlers, delivery)),
            );
            if found {
                continue;
            }
            tokio::select! {
                () = &mut stop => break,
                Some(()) = in_hand.next() => {}
                () = shared.arrived.notified(), if room > 0 => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
        while in_hand.next().await.is_some() {}
    }
}

/// What is due now, and how long to wait when that is nothing.
async fn lease(shared: &Shared, room: usize) -> (Vec<Delivery>, Duration) {
    let now = shared.clock.now();
    let leased = shared
        .store
        .lease(now, now.saturating_add(shared.policy.lease()), room)
        .await;
    match leased {
        Ok(leased) if leased.is_empty() => match shared.store.next_due().await {
            Ok(due) => (
                leased,
                due.map_or(LOOK_AGAIN, |due| due.saturating_since(now).min(LOOK_AGAIN)),
            ),
            Err(error) => (leased, store_failed(&error)),
        },
        Ok(leased) => (leased, Duration::ZERO),
        Err(error) => (Vec::new(), store_failed(&error)),
    }
}

fn store_failed(error: &StoreError) -> Duration {
    let error: &(dyn std::error::Error + 'static) = error;
    tracing::error!(error, "the inbox cannot be read; trying again");
    STORE_PAUSE
}

async fn handle(shared: &Shared, handlers: &Handlers, delivery: Delivery) {
    let outcome = match open(shared, &delivery).await {
        Ok(webhook) => {
            match tokio::time::timeout(shared.policy.handler_timeout, handlers.call(webhook)).await {
                Ok(outcome) => outcome,
                Err(_) => Err(HandlerError::retry("the handler took too long")),
            }
        }
        Err(error) => Err(error),
    };
    if let Err(error) = note(shared, &delivery, outcome).await {
        tracing::error!(envelope_id = %delivery.lease.envelope_id, %error,
            "a webhook's outcome could not be noted; it will be handled again");
    }
}

async fn open(shared: &Shared, delivery: &Delivery) -> Result<Webhook, HandlerError> {
    let opened = shared
        .sealer
        .open(&context(&delivery.lease.envelope_id), &delivery.body)
        .await?;
    let envelope =
        Envelope::parse(&opened.plaintext).map_err(|error| HandlerError::permanent(error.to_string()))?;
    Ok(Webhook {
        envelope: envelope.into(),
        delivery_id: delivery.delivery_id.clone(),
        attempt: delivery.attempt,
    })
}

async fn note(
    shared: &Shared,
    delivery: &Delivery,
    outcome: Result<(), HandlerError>,
) -> Result<(), StoreError> {
    let now = shared.clock.now();
    let Delivery {
        lease,
        event_type,
        attempt,
        ..
    } = delivery;
    let envelope_id = &lease.envelope_id;
    let held = match outcome {
        Ok(()) => {
            tracing::debug!(%envelope_id, %event_type, attempt, "webhook handled");
            shared.store.complete(lease, now).await?
        }
        Err(error) => match shared.policy.judge(*attempt, error.is_permanent(), now) {
            Verdict::RetryAt(at) => {
                tracing::warn!(%envelope_id, %event_type, attempt, %error, retry_at = %at, "webhook failed");
                shared.store.retry(lease, at, &error.to_string()).await?
            }
            Verdict::Bury => {
                tracing::error!(%envelope_id, %event_type, attempt, %error, "webhook buried");
                shared.store.bury(lease, now, &error.to_string()).await?
            }
        },
    };
    if !held {
        tracing::warn!(%envelope_id, "a webhook's lease ran out while it was handled");
    }
    Ok(())
}
