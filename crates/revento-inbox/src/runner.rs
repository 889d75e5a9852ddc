//! The runner: leases due deliveries and calls the handlers.

use std::{sync::Arc, time::Duration};

use futures_util::stream::{FuturesUnordered, StreamExt};
use revento_core::{Envelope, EnvelopeId, Timestamp, error::chain, text::printable};
use revento_store::{DeliveryState, LeasedDelivery, StoreError};

use crate::{
    Failure, FailureAction, HandlerError, Handlers, Webhook, error_text, failure::join_messages,
    shared::Shared,
};

/// The delay before the runner asks the store again after it failed.
const STORE_RETRY_DELAY: Duration = Duration::from_secs(1);
/// The longest time between two polls of the store: another process may have queued a delivery.
const POLL_INTERVAL: Duration = Duration::from_secs(5);
/// How often the runner forgets old identities and expunges old bodies.
const CLEANUP_INTERVAL: Duration = Duration::from_secs(3600);

/// Handles the deliveries of an inbox. See [`Runner::run`].
#[derive(Debug)]
pub struct Runner {
    shared: Arc<Shared>,
    handlers: Handlers,
}

impl Runner {
    pub(crate) fn new(shared: Arc<Shared>, handlers: Handlers) -> Self {
        Self { shared, handlers }
    }

    /// Handles deliveries until `stop` resolves, then finishes those in progress. Spawn it, in one process or
    /// several; a process may run several runners.
    ///
    /// When the store fails, the runner logs it and asks again; no delivery is lost. When the future is dropped before
    /// `stop` resolves, deliveries in progress stay leased until their lease ends. Once an hour the runner forgets the
    /// identities of [old handled deliveries](crate::Policy::handled_retention) and expunges the bodies of
    /// [old buried ones](crate::Policy::buried_retention).
    pub async fn run(self, stop: impl Future<Output = ()>) {
        let shared = &*self.shared;
        let mut stop = std::pin::pin!(stop);
        let mut in_progress = FuturesUnordered::new();
        let mut cleanup_at = shared.clock.now();
        loop {
            if cleanup_at <= shared.clock.now() {
                cleanup_at = while_handling(&mut in_progress, clean_up(shared)).await;
            }
            let room = shared.policy.concurrency.max(1).saturating_sub(in_progress.len());
            let (leased, delay) = if room > 0 {
                while_handling(&mut in_progress, lease(shared, room)).await
            } else {
                (Vec::new(), POLL_INTERVAL)
            };
            let found = !leased.is_empty();
            in_progress.extend(
                leased
                    .into_iter()
                    .map(|delivery| handle(shared, &self.handlers, delivery)),
            );
            if found {
                continue;
            }
            tokio::select! {
                () = &mut stop => break,
                Some(()) = in_progress.next() => {}
                () = shared.queued.notified(), if room > 0 => {}
                () = tokio::time::sleep(delay) => {}
            }
        }
        while in_progress.next().await.is_some() {}
    }
}

/// Awaits `work` and drives the deliveries in progress meanwhile, because one of them may hold the database connection
/// that `work` waits for.
async fn while_handling<T>(
    in_progress: &mut FuturesUnordered<impl Future<Output = ()>>,
    work: impl Future<Output = T>,
) -> T {
    let mut work = std::pin::pin!(work);
    loop {
        tokio::select! {
            biased;
            done = &mut work => return done,
            Some(()) = in_progress.next() => {}
        }
    }
}

/// Leases the due deliveries. Also returns how long to wait when there are none.
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
                due.map_or(POLL_INTERVAL, |due| due.saturating_since(now).min(POLL_INTERVAL)),
            ),
            Err(error) => (leased, store_failed(&error)),
        },
        Ok(leased) => (leased, Duration::ZERO),
        Err(error) => (Vec::new(), store_failed(&error)),
    }
}

/// Forgets old handled deliveries and expunges old buried ones. Returns the time of the next cleanup.
async fn clean_up(shared: &Shared) -> Timestamp {
    let (now, Shared { store, policy, .. }) = (shared.clock.now(), shared);
    match store.forget(policy.forget_before(now)).await {
        Ok(0) => {}
        Ok(count) => tracing::debug!(count, "handled webhooks forgotten"),
        Err(error) => cleanup_failed(&error),
    }
    match store.expunge(policy.expunge_before(now)).await {
        Ok(0) => {}
        Ok(count) => tracing::warn!(count, "the bodies of old buried webhooks were expunged"),
        Err(error) => cleanup_failed(&error),
    }
    now.saturating_add(CLEANUP_INTERVAL)
}

fn cleanup_failed(error: &StoreError) {
    tracing::error!(
        error = %chain(error),
        "the cleanup of old webhooks failed; it runs again in an hour"
    );
}

fn store_failed(error: &StoreError) -> Duration {
    tracing::error!(error = %chain(error), "the store of the inbox failed; trying again");
    STORE_RETRY_DELAY
}

