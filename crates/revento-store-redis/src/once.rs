//! [`Once`] on Redis.

use std::time::Duration;

use async_trait::async_trait;
use revento_core::Timestamp;
use revento_store::{Once, StoreError};

use crate::{RedisStore, call::Call, error::failed, keys::time_text};

/// For how long the server keeps a mark beyond its end. The mark ends by the callers' clocks, and the expiry of the key, by the server's
/// clock, must not be earlier.
const KEPT_BEYOND: Duration = Duration::from_secs(3600);

#[async_trait]
impl Once for RedisStore {
    async fn take(&self, id: &str, now: Timestamp, until: Timestamp) -> Result<bool, StoreError> {
        let kept = until.saturating_since(now).saturating_add(KEPT_BEYOND);
        let mut call = self.scripts.take.key(self.keys.mark(id));
        call.arg(time_text(now))
            .arg(time_text(until))
            .arg(self.call_name())
            .arg(u64::try_from(kept.as_millis()).unwrap_or(u64::MAX / 2));
        let taken: Result<bool, _> = self.call(Call::Script(&call)).await;
        taken.map_err(failed("taking a use-once mark"))
    }
}
