//! Drops calls before they complete, as a timeout or a closed connection does.

use std::time::Duration;

use revento_store::StoreError;
use tokio::time::Instant;

/// The number of calls to drop, each a little later than the one before.
pub(crate) const DROPS: u32 = 60;

/// When to drop the call with this number: after 0 to 1.5 ms.
pub(crate) fn moment(number: u32) -> Duration {
    Duration::from_micros(25) * number
}

/// Runs a call for this time, then drops it; `None` if it was dropped.
pub(crate) async fn drop_after<T>(
    moment: Duration,
    call: impl Future<Output = Result<T, StoreError>>,
) -> Result<Option<T>, StoreError> {
    tokio::select! {
        biased;
        done = call => done.map(Some),
        () = spin(moment) => Ok(None),
    }
}

/// Waits for less than the resolution of tokio's timer.
async fn spin(wait: Duration) {
    let start = Instant::now();
    while start.elapsed() < wait {
        tokio::task::yield_now().await;
    }
}
