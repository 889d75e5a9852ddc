//! Leasing due deliveries.

use std::time::Duration;

use revento_core::{Timestamp, error::chain};
use revento_store::{LeasedDelivery, StoreError};
use tokio::time::Instant;

use crate::{lease_schedule::LeaseSchedule, shared::Shared};

/// The delay before a failed call of the store is repeated.
pub(crate) const STORE_RETRY_DELAY: Duration = Duration::from_secs(1);

/// A leased delivery, and when its lease ends.
pub(crate) struct Leased {
    pub(crate) delivery: LeasedDelivery,
    pub(crate) until: Timestamp,
}

/// Leases due deliveries, and asks the store when the next one is due if the schedule wants to know. Logs when the store fails.
pub(crate) async fn lease(shared: &Shared, schedule: &mut LeaseSchedule, room: usize) -> Vec<Leased> {
    match try_lease(shared, schedule, room).await {
        Ok(leased) => leased,
        Err(error) => {
            tracing::error!(error = %chain(&error), "the store of the inbox failed; trying again");
            schedule.failed(STORE_RETRY_DELAY, Instant::now());
            Vec::new()
        }
    }
}

/// [`lease`], for a caller that does not try again. After an error nothing that it knows of is leased.
pub(crate) async fn try_lease(
    shared: &Shared,
    schedule: &mut LeaseSchedule,
    room: usize,
) -> Result<Vec<Leased>, StoreError> {
    let now = shared.clock.now();
    let until = now.saturating_add(shared.policy.lease());
    let leased = shared.store.lease(now, until, room).await?;
    // If it has to be asked, nothing was leased.
    if schedule.leased(room, leased.len(), Instant::now()) {
        let due = shared.store.next_due().await?;
        schedule.due_in(due.map(|due| due.saturating_since(now)), Instant::now());
    }
    Ok(leased
        .into_iter()
        .map(|delivery| Leased { delivery, until })
        .collect())
}
