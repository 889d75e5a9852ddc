//! When a runner asks the store for due deliveries. Pure: no I/O and no clock.
//!
//! A query for each free slot would cost more than a quick handler. So while more than half of the slots are taken, queries keep a
//! small distance; then one query fills several slots. And a query is made only for a reason: a delivery was queued, more may be due
//! than the last query returned, or it is time to poll.

use std::time::Duration;

use tokio::time::Instant;

/// The longest time between two polls of the store: another process may have queued a delivery.
const POLL_INTERVAL: Duration = Duration::from_secs(5);
/// The shortest time between two queries while more than half of the slots are taken.
const QUERY_DISTANCE: Duration = Duration::from_millis(1);

/// Why the store may have due deliveries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reason {
    /// This process has queued one.
    Notified,
    /// It is time to poll, or the last poll has found something.
    Poll,
}

/// What to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    /// Ask the store now.
    Lease,
    /// There is no reason to ask the store before this time.
    Wait(Instant),
    /// There is a reason to ask the store, but no free slot.
    WaitForSlot,
}

#[derive(Debug)]
pub(crate) struct LeaseSchedule {
    slots: usize,
    /// Whether deliveries of this inbox wait behind others.
    ordered: bool,
    reason: Option<Reason>,
    poll_at: Instant,
    not_before: Instant,
    /// How many deliveries were found that nobody had announced, and are not done.
    unannounced: usize,
}

impl LeaseSchedule {
    /// The first query is due at once.
    pub(crate) fn new(slots: usize, ordered: bool, now: Instant) -> Self {
        Self {
            slots,
            ordered,
            reason: Some(Reason::Poll),
            poll_at: now + POLL_INTERVAL,
            not_before: now,
            unannounced: 0,
        }
    }

    /// This process has queued a delivery.
    pub(crate) fn notified(&mut self) {
        self.reason.get_or_insert(Reason::Notified);
    }

    /// A delivery is done or buried. Another may have waited behind it.
    pub(crate) fn left_queue(&mut self) {
        if self.ordered {
            self.notified();
        }
        // Other processes may order their deliveries even if this one does not.
        if self.unannounced > 0 {
            self.unannounced -= 1;
            self.reason = Some(Reason::Poll);
        }
    }

    /// A delivery is due again after `delay`.
    pub(crate) fn retry_in(&mut self, delay: Duration, now: Instant) {
        self.poll_at = self.poll_at.min(now + delay.min(POLL_INTERVAL));
    }

    pub(crate) fn next(&mut self, free_slots: usize, now: Instant) -> Next {
        if self.poll_at <= now {
            self.reason = Some(Reason::Poll);
        }
        match self.reason {
            None => Next::Wait(self.poll_at),
            Some(_) if free_slots == 0 => Next::WaitForSlot,
            Some(_) if free_slots.saturating_mul(2) >= self.slots || self.not_before <= now => Next::Lease,
            Some(_) => Next::Wait(self.not_before),
        }
    }

    /// The store was asked for `asked` deliveries and returned `found`. Returns whether to ask the store when the next one is due, for
    /// [`due_in`](Self::due_in).
    #[must_use]
    pub(crate) fn leased(&mut self, asked: usize, found: usize, now: Instant) -> bool {
        self.not_before = now + QUERY_DISTANCE;
        let is_poll = self.reason.take() == Some(Reason::Poll);
        if is_poll {
            self.poll_at = now + POLL_INTERVAL;
            self.unannounced = self.unannounced.saturating_add(found);
        }
        if is_poll && found > 0 {
            self.reason = Some(Reason::Poll); // Until nothing is found.
        } else if found > 0 && found >= asked {
            self.reason = Some(Reason::Notified); // More may be due.
        }
        is_poll && found == 0
    }

    /// The next delivery is due after this time, if any is waiting.
    pub(crate) fn due_in(&mut self, delay: Option<Duration>, now: Instant) {
        let delay = delay.unwrap_or(POLL_INTERVAL);
        self.poll_at = now + delay.clamp(QUERY_DISTANCE, POLL_INTERVAL);
    }

