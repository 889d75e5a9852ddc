//! Turns between replicas that race for one budget.

use std::time::Duration;

use revento_core::Timestamp;

use crate::runtime::Runtime;

/// Makes the winner of a race wait before it races again.
///
/// Replicas have no common queue; they race. The winner knows what the store holds and needs one round trip for its next
/// write. A loser needs two, and would lose again and again. So a winner waits for two round trips first.
#[derive(Default)]
pub(super) struct RaceBackoff {
    next: Option<Timestamp>,
}

impl RaceBackoff {
    /// Waits for what is left of the pause, and for `longest` at most.
    pub(super) async fn wait(&self, runtime: &Runtime, longest: Duration) {
        let now = runtime.now();
        let pause = self.next.map(|next| next.saturating_since(now).min(longest));
        if let Some(pause) = pause.filter(|pause| !pause.is_zero()) {
            runtime.sleep(pause).await;
        }
    }

    /// A race that began then is won.
    pub(super) fn won(&mut self, begun: Timestamp, now: Timestamp) {
        self.next = Some(now.saturating_add(now.saturating_since(begun) * 2));
    }
}
