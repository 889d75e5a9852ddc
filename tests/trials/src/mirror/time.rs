//! The virtual time. When everybody waits, the clock goes on to the end of the earliest wait.

use std::{
    collections::BTreeSet,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use futures_util::future::BoxFuture;
use revento_api::Timer;
use revento_core::Timestamp;
use revento_store::Clock;

/// 2026-05-09T14:22:31Z.
const BEGINNING: i64 = 1_778_336_551_000_000;
/// How often a wait lets others go first. What they do takes no virtual time.
const TURNS: u32 = 64;

#[derive(Debug, Clone)]
pub(super) struct VirtualTime(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    now: Timestamp,
    waits: BTreeSet<(Timestamp, u64)>,
    last_number: u64,
}

impl VirtualTime {
    pub(super) fn new() -> Self {
        Self(Arc::new(Mutex::new(State {
            now: Timestamp::from_unix_micros(BEGINNING),
            waits: BTreeSet::new(),
            last_number: 0,
        })))
    }

    pub(super) fn advance_to(&self, at: Timestamp) {
        let mut state = self.state();
        state.now = state.now.max(at);
    }

    pub(super) fn since_the_beginning(&self) -> Duration {
        self.now()
            .saturating_since(Timestamp::from_unix_micros(BEGINNING))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clock for VirtualTime {
    fn now(&self) -> Timestamp {
        self.state().now
    }
}

impl Timer for VirtualTime {
    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        let mut state = self.state();
        state.last_number += 1;
        Box::pin(Wait {
            time: self.clone(),
            until: state.now.saturating_add(duration),
            number: state.last_number,
            turns: 0,
        })
    }
}

struct Wait {
    time: VirtualTime,
    until: Timestamp,
    number: u64,
    turns: u32,
}

impl Future for Wait {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let (until, number) = (self.until, self.number);
        self.turns += 1;
        let is_patient = self.turns < TURNS;
        let mut state = self.time.state();
        state.waits.insert((until, number));
        let is_next = state.waits.first() == Some(&(until, number));
        if state.now >= until || (is_next && !is_patient) {
            state.now = state.now.max(until);
            return Poll::Ready(());
        }
        drop(state);
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

impl Drop for Wait {
    fn drop(&mut self) {
        self.time.state().waits.remove(&(self.until, self.number));
    }
}
