//! Virtual time: the time of the simulation, the jumps, and the clock error of each replica.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use revento_core::Timestamp;
use revento_store::Clock;

/// 2026-05-09T14:22:31Z.
const BEGINNING: i64 = 1_778_336_551_000_000;

/// The true time, shared by all.
#[derive(Debug, Clone, Default)]
pub(super) struct Time(Arc<Hands>);

#[derive(Debug, Default)]
struct Hands {
    elapsed: AtomicI64,
    jumped: AtomicI64,
}

impl Time {
    pub(super) fn now(&self) -> Timestamp {
        let elapsed = turmoil::in_simulation().then(turmoil::sim_elapsed).flatten();
        let elapsed = elapsed.map_or_else(|| self.0.elapsed.load(Ordering::Relaxed), micros);
        let jumped = self.0.jumped.load(Ordering::Relaxed);
        Timestamp::from_unix_micros(BEGINNING + elapsed + jumped)
    }

    /// The elapsed time of the simulation, for code outside of it.
    pub(super) fn elapsed(&self, elapsed: Duration) {
        self.0.elapsed.store(micros(elapsed), Ordering::Relaxed);
    }

    pub(super) fn jump(&self, by: Duration) {
        self.0.jumped.fetch_add(micros(by), Ordering::Relaxed);
    }

    pub(super) fn since_the_beginning(&self) -> Duration {
        self.now()
            .saturating_since(Timestamp::from_unix_micros(BEGINNING))
    }
}

/// A replica's clock, which may be wrong.
#[derive(Debug)]
pub(super) struct Watch {
    time: Time,
    wrong_by: AtomicI64,
}

impl Watch {
    pub(super) fn new(time: &Time) -> Arc<Self> {
        Arc::new(Self {
            time: time.clone(),
            wrong_by: AtomicI64::new(0),
        })
    }

    /// Milliseconds ahead, or behind.
    pub(super) fn set_wrong_by(&self, millis: i64) {
        self.wrong_by.store(millis * 1000, Ordering::Relaxed);
    }
}

impl Clock for Watch {
    fn now(&self) -> Timestamp {
        let right = self.time.now().unix_micros();
        Timestamp::from_unix_micros(right + self.wrong_by.load(Ordering::Relaxed))
    }
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}
