//! The runner: leases due deliveries and calls the handlers.

use std::{
    future::ready,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use tokio::time::{Instant, sleep_until};

use crate::{
    Handlers,
    cleanup::{clean_up, take_turn},
    in_progress::InProgress,
    lease::lease,
    lease_schedule::Next,
    shared::Shared,
};

/// Handles the deliveries of an inbox. See [`Runner::run`].
#[derive(Debug)]
pub struct Runner {
    shared: Arc<Shared>,
    handlers: Handlers,
}

impl Runner {
    pub(crate) fn new(shared: Arc<Shared>, handlers: Handlers) -> Self {
        Self { shared, handlers }
    }

    /// Handles deliveries until `stop` resolves, then finishes those in progress. Spawn it, in one process or
    /// several; a process may run several runners.
    ///
    /// When the store fails, the runner logs it and asks again; no delivery is lost. If the store does not take the outcome of an
    /// attempt, the runner repeats that until the lease ends, and goes on with other deliveries. When the future is dropped before
    /// `stop` resolves, deliveries in progress stay leased until their lease ends. Once an hour one runner of the process forgets the
    /// identities of [old handled deliveries](crate::Policy::handled_retention) and expunges the bodies of
    /// [old buried ones](crate::Policy::buried_retention).
    ///
    /// A function that runs for a short time, on a serverless platform, uses [`Inbox::drain`](crate::Inbox::drain) instead.
    pub async fn run(self, stop: impl Future<Output = ()>) {
        let shared = &*self.shared;
        let mut stop = pin!(stop);
        let stopping = AtomicBool::new(false);
        let mut in_progress = InProgress::new(shared, &self.handlers, &stopping);
        let mut schedule = shared.lease_schedule();
        loop {
            if take_turn(shared) {
                in_progress.drive(clean_up(shared)).await;
            }
            in_progress.settle(&mut schedule).await;
            let room = in_progress.room();
            let wake_at = match schedule.next(room, Instant::now()) {
                Next::Lease => {
                    let leased = in_progress.drive(lease(shared, &mut schedule, room)).await;
                    if leased.len() >= room {
                        shared.queued.notify_one(); // Another runner of this process may have room.
                    }
                    in_progress.begin(leased);
                    tokio::select! {
                        biased;
                        () = &mut stop => break,
                        () = ready(()) => continue,
                    }
                }
                Next::Wait(at) => Some(at),
                Next::WaitForSlot => None,
            };
            let wake = async {
                match wake_at {
                    Some(at) => sleep_until(at).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                () = &mut stop => break,
                Some(()) = in_progress.next() => {}
                () = shared.queued.notified(), if room > 0 => schedule.notified(),
                () = wake => {}
            }
        }
        stopping.store(true, Ordering::Relaxed);
        while in_progress.next().await.is_some() {}
    }
}
