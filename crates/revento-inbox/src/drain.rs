//! Handles what is due and returns, for functions that run for a short time.

use std::sync::atomic::AtomicBool;

use revento_core::Timestamp;
use revento_store::StoreError;
use tokio::time::{Instant, sleep_until, timeout_at};

use crate::{
    DrainError, Handlers, Inbox,
    cleanup::{clean_up, take_turn},
    in_progress::InProgress,
    lease::try_lease,
    lease_schedule::Next,
    shared::Shared,
};

/// What [`Inbox::drain`] has done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Drained {
    /// How many deliveries were handled.
    pub handled: usize,
    /// How many attempts failed. These deliveries get another attempt later, or are buried.
    pub failed: usize,
    /// How many attempts did not end before the deadline, or have an outcome that could not be stored. Such a delivery stays
    /// leased until its lease ends, and gets another attempt then. If only its failure hook did not end in time, its outcome is
    /// stored already.
    pub unfinished: usize,
    /// When the next delivery is due, or a lease ends; `None` if none is waiting. If this time is not in the future, call again. After
    /// the deadline the store is not asked, and this is the time of the call's end.
    pub next_due: Option<Timestamp>,
}

impl Inbox {
    /// Handles due deliveries until none is due, `limit` attempts were made, or the deadline is near, and returns. For a function on a
    /// serverless platform that a schedule or a queue starts; any number may run at once, beside [runners](crate::Runner) too.
    ///
    /// Within [`handler_timeout`](crate::Policy::handler_timeout) before the deadline no attempt begins, so each can end in time. What
    /// still has no outcome at the deadline is dropped and counted as [`unfinished`](Drained::unfinished). Choose a deadline
    /// one or two seconds before the platform's own limit, and a `handler_timeout` well below the function's time.
    ///
    /// It does not wait for retries that are due later. At most once an hour it also [cleans up](crate::Runner::run) as a runner does.
    ///
    /// ```
    /// use std::time::Duration;
    /// use revento_core::Timestamp;
    /// use revento_inbox::{DrainError, Handlers, Inbox};
    ///
    /// /// What a function does whose platform ends it at `deadline`.
    /// async fn run(inbox: &Inbox, handlers: &Handlers, deadline: Timestamp) -> Result<bool, DrainError> {
    ///     let drained = inbox.drain(handlers, 1_000, deadline.saturating_sub(Duration::from_secs(2))).await?;
    ///     println!("{} handled, {} failed", drained.handled, drained.failed);
    ///     Ok(drained.next_due.is_some_and(|due| due <= deadline)) // Whether to run again soon.
    /// }
    /// ```
    ///
    /// # Errors
    /// The deadline is nearer than one `handler_timeout`, or the store failed.
    pub async fn drain(
        &self,
        handlers: &Handlers,
        limit: usize,
        deadline: Timestamp,
    ) -> Result<Drained, DrainError> {
        let shared = &*self.shared;
        let handler_timeout = shared.policy.handler_timeout;
        let time_left = deadline.saturating_since(shared.clock.now());
        if time_left < handler_timeout {
            return Err(DrainError::TooLittleTime {
                time_left,
                handler_timeout,
            });
        }
        let begun = Instant::now();
        let limits = Limits {
            attempts: limit,
            last_begin: after(begun, time_left - handler_timeout),
        };
        let end = after(begun, time_left);

        let stopping = AtomicBool::new(false);
        let mut in_progress = InProgress::new(shared, handlers, &stopping);
        let in_time = timeout_at(end, run_due(shared, &mut in_progress, limits)).await;
        let tally = in_progress.tally();
        drop(in_progress);
        let unfinished = tally.begun.saturating_sub(tally.handled + tally.failed);
        if unfinished > 0 {
            tracing::warn!(
                unfinished,
                "webhooks stay leased until their leases end: their outcome was not stored in time"
            );
        }
        let next_due = match in_time {
            Ok(ended) => {
                ended?;
                timeout_at(end, async {
                    // A function may live for many calls, or for one.
                    if take_turn(shared) {
                        clean_up(shared).await;
                    }
                    shared.store.next_due().await
                })
                .await
            }
            Err(elapsed) => Err(elapsed),
        };
        Ok(Drained {
            handled: tally.handled,
            failed: tally.failed,
            unfinished,
            next_due: match next_due {
                Ok(due) => due?,
                Err(_) => Some(shared.clock.now()),
            },
        })
    }
}

#[derive(Debug, Clone, Copy)]
struct Limits {
    attempts: usize,
    /// No attempt begins after this time.
    last_begin: Instant,
}

/// Handles what is due. Finishes what is in progress, also when the store fails.
async fn run_due(
    shared: &Shared,
    in_progress: &mut InProgress<'_>,
    limits: Limits,
) -> Result<(), StoreError> {
    let mut schedule = shared.lease_schedule();
    let mut failed = None;
    loop {
        in_progress.settle(&mut schedule).await;
        let now = Instant::now();
        let may_lease = failed.is_none() && now <= limits.last_begin;
        let left = limits.attempts.saturating_sub(in_progress.tally().begun);
        let room = if may_lease {
            in_progress.room().min(left)
        } else {
            0
        };
        let next = schedule.next(room, now);
        let wait_until = match next {
            Next::Lease => {
                match in_progress.drive(try_lease(shared, &mut schedule, room)).await {
                    Ok(leased) => in_progress.begin(leased),
                    Err(error) => failed = Some(error),
                }
                continue;
            }
            // Nothing that is due later matters.
            _ if in_progress.is_empty() => break,
            Next::Wait(at) => at,
            Next::WaitForSlot => limits.last_begin,
        };
        tokio::select! {
            Some(()) = in_progress.next() => {}
            () = sleep_until(wait_until), if wait_until > now => {}
        }
    }
    failed.map_or(Ok(()), Err)
}

/// The furthest deadline that the timer can wait for is years away.
fn after(begun: Instant, time: std::time::Duration) -> Instant {
    const YEAR: std::time::Duration = std::time::Duration::from_secs(365 * 86_400);
    begun + time.min(YEAR)
}
