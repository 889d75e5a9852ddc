//! The running sandbox: the state behind its lock, with the clock, the data file and the faults.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, watch};

use crate::call_log::CallLog;
use crate::decisions;
use crate::durability::{Journal, WriteError};
use crate::faults::FaultRegistry;
use crate::listeners::Listeners;
use crate::platform::commands::prune;
use crate::platform::config::Config;
use crate::platform::context::Context;
use crate::platform::queries::budgets::Budgets;
use crate::platform::queries::stats::RequestCounts;
use crate::platform::records::Listener;
use crate::platform::state::State;
use crate::primitives::clock::Clock;
use crate::primitives::time::Time;

/// The running sandbox, shared by all requests and by the dispatcher.
#[derive(Debug)]
pub(crate) struct Runtime {
    pub(crate) config: Config,
    clock: Clock,
    state: Mutex<State>,
    budgets: Mutex<Budgets>,
    faults: Mutex<FaultRegistry>,
    call_log: Mutex<CallLog>,
    /// The listeners that are connected now.
    pub(crate) listeners: Listeners,
    journal: Journal,
    /// The CSRF token of the console's forms; a new one at every start.
    pub(crate) csrf_token: String,
    /// Wakes the dispatcher when a delivery may be due.
    pub(crate) dispatcher_wake: Notify,
    /// A version that grows with every change; the console's pages watch it.
    pub(crate) changes: watch::Sender<u64>,
    /// Becomes true once, when the sandbox stops.
    pub(crate) stopping: watch::Sender<bool>,
    requests: AtomicU64,
    rate_limited: AtomicU64,
}

impl Runtime {
    pub(crate) fn new(
        config: Config,
        clock: Clock,
        state: State,
        journal: Journal,
        csrf_token: String,
    ) -> Self {
        Self {
            config,
            clock,
            state: Mutex::new(state),
            budgets: Mutex::default(),
            faults: Mutex::default(),
            call_log: Mutex::default(),
            listeners: Listeners::default(),
            journal,
            csrf_token,
            dispatcher_wake: Notify::new(),
            changes: watch::Sender::new(0),
            stopping: watch::Sender::new(false),
            requests: AtomicU64::new(0),
            rate_limited: AtomicU64::new(0),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    pub(crate) fn budgets(&self) -> MutexGuard<'_, Budgets> {
        lock(&self.budgets)
    }

    pub(crate) fn faults(&self) -> MutexGuard<'_, FaultRegistry> {
        lock(&self.faults)
    }

    pub(crate) fn call_log(&self) -> MutexGuard<'_, CallLog> {
        lock(&self.call_log)
    }

    /// Reads the state. Returns once everything that `look` saw is durable.
    pub(crate) async fn read<'a, R>(
        &'a self,
        look: impl FnOnce(&State, Context<'a>) -> R,
    ) -> Result<R, WriteError> {
        let (seen, ticket) = {
            let state = self.state();
            (look(&state, self.context(&state)), self.journal.latest())
        };
        self.journal.wait_durable(ticket).await?;
        Ok(seen)
    }

    /// Changes the state. Returns once the change is durable.
    ///
    /// The journal receives the rows under the lock, so that the file receives them in the order of the changes.
    pub(crate) async fn write<'a, R>(
        &'a self,
        change: impl FnOnce(&mut State, Context<'a>) -> R,
    ) -> Result<R, WriteError> {
        let (result, ticket) = {
            let mut state = self.state();
            let context = self.context(&state);
            state.announced.clear();
            let result = change(&mut state, context);
            prune::run(&mut state, context.now, prune::Bounds::default());
            let now = self.context(&state).now;
            let ticket = if state.weekly_reset_at().is_some_and(|at| at <= now) {
                tracing::info!("the weekly reset restores the test data");
                self.restore_seed(&mut state)
            } else {
                self.submit_changes(&mut state)
            };
            (result, ticket)
        };
        self.notify_change();
        self.journal.wait_durable(ticket).await?;
        Ok(result)
    }

    /// Restores the seed and deletes everything else, the clock's offset included.
    pub(crate) async fn reset(&self) -> Result<(), WriteError> {
        let ticket = self.restore_seed(&mut self.state());
        self.notify_change();
        self.journal.wait_durable(ticket).await
    }

    fn restore_seed(&self, state: &mut State) -> u64 {
        // A listener is no test data: it stays.
        let listeners: Vec<Listener> = state.listeners.iter().cloned().collect();
        *state = self.config.seed.state();
        listeners.into_iter().for_each(|row| state.listeners.put(row));
        self.budgets().clear();
        self.faults().clear();
        self.call_log().clear();
        self.config.entropy.rewind();
        self.requests.store(0, Ordering::Relaxed);
        self.rate_limited.store(0, Ordering::Relaxed);
        let cleared = self.journal.clear();
        if self.config.reset_weekly {
            state.set_weekly_reset(decisions::next_weekly_reset(self.context(state).now));
        }
        cleared.max(self.submit_changes(state))
    }

    /// Hands the changes to the journal. Call it under the lock of the state.
    fn submit_changes(&self, state: &mut State) -> u64 {
        if self.journal.has_file() {
            let changes = state.take_changes();
            self.journal.submit(changes)
        } else {
            state.forget_changes();
            self.journal.latest()
        }
    }

    pub(crate) fn count_request(&self) {
        self.requests.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn count_rate_limited(&self) {
        self.rate_limited.fetch_add(1, Ordering::Relaxed);
    }

    /// The requests since the start or the last reset.
    pub(crate) fn request_counts(&self) -> RequestCounts {
        RequestCounts {
            requests: self.requests.load(Ordering::Relaxed),
            rate_limited: self.rate_limited.load(Ordering::Relaxed),
        }
    }

    /// Tells open pages that something has changed.
    pub(crate) fn notify_pages(&self) {
        self.changes
            .send_modify(|version| *version = version.wrapping_add(1));
    }

    /// Tells open pages and the dispatcher that something has changed.
    pub(crate) fn notify_change(&self) {
        self.notify_pages();
        self.dispatcher_wake.notify_one();
    }

    /// The real time: the machine's, or that of a simulation.
    pub(crate) fn real_now(&self) -> Time {
        self.clock.now()
    }

    fn context<'a>(&'a self, state: &State) -> Context<'a> {
        Context {
            config: &self.config,
            now: self.clock.now().plus_micros(state.clock_offset()),
        }
    }

    /// The time on the sandbox clock.
    pub(crate) fn now(&self) -> Time {
        self.context(&self.state()).now
    }

    /// Stops the server, open pages and the dispatcher, and waits until all changes are durable.
    pub(crate) async fn stop(&self) -> Result<(), WriteError> {
        self.stopping.send_replace(true);
        self.dispatcher_wake.notify_one();
        self.journal.wait_durable(self.journal.latest()).await
    }
}

/// Locks a mutex, even after a panic of another holder: every holder leaves complete data behind.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
