//! Stores the outcome of an attempt, and reports failures.

use std::sync::atomic::{AtomicBool, Ordering};

use revento_core::{EnvelopeId, Timestamp, error::chain, text::printable};
use revento_store::{DeliveryState, Lease, LeasedDelivery, StoreError};

use crate::{
    Failure, FailureAction, HandlerError, Handlers, attempt::Attempt, error_text, failure::join_messages,
    lease::STORE_RETRY_DELAY, metrics, shared::Shared,
};

/// What became of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It is handled.
    Handled,
    /// The attempt failed, and another one is due at this time.
    Retry(Timestamp),
    /// The attempt failed, and the delivery is buried.
    Buried,
    /// Another runner has leased it, or the store failed until the lease ended.
    Unknown,
}

/// [`store_outcome`], and counts it.
pub(crate) async fn store_and_report(
    shared: &Shared,
    handlers: &Handlers,
    attempt: Attempt,
    stopping: &AtomicBool,
) -> Outcome {
    let received_at = attempt.delivery.received_at;
    let outcome = store_outcome(shared, handlers, attempt, stopping).await;
    metrics::attempt_ended(outcome, shared.clock.now().saturating_since(received_at));
    outcome
}

/// Stores the outcome of an attempt, and calls the failure hook if it failed. When the store fails, it is asked again until the lease
/// ends or the runner stops: otherwise the handlers would be called once more for work that they have done.
async fn store_outcome(
    shared: &Shared,
    handlers: &Handlers,
    attempt: Attempt,
    stopping: &AtomicBool,
) -> Outcome {
    let Attempt {
        delivery,
        leased_until,
        webhook,
        errors,
    } = attempt;
    let envelope_id = printable(delivery.lease.envelope_id.as_str());
    let action = action_after(shared, &delivery, &errors);
    let message = join_messages(&errors);
    log_attempt(&delivery, action, &message);
    let sealed_message = error_text::seal(&*shared.sealer, &delivery.lease.envelope_id, &message).await;
    let mut has_failed = false;
    let stored = loop {
        let stored = store(
            shared,
            &delivery.lease,
            action,
            &message,
            &sealed_message,
            has_failed,
        );
        let error = match stored.await {
            Ok(stored) => break stored,
            Err(error) => error,
        };
        has_failed = true;
        let repeat_at = shared.clock.now().saturating_add(STORE_RETRY_DELAY);
        if !error.is_transient() || repeat_at >= leased_until || stopping.load(Ordering::Relaxed) {
            tracing::error!(%envelope_id, error = %chain(&error),
                "the outcome of a webhook could not be stored; the handlers may be called again");
            return Outcome::Unknown;
        }
        tracing::warn!(%envelope_id, error = %chain(&error), "the outcome of a webhook could not be stored; trying again");
        tokio::time::sleep(STORE_RETRY_DELAY).await;
    };
    let action = match (stored, action) {
        (Stored::LeaseLost, _) => return Outcome::Unknown,
        (Stored::HandlerCompleted, _) | (Stored::Held, None) => return Outcome::Handled,
        (Stored::Held, Some(action)) => action,
    };
    let failure = Failure {
        envelope_id: delivery.lease.envelope_id,
        event_type: delivery.event_type,
        webhook,
        attempt: delivery.attempt,
        errors,
        action,
    };
    report_failure(shared, handlers, failure).await;
    match action {
        FailureAction::RetryAt(at) => Outcome::Retry(at),
        FailureAction::Bury => Outcome::Buried,
    }
}

/// `None` after a success.
fn action_after(
    shared: &Shared,
    delivery: &LeasedDelivery,
    errors: &[HandlerError],
) -> Option<FailureAction> {
    // One transient failure is enough for another attempt.
    let permanent = delivery.single_attempt || errors.iter().all(HandlerError::is_permanent);
    let after_failure = || {
        let now = shared.clock.now();
        shared.policy.after_failure(delivery.attempt, permanent, now)
    };
    (!errors.is_empty()).then(after_failure)
}

fn log_attempt(delivery: &LeasedDelivery, action: Option<FailureAction>, error: &str) {
    let envelope_id = printable(delivery.lease.envelope_id.as_str());
    let event_type = printable(delivery.event_type.as_str());
    let attempt = delivery.attempt;
    match action {
        None => tracing::debug!(%envelope_id, %event_type, attempt, "webhook handled"),
        Some(FailureAction::RetryAt(at)) => {
            tracing::warn!(%envelope_id, %event_type, attempt, %error, retry_at = %at, "webhook failed");
        }
        Some(FailureAction::Bury) => {
            tracing::error!(%envelope_id, %event_type, attempt, %error, "webhook buried");
        }
    }
}

/// What the store says of an outcome.
enum Stored {
    /// The lease was held, and the outcome is stored.
    Held,
    /// A handler completed the delivery in its own transaction.
    HandlerCompleted,
    /// The lease ran out.
    LeaseLost,
}

async fn store(
    shared: &Shared,
    lease: &Lease,
    action: Option<FailureAction>,
    message: &str,
    sealed_message: &str,
    has_failed: bool,
) -> Result<Stored, StoreError> {
    let now = shared.clock.now();
    let held = match action {
        None => shared.store.complete(lease, now).await?,
        Some(FailureAction::RetryAt(at)) => shared.store.retry(lease, at, sealed_message).await?,
        Some(FailureAction::Bury) => shared.store.bury(lease, now, sealed_message).await?,
    };
    if held {
        return Ok(Stored::Held);
    }
    let state = shared.store.state(&lease.envelope_id).await?;
    if has_failed && is_stored(action, state) {
        return Ok(Stored::Held);
    }
    Ok(without_lease(state, &lease.envelope_id, message))
}

/// Whether the outcome of a failed attempt is stored, although the store did not say so when it was asked first. The lease has not run out
/// yet, so nothing else has ended it.
fn is_stored(action: Option<FailureAction>, state: Option<DeliveryState>) -> bool {
    use DeliveryState::{Buried, Leased, Queued};
    match action {
        Some(FailureAction::Bury) => state == Some(Buried),
        // It may be due already, and be leased by another runner.
        Some(FailureAction::RetryAt(_)) => matches!(state, Some(Queued | Leased | Buried)),
        None => false,
    }
}

/// The lease is gone: a handler completed the delivery in its own transaction, or the lease ran out.
fn without_lease(state: Option<DeliveryState>, envelope_id: &EnvelopeId, error: &str) -> Stored {
    let envelope_id = printable(envelope_id.as_str());
    match (state, error) {
        (Some(DeliveryState::Done), "") => {
            tracing::debug!(%envelope_id, "a handler completed the webhook");
            Stored::HandlerCompleted
        }
        (Some(DeliveryState::Done), error) => {
            tracing::error!(%envelope_id, %error,
                "a handler failed after another completed the webhook; there is no further attempt");
            Stored::HandlerCompleted
        }
        _ => {
            tracing::warn!(%envelope_id, "the lease of a webhook ran out before its handlers finished");
            Stored::LeaseLost
        }
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
