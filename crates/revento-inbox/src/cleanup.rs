//! Forgets old identities and expunges old bodies.

use std::{sync::atomic::Ordering, time::Duration};

use revento_core::error::chain;
use revento_store::StoreError;

use crate::shared::Shared;

/// How often it happens.
const INTERVAL: Duration = Duration::from_secs(3600);

/// Whether an hour has passed since the last cleanup of this process, whichever runner or function made it. The next one is due
/// an hour from now.
pub(crate) fn take_turn(shared: &Shared) -> bool {
    let now = shared.clock.now();
    let next = now.saturating_add(INTERVAL).unix_micros();
    let if_due = |at: i64| (at <= now.unix_micros()).then_some(next);
    let cleanup_at = &shared.cleanup_at;
    cleanup_at
        .fetch_update(Ordering::Relaxed, Ordering::Relaxed, if_due)
        .is_ok()
}

/// Forgets old handled deliveries and expunges old buried ones.
pub(crate) async fn clean_up(shared: &Shared) {
    let (now, Shared { store, policy, .. }) = (shared.clock.now(), shared);
    match store.forget(policy.forget_before(now)).await {
        Ok(0) => {}
        Ok(count) => tracing::debug!(count, "handled webhooks forgotten"),
        Err(error) => failed(&error),
    }
    match store.expunge(policy.expunge_before(now)).await {
        Ok(0) => {}
        Ok(count) => tracing::warn!(count, "the bodies of old buried webhooks were expunged"),
        Err(error) => failed(&error),
    }
}

fn failed(error: &StoreError) {
    tracing::error!(
        error = %chain(error),
        "the cleanup of old webhooks failed; it runs again in an hour"
    );
}
