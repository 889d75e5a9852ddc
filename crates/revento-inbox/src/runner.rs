//! Handling what is due.

use std::time::Duration;

use futures_util::stream::{FuturesUnordered, StreamExt};
use revento_core::{Envelope, EnvelopeId, Timestamp};
use revento_store::{DeliveryState, LeasedDelivery, StoreError};

use crate::{
    Failure, HandlerError, Handlers, Inbox, Verdict, Webhook,
    accept::{Shared, context},
    webhook::in_one_line,
};

/// How long to wait after the store has failed.
const STORE_PAUSE: Duration = Duration::from_secs(1);
/// The longest sleep: another process may have queued something that this one was not told of.
const LOOK_AGAIN: Duration = Duration::from_secs(5);
/// How often old identities are forgotten, and old bodies expunged.
const SWEEP: Duration = Duration::from_secs(3600);

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
    /// instead of resolving `stop` leaves deliveries leased until their time limit. Once an hour, what was
    /// handled long ago is [forgotten](crate::Policy::remember), and the bodies of what was buried long ago are
    /// [expunged](crate::Policy::keep_buried).
    pub async fn run(self, stop: impl Future<Output = ()>) {
        let shared = &*self.inbox.shared;
        let mut stop = std::pin::pin!(stop);
        let mut in_hand = FuturesUnordered::new();
        let mut sweep_at = shared.clock.now();
        loop {
            if sweep_at <= shared.clock.now() {
                sweep_at = alongside(&mut in_hand, sweep(shared)).await;
            }
            let room = shared.policy.concurrency.max(1).saturating_sub(in_hand.len());
            let (leased, pause) = if room > 0 {
                alongside(&mut in_hand, lease(shared, room)).await
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

/// Does some work, and goes on with what is in hand: that may hold a connection for which the work waits.
async fn alongside<T>(
    in_hand: &mut FuturesUnordered<impl Future<Output = ()>>,
    work: impl Future<Output = T>,
) -> T {
    let mut work = std::pin::pin!(work);
    loop {
        tokio::select! {
            biased;
            done = &mut work => return done,
            Some(()) = in_hand.next() => {}
        }
    }
}

/// What is due now, and how long to wait when that is nothing.
async fn lease(shared: &Shared, room: usize) -> (Vec<LeasedDelivery>, Duration) {
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

/// Forgets what was handled long ago and expunges what was buried long ago; gives when to do so again.
async fn sweep(shared: &Shared) -> Timestamp {
    let (now, Shared { store, policy, .. }) = (shared.clock.now(), shared);
    match store.forget(policy.forget_before(now)).await {
        Ok(0) => {}
        Ok(count) => tracing::debug!(count, "handled webhooks forgotten"),
        Err(error) => sweep_failed(&error),
    }
    match store.expunge(policy.expunge_before(now)).await {
        Ok(0) => {}
        Ok(count) => tracing::warn!(count, "buried webhooks that nobody queued again were expunged"),
        Err(error) => sweep_failed(&error),
    }
    now.saturating_add(SWEEP)
}

fn sweep_failed(error: &StoreError) {
    let error: &(dyn std::error::Error + 'static) = error;
    tracing::error!(
        error,
        "old webhooks cannot be cleared away; trying again in an hour"
    );
}

fn store_failed(error: &StoreError) -> Duration {
    let error: &(dyn std::error::Error + 'static) = error;
    tracing::error!(error, "the inbox cannot be read; trying again");
    STORE_PAUSE
}

async fn handle(shared: &Shared, handlers: &Handlers, delivery: LeasedDelivery) {
    let (webhook, errors) = match open(shared, &delivery).await {
        Ok(webhook) => {
            let errors = attempt(shared, handlers, &webhook).await;
            (Some(webhook), errors)
        }
        Err(error) => (None, vec![error]),
    };
    match note(shared, &delivery, &errors).await {
        Ok(None) => {}
        Ok(Some(verdict)) => {
            let failure = Failure {
                envelope_id: delivery.lease.envelope_id,
                event_type: delivery.event_type,
                webhook,
                attempt: delivery.attempt,
                errors,
                verdict,
            };
            tell(shared, handlers, failure).await;
        }
        Err(error) => {
            let error: &(dyn std::error::Error + 'static) = &error;
            tracing::error!(envelope_id = %delivery.lease.envelope_id, error,
                "a webhook's outcome could not be noted; it will be handled again");
        }
    }
}

async fn attempt(shared: &Shared, handlers: &Handlers, webhook: &Webhook) -> Vec<HandlerError> {
    tokio::time::timeout(shared.policy.handler_timeout, handlers.call(webhook))
        .await
        .unwrap_or_else(|_| vec![HandlerError::retry("the handler took too long")])
}

async fn open(shared: &Shared, delivery: &LeasedDelivery) -> Result<Webhook, HandlerError> {
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
        lease: delivery.lease.clone(),
    })
}

/// Notes the outcome of an attempt; the verdict, where it failed and still was ours to judge.
async fn note(
    shared: &Shared,
    delivery: &LeasedDelivery,
    errors: &[HandlerError],
) -> Result<Option<Verdict>, StoreError> {
    let now = shared.clock.now();
    let LeasedDelivery {
        lease,
        event_type,
        attempt,
        ..
    } = delivery;
    let envelope_id = &lease.envelope_id;
    let error = in_one_line(errors);
    // Worth another attempt unless every failure is permanent.
    let permanent = errors.iter().all(HandlerError::is_permanent);
    let verdict = (!errors.is_empty()).then(|| shared.policy.judge(*attempt, permanent, now));
    let held = match verdict {
        None => {
            tracing::debug!(%envelope_id, %event_type, attempt, "webhook handled");
            shared.store.complete(lease, now).await?
        }
        Some(Verdict::RetryAt(at)) => {
            tracing::warn!(%envelope_id, %event_type, attempt, %error, retry_at = %at, "webhook failed");
            shared.store.retry(lease, at, &error).await?
        }
        Some(Verdict::Bury) => {
            tracing::error!(%envelope_id, %event_type, attempt, %error, "webhook buried");
            shared.store.bury(lease, now, &error).await?
        }
    };
    if !held {
        not_held(shared.store.state(envelope_id).await?, envelope_id, &error);
    }
    Ok(verdict.filter(|_| held))
}

/// The lease was given up by a handler that completed the delivery in its own transaction, or was lost.
fn not_held(state: Option<DeliveryState>, envelope_id: &EnvelopeId, error: &str) {
    match (state, error) {
        (Some(DeliveryState::Done), "") => tracing::debug!(%envelope_id, "webhook was completed meanwhile"),
        (Some(DeliveryState::Done), error) => tracing::error!(%envelope_id, %error,
            "a handler failed after another had completed the webhook; it is not tried again"),
        _ => tracing::warn!(%envelope_id, "a webhook's lease ran out while it was handled"),
    }
}

async fn tell(shared: &Shared, handlers: &Handlers, failure: Failure) {
    let envelope_id = failure.envelope_id.clone();
    let told = tokio::time::timeout(shared.policy.handler_timeout, handlers.tell(failure)).await;
    let error = match told {
        Ok(Ok(())) => return,
        Ok(Err(error)) => error.to_string(),
        Err(_) => "the failure hook took too long".to_owned(),
    };
    tracing::error!(%envelope_id, %error, "nobody was told of a failed webhook");
}