    /// The store failed. The runner asks again after `delay`.
    pub(crate) fn failed(&mut self, delay: Duration, now: Instant) {
        self.reason = None;
        self.poll_at = now + delay;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MILLI: Duration = Duration::from_millis(1);

    fn begun(ordered: bool) -> (LeaseSchedule, Instant) {
        let now = Instant::now();
        let mut schedule = LeaseSchedule::new(8, ordered, now);
        assert_eq!(schedule.next(8, now), Next::Lease);
        assert!(
            schedule.leased(8, 0, now),
            "an empty store is asked when something is due"
        );
        schedule.due_in(None, now);
        assert_eq!(schedule.next(8, now), Next::Wait(now + POLL_INTERVAL));
        (schedule, now)
    }

    #[test]
    fn q25_one_announced_delivery_costs_one_query() {
        let (mut schedule, now) = begun(false);
        schedule.notified();
        assert_eq!(schedule.next(8, now), Next::Lease);
        assert!(!schedule.leased(8, 1, now));
        assert!(matches!(schedule.next(7, now), Next::Wait(_)));
        schedule.left_queue();
        assert!(matches!(schedule.next(8, now), Next::Wait(_)));
    }

    #[test]
    fn q25_with_a_backlog_one_query_fills_several_slots() {
        let (mut schedule, now) = begun(false);
        schedule.notified();
        assert!(!schedule.leased(8, 8, now));
        assert_eq!(schedule.next(0, now), Next::WaitForSlot);
        assert_eq!(schedule.next(1, now), Next::Wait(now + QUERY_DISTANCE));
        assert_eq!(schedule.next(4, now), Next::Lease, "half of the slots are free");
        assert_eq!(
            schedule.next(1, now + QUERY_DISTANCE),
            Next::Lease,
            "no handler waits for a slow one"
        );
    }

    #[test]
    fn q14_what_waits_behind_a_delivery_is_found_when_that_is_done() {
        let (mut schedule, now) = begun(true);
        schedule.notified();
        assert!(!schedule.leased(8, 1, now));
        assert!(matches!(schedule.next(7, now), Next::Wait(_)));
        schedule.left_queue();
        assert_eq!(schedule.next(8, now), Next::Lease);
    }

    #[test]
    fn q14_deliveries_that_another_process_orders_follow_each_other_too() {
        let (mut schedule, now) = begun(false);
        let later = now + POLL_INTERVAL;
        assert_eq!(schedule.next(8, later), Next::Lease);
        assert!(!schedule.leased(8, 1, later));
        assert_eq!(schedule.next(7, later), Next::Lease, "until nothing is found");
        assert!(schedule.leased(7, 0, later));
        schedule.due_in(None, later);
        schedule.left_queue();
        assert_eq!(schedule.next(8, later), Next::Lease);
        assert!(schedule.leased(8, 0, later));
        schedule.due_in(None, later);
        schedule.left_queue();
        assert!(
            matches!(schedule.next(8, later), Next::Wait(_)),
            "the chain has ended"
        );
    }

    #[test]
    fn q8_a_retry_is_found_in_time_however_many_deliveries_arrive_meanwhile() {
        let (mut schedule, now) = begun(false);
        schedule.retry_in(3 * MILLI, now);
        for _ in 0..3 {
            schedule.notified();
            assert!(!schedule.leased(8, 1, now));
        }
        assert_eq!(schedule.next(8, now), Next::Wait(now + 3 * MILLI));
        assert_eq!(schedule.next(8, now + 3 * MILLI), Next::Lease);
        assert!(schedule.leased(8, 0, now), "a poll asks when the next one is due");
        schedule.due_in(Some(Duration::ZERO), now);
        assert_eq!(
            schedule.next(8, now),
            Next::Wait(now + QUERY_DISTANCE),
            "not at once again"
        );
    }

    #[test]
    fn q25_a_store_that_fails_is_left_alone_for_a_while() {
        let (mut schedule, now) = begun(false);
        schedule.notified();
        schedule.failed(MILLI, now);
        assert_eq!(schedule.next(8, now), Next::Wait(now + MILLI));
        assert_eq!(schedule.next(8, now + MILLI), Next::Lease);
    }
}
