//! The limit of the memory that bodies take up before they are verified.

use std::sync::atomic::{AtomicUsize, Ordering};

/// Counts the bytes of all bodies that one endpoint is reading. Anybody can send such bytes.
#[derive(Debug)]
pub(crate) struct UnverifiedBytes {
    limit: usize,
    held: AtomicUsize,
}

impl UnverifiedBytes {
    pub(crate) const fn with_limit(limit: usize) -> Self {
        Self {
            limit,
            held: AtomicUsize::new(0),
        }
    }

    /// Starts to count one body.
    pub(crate) fn hold(&self) -> HeldBytes<'_> {
        HeldBytes { all: self, bytes: 0 }
    }
}

/// An endpoint with settings of its own counts by itself.
impl Clone for UnverifiedBytes {
    fn clone(&self) -> Self {
        Self::with_limit(self.limit)
    }
}

/// The counted bytes of one body. Dropping it releases them.
pub(crate) struct HeldBytes<'a> {
    all: &'a UnverifiedBytes,
    bytes: usize,
}

impl HeldBytes<'_> {
    /// Counts `bytes` for this body in all. `false` if the limit does not allow it; then nothing changes.
    #[must_use]
    pub(crate) fn grow_to(&mut self, bytes: usize) -> bool {
        let more = bytes.saturating_sub(self.bytes);
        let within_limit = |held: usize| held.checked_add(more).filter(|sum| *sum <= self.all.limit);
        let allowed = more == 0
            || self
                .all
                .held
                .fetch_update(Ordering::Relaxed, Ordering::Relaxed, within_limit)
                .is_ok();
        if allowed {
            self.bytes += more;
        }
        allowed
    }
}

impl Drop for HeldBytes<'_> {
    fn drop(&mut self) {
        if self.bytes > 0 {
            self.all.held.fetch_sub(self.bytes, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn h11_bytes_are_counted_until_their_body_is_dropped() {
        let all = UnverifiedBytes::with_limit(100);
        let (mut one, mut two) = (all.hold(), all.hold());
        assert!(one.grow_to(60) && one.grow_to(60) && one.grow_to(10));
        assert!(two.grow_to(40) && !two.grow_to(41));
        drop(one);
        assert!(two.grow_to(100) && !all.hold().grow_to(1));
        assert!(all.clone().hold().grow_to(100), "another endpoint");
        drop(two);
        assert_eq!(all.held.into_inner(), 0);
    }
}
