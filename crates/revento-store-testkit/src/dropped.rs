//! Calls that are dropped in the middle, as a timeout or a closed connection does it.

use std::time::Duration;

use revento_store::StoreError;
use tokio::time::Instant;

/// How many calls are dropped, each a little later than the one before.
pub(crate) const DROPS: u32 = 60;

/// Where the drop with this number happens: from at once to after a millisecond and a half.
pub(crate) fn moment(number: u32) -> Duration {
    Duration::from_micros(25) * number
}

/// Runs a call for so long and drops it; `None` unless it came to its end.
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

/// Waits for less than a timer can tell.
async fn spin(wait: Duration) {
    let start = Instant::now();
    while start.elapsed() < wait {
        tokio::task::yield_now().await;
    }
}
