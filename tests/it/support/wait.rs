//! Waits for a condition without a fixed sleep.

use std::fmt::Debug;
use std::time::Duration;

const TIMEOUT: Duration = Duration::from_secs(20);
const INTERVAL: Duration = Duration::from_millis(25);

/// Calls `ask` until it returns `Ok`. Panics with the last error after the timeout.
pub(crate) async fn until<T, E: Debug>(what: &str, mut ask: impl AsyncFnMut() -> Result<T, E>) -> T {
    let mut last = None;
    let answer = tokio::time::timeout(TIMEOUT, async {
        loop {
            match ask().await {
                Ok(value) => return value,
                Err(reason) => last = Some(reason),
            }
            tokio::time::sleep(INTERVAL).await;
        }
    });
    match answer.await {
        Ok(value) => value,
        Err(_) => panic!(
            "{what}: not within {} s; the last result: {last:?}",
            TIMEOUT.as_secs()
        ),
    }
}
