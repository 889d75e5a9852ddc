//! Waiting for what happens soon, without sleeping for a fixed time.

use std::fmt::Debug;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(20);
const PAUSE: Duration = Duration::from_millis(25);

/// Asks again and again until the answer is `Ok`; fails with the last reason.
pub(crate) async fn until<T, E: Debug>(what: &str, mut ask: impl AsyncFnMut() -> Result<T, E>) -> T {
    let mut last = None;
    let answer = tokio::time::timeout(PATIENCE, async {
        loop {
            match ask().await {
                Ok(value) => return value,
                Err(reason) => last = Some(reason),
            }
            tokio::time::sleep(PAUSE).await;
        }
    });
    match answer.await {
        Ok(value) => value,
        Err(_) => panic!("{what}: not after {} s; last seen: {last:?}", PATIENCE.as_secs()),
    }
}
