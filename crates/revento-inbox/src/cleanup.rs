//! Forgets old identities and expunges old bodies.

use std::time::Duration;

use revento_core::error::chain;
use revento_store::StoreError;

use crate::shared::Shared;

/// How often it happens.
pub(crate) const INTERVAL: Duration = Duration::from_secs(3600);

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
