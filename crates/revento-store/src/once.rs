//! [`Once`]: use-once marks that all replicas share.

use std::fmt;

use async_trait::async_trait;
use revento_core::Timestamp;

use crate::StoreError;

/// Keeps use-once marks: of all callers in all replicas, the one that takes a mark does what must be done once. With a mark, an
/// authorization code is sent once, whichever replica its callback reaches (invariant T9).
///
/// A mark is never given back. Whoever took it and failed leaves it to its end.
///
/// ```
/// use std::time::Duration;
/// use revento_store::{Clock, Once, SystemClock};
///
/// # async fn example(once: impl Once) -> Result<(), revento_store::StoreError> {
/// let now = SystemClock.now();
/// if once.take("invoice/4711", now, now.saturating_add(Duration::from_secs(3600))).await? {
///     println!("no other replica sends this invoice in the next hour");
/// }
/// # Ok(()) }
/// ```
#[async_trait]
pub trait Once: Send + Sync + fmt::Debug {
    /// Takes the mark with this id until a time. Returns `true` if the caller has it now, and `false` if somebody took it before and it
    /// has not ended. `false` changes nothing: the mark keeps its end.
    ///
    /// The call is atomic for any number of callers and replicas: one of them gets `true`. A mark is durable before its taker hears
    /// of it, so that a restart does not give it to a second one. An id is any text of any length, compared byte for byte, and both
    /// times are any 64-bit number of microseconds.
    ///
    /// A mark ends *at* `until` by the callers' clocks: a call whose `now` is `until` or later finds it free. From then on a store may
    /// forget the mark, and a store should forget some at each call, so that their number stays bounded. It never forgets one earlier,
    /// and an expiry of the engine's own, by the engine's clock, may only be later.
    ///
    /// # Errors
    /// The store failed. If the error [may have taken effect](StoreError::may_have_taken_effect), the mark may be taken, and then nobody
    /// has it: do not go on.
    async fn take(&self, id: &str, now: Timestamp, until: Timestamp) -> Result<bool, StoreError>;
}