async fn handle(shared: &Shared, handlers: &Handlers, delivery: LeasedDelivery) {
    let (webhook, errors) = match open(shared, &delivery).await {
        Ok(webhook) => {
            let errors = attempt(shared, handlers, &webhook).await;
            (Some(webhook), errors)
        }
        Err(error) => (None, vec![error]),
    };
    match store_outcome(shared, &delivery, &errors).await {
        Ok(None) => {}
        Ok(Some(action)) => {
            let failure = Failure {
                envelope_id: delivery.lease.envelope_id,
                event_type: delivery.event_type,
                webhook,
                attempt: delivery.attempt,
                errors,
                action,
            };
            report_failure(shared, handlers, failure).await;
        }
        Err(error) => {
            tracing::error!(envelope_id = %printable(delivery.lease.envelope_id.as_str()), error = %chain(&error),
                "the outcome of a webhook could not be stored; the handlers may be called again");
        }
    }
}

async fn attempt(shared: &Shared, handlers: &Handlers, webhook: &Webhook) -> Vec<HandlerError> {
    tokio::time::timeout(shared.policy.handler_timeout, handlers.call(webhook))
        .await
        .unwrap_or_else(|_| vec![HandlerError::retry("the handlers exceeded the time limit")])
}

async fn open(shared: &Shared, delivery: &LeasedDelivery) -> Result<Webhook, HandlerError> {
    let opened = shared
        .sealer
        .open(
            &revento_store::reseal::body_context(&delivery.lease.envelope_id),
            &delivery.body,
        )
        .await?;
    let envelope = Envelope::parse(&opened.plaintext)
        .map_err(|error| HandlerError::permanent(chain(&error).to_string()))?;
    Ok(Webhook {
        envelope: envelope.into(),
        data: (),
        delivery_id: delivery.delivery_id.clone(),
        attempt: delivery.attempt,
        lease: delivery.lease.clone(),
    })
}

/// Stores the outcome of an attempt. Returns the action after a failure if the lease was still held.
async fn store_outcome(
    shared: &Shared,
    delivery: &LeasedDelivery,
    errors: &[HandlerError],
) -> Result<Option<FailureAction>, StoreError> {
    let now = shared.clock.now();
    let LeasedDelivery {
        lease,
        event_type,
        attempt,
        single_attempt,
        ..
    } = delivery;
    let (envelope_id, event_type) = (
        printable(lease.envelope_id.as_str()),
        printable(event_type.as_str()),
    );
    let error = join_messages(errors);
    // One transient failure is enough for another attempt.
    let permanent = *single_attempt || errors.iter().all(HandlerError::is_permanent);
    let action = (!errors.is_empty()).then(|| shared.policy.after_failure(*attempt, permanent, now));
    let held = match action {
        None => {
            tracing::debug!(%envelope_id, %event_type, attempt, "webhook handled");
            shared.store.complete(lease, now).await?
        }
        Some(FailureAction::RetryAt(at)) => {
            tracing::warn!(%envelope_id, %event_type, attempt, %error, retry_at = %at, "webhook failed");
            let sealed = error_text::seal(&*shared.sealer, &lease.envelope_id, &error).await;
            shared.store.retry(lease, at, &sealed).await?
        }
        Some(FailureAction::Bury) => {
            tracing::error!(%envelope_id, %event_type, attempt, %error, "webhook buried");
            let sealed = error_text::seal(&*shared.sealer, &lease.envelope_id, &error).await;
            shared.store.bury(lease, now, &sealed).await?
        }
    };
    if !held {
        log_lost_lease(
            shared.store.state(&lease.envelope_id).await?,
            &lease.envelope_id,
            &error,
        );
    }
    Ok(action.filter(|_| held))
}

/// The lease is gone: a handler completed the delivery in its own transaction, or the lease ran out.
fn log_lost_lease(state: Option<DeliveryState>, envelope_id: &EnvelopeId, error: &str) {
    let envelope_id = printable(envelope_id.as_str());
    match (state, error) {
        (Some(DeliveryState::Done), "") => tracing::debug!(%envelope_id, "a handler completed the webhook"),
        (Some(DeliveryState::Done), error) => tracing::error!(%envelope_id, %error,
            "a handler failed after another completed the webhook; there is no further attempt"),
        _ => tracing::warn!(%envelope_id, "the lease of a webhook ran out before its handlers finished"),
    }
}

async fn report_failure(shared: &Shared, handlers: &Handlers, failure: Failure) {
    let envelope_id = failure.envelope_id.clone();
    let hook = handlers.call_failure_hook(failure);
    let error = match tokio::time::timeout(shared.policy.handler_timeout, hook).await {
        Ok(Ok(())) => return,
        Ok(Err(error)) => error.to_string(),
        Err(_) => "the failure hook exceeded the time limit".to_owned(),
    };
    tracing::error!(envelope_id = %printable(envelope_id.as_str()), %error, "the failure hook failed");
}
