//! Log lines of tests that run side by side.

use std::sync::Once;

/// A callsite that another test reaches first, on a thread without a subscriber, can stay disabled for a subscriber that exists or is
/// created at the same moment: then its lines are missing. A global subscriber that discards everything prevents that.
pub(crate) fn keep_enabled() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let _ = tracing::subscriber::set_global_default(tracing_subscriber::registry());
    });
}
