//! The one place where state, clock and data file meet.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, watch};

use crate::durability::{Journal, Unwritten};
use crate::laboratory::book::Book;
use crate::laboratory::exchanges::Exchanges;
use crate::machine::clock::Clock;
use crate::machine::time::Time;
use crate::platform::acts::{Scene, prune};
use crate::platform::config::Config;
use crate::platform::read::budgets::Budgets;
use crate::platform::state::State;

/// The running platform, shared by every request and by the courier.
#[derive(Debug)]
pub(crate) struct Hub {
    pub(crate) config: Config,
    clock: Clock,
    state: Mutex<State>,
    budgets: Mutex<Budgets>,
    faults: Mutex<Book>,
    exchanges: Mutex<Exchanges>,
    journal: Journal,
    /// What a form of the console carries; another at every start.
    pub(crate) csrf: String,
    /// Wakes the courier when a delivery may be due.
    pub(crate) courier: Notify,
    /// Grows with every change; pages watch it.
    pub(crate) changes: watch::Sender<u64>,
    /// Becomes true once, when the sandbox stops.
    pub(crate) stopping: watch::Sender<bool>,
    pub(crate) requests: AtomicU64,
    pub(crate) rate_limited: AtomicU64,
}

impl Hub {
    pub(crate) fn new(config: Config, clock: Clock, state: State, journal: Journal, csrf: String) -> Self {
        Self {
            config,
            clock,
            state: Mutex::new(state),
            budgets: Mutex::default(),
            faults: Mutex::default(),
            exchanges: Mutex::default(),
            journal,
            csrf,
            courier: Notify::new(),
            changes: watch::Sender::new(0),
            stopping: watch::Sender::new(false),
            requests: AtomicU64::new(0),
            rate_limited: AtomicU64::new(0),
        }
    }

    /// A lock that survives a panic elsewhere: every change of the state is complete before it is let go.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn budgets(&self) -> MutexGuard<'_, Budgets> {
        self.budgets.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn faults(&self) -> MutexGuard<'_, Book> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn exchanges(&self) -> MutexGuard<'_, Exchanges> {
        self.exchanges.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks at the state, and returns once everything that was seen is durable.
    pub(crate) async fn read<R>(&self, look: impl FnOnce(&State, Time) -> R) -> Result<R, Unwritten> {
        let (seen, ticket) = {
            let state = self.lock();
            let now = self.sandbox_now(&state);
            (look(&state, now), self.journal.latest())
        };
        self.journal.settled(ticket).await?;
        Ok(seen)
    }

    /// Changes the state, and returns once the change is durable.
    ///
    /// The rows are handed to the journal under the lock, so they are written in the order of the changes.
    pub(crate) async fn write<R>(
        &self,
        change: impl FnOnce(&mut State, Scene<'_>) -> R,
    ) -> Result<R, Unwritten> {
        let (result, ticket) = {
            let mut state = self.lock();
            let now = self.sandbox_now(&state);
            let result = change(
                &mut state,
                Scene {
                    config: &self.config,
                    now,
                },
            );
            prune::run(&mut state, now, prune::Bounds::default());
            if self.journal.keeps() {
                let changes = state.drain();
                (result, self.journal.submit(changes))
            } else {
                state.settle();
                (result, self.journal.latest())
            }
        };
        self.announce();
        self.journal.settled(ticket).await?;
        Ok(result)
    }

    /// Restores the seed and forgets everything else, the moved clock included.
    pub(crate) async fn reset(&self) -> Result<(), Unwritten> {
        let ticket = {
            let mut state = self.lock();
            *state = self.config.seed.state();
            self.budgets().clear();
            self.faults().clear();
            self.exchanges().clear();
            self.config.entropy.rewind();
            self.journal.clear()
        };
        self.requests.store(0, Ordering::Relaxed);
        self.rate_limited.store(0, Ordering::Relaxed);
        self.announce();
        self.journal.settled(ticket).await
    }

    /// Tells open pages that there is something new to see.
    pub(crate) fn show(&self) {
        self.changes
            .send_modify(|version| *version = version.wrapping_add(1));
    }

    /// Wakes the courier and every page that watches.
    pub(crate) fn announce(&self) {
        self.show();
        self.courier.notify_one();
    }

    /// The time that everybody outside goes by.
    pub(crate) fn real_now(&self) -> Time {
        self.clock.now()
    }

    fn sandbox_now(&self, state: &State) -> Time {
        self.clock.now().plus_micros(state.clock_offset())
    }

    /// The sandbox clock, for those who need nothing else.
    pub(crate) fn now(&self) -> Time {
        self.sandbox_now(&self.lock())
    }

    /// Ends what waits: live pages, the courier, the journal.
    pub(crate) async fn stop(&self) -> Result<(), Unwritten> {
        self.stopping.send_replace(true);
        self.courier.notify_one();
        self.journal.settled(self.journal.latest()).await
    }
}
