//! A simulated world with one connection.

mod platform;
mod store;

pub(super) use platform::{ACCESS_LIFE, Platform, issued};
pub(super) use store::{Rules, Store};

use std::time::Duration;

use revento_core::{Connection, ConnectionKey, ConnectionStatus, Scopes, Timestamp, limits};

use crate::{
    TokenPair,
    refresh::{Refresh, RefreshOutcome, RefreshReason, Reply, Step, Timing},
};

/// A time in seconds, for readable tests.
pub(super) const TIMING: Timing = Timing {
    lead_time: Duration::from_secs(600),
    clock_skew: Duration::from_secs(10),
    claim_ttl: Duration::from_secs(60),
    poll_interval: Duration::from_secs(1),
    max_wait: Duration::from_secs(30),
    doubt_pause: Duration::from_secs(5),
};

/// A fault of one step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Fault {
    Fine,
    /// The store fails, and may have made the change.
    Store {
        took_effect: bool,
    },
    NeverSent,
    Lost {
        arrived: bool,
    },
}

/// The world at one time.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Sim {
    pub(super) now: i64,
    pub(super) store: Store,
    pub(super) platform: Platform,
}

impl Sim {
    /// A connection of time zero with its first pair.
    pub(super) fn connected() -> Self {
        Self {
            now: 0,
            store: Store::with(connection(), pair(1)),
            platform: Platform::default(),
        }
    }

    /// The same connection, `seconds` before its access token ends.
    pub(super) fn before_its_end(seconds: i64) -> Self {
        let mut sim = Self::connected();
        sim.now = i64::try_from(ACCESS_LIFE.as_secs()).unwrap() - seconds;
        sim
    }

    pub(super) fn at(&self) -> Timestamp {
        Timestamp::from_unix_seconds(self.now)
    }

    pub(super) fn start(&self) -> Step {
        Refresh::start(RefreshReason::TokenRequested, TIMING, self.at())
    }

    pub(super) fn rejected(&self, generation: u64) -> Step {
        Refresh::start(RefreshReason::TokenRejected { generation }, TIMING, self.at())
    }

    pub(super) fn connection(&self) -> &Connection {
        &self.store.row().connection
    }

    /// Takes one step.
    pub(super) fn advance(&mut self, step: Step, fault: Fault) -> Step {
        let now = self.at();
        match step {
            Step::Load(loading) => match fault {
                Fault::Store { .. } => loading.failed(),
                _ => loading.loaded(self.store.load(), now),
            },
            Step::Claim(claiming) => {
                let terms = claiming.terms();
                match self.asked(fault, |store| store.claim(terms)) {
                    Some(claim) => claiming.claimed(claim, now),
                    None => claiming.failed(now),
                }
            }
            Step::Wait(waiting) => {
                self.now = self.now.max(waiting.until().unix_seconds());
                waiting.over()
            }
            Step::Send(sending) => match sending.start(now) {
                Ok(in_flight) => {
                    let reply = self.send(in_flight.refresh_token().expose(), fault);
                    in_flight.replied(reply, self.at())
                }
                Err(step) => step,
            },
            Step::Swap(swapping) => {
                let (expected, fence) = (swapping.expected(), swapping.fence());
                let (connection, tokens) = (swapping.connection().clone(), swapping.tokens().cloned());
                let swap = |store: &mut Store| store.swap(expected, connection, tokens, fence);
                match self.asked(fault, swap) {
                    Some(answer) => swapping.swapped(answer, now),
                    None => swapping.failed(now),
                }
            }
            Step::Release(releasing) => {
                let fence = releasing.fence();
                self.asked(fault, |store| store.release(fence));
                releasing.released()
            }
            Step::Unsaved(unsaved) => unsaved.retry(),
            Step::Done(outcome) => Step::Done(outcome),
        }
    }

    /// Takes steps until a step of this kind is next.
    pub(super) fn until(&mut self, mut step: Step, kind: &str) -> Step {
        for _ in 0..1000 {
            if name(&step) == kind {
                return step;
            }
            step = self.advance(step, Fault::Fine);
        }
        panic!("never came to {kind}: {step:?}");
    }

    /// Takes steps until the run ends.
    pub(super) fn finish(&mut self, step: Step) -> RefreshOutcome {
        match self.until(step, "done") {
            Step::Done(outcome) => outcome,
            other => panic!("{other:?}"),
        }
    }

    /// A whole run in which one kind of step fails once.
    pub(super) fn run_with(&mut self, kind: &str, fault: Fault) -> RefreshOutcome {
        let step = self.start();
        let step = self.until(step, kind);
        let step = self.advance(step, fault);
        self.finish(step)
    }

    /// A whole run.
    pub(super) fn run(&mut self) -> RefreshOutcome {
        let step = self.start();
        self.finish(step)
    }

    fn send(&mut self, token: &str, fault: Fault) -> Reply {
        match fault {
            Fault::NeverSent => Reply::NeverSent,
            Fault::Lost { arrived: false } => Reply::Lost,
            Fault::Lost { arrived: true } => {
                self.platform.refresh(token);
                Reply::Lost
            }
            Fault::Fine | Fault::Store { .. } => Reply::Answered(self.platform.refresh(token)),
        }
    }

    fn asked<T>(&mut self, fault: Fault, what: impl FnOnce(&mut Store) -> T) -> Option<T> {
        match fault {
            Fault::Store { took_effect: false } => None,
            Fault::Store { took_effect: true } => {
                what(&mut self.store);
                None
            }
            _ => Some(what(&mut self.store)),
        }
    }
}

pub(super) fn name(step: &Step) -> &'static str {
    match step {
        Step::Load(_) => "load",
        Step::Claim(_) => "claim",
        Step::Wait(_) => "wait",
        Step::Send(_) => "send",
        Step::Swap(_) => "swap",
        Step::Release(_) => "release",
        Step::Unsaved(_) => "unsaved",
        Step::Done(_) => "done",
    }
}

/// The generation that an outcome gives out.
pub(super) fn given(outcome: &RefreshOutcome) -> Option<u64> {
    match outcome {
        RefreshOutcome::Use(snapshot) | RefreshOutcome::Refreshed(snapshot) => {
            let generation = snapshot.connection.generation;
            let tokens = snapshot.tokens.as_ref().expect("tokens to use");
            assert_eq!(tokens.access.expose(), pair(generation).access.expose());
            Some(generation)
        }
        _ => None,
    }
}

/// The pair of a generation.
pub(super) fn pair(generation: u64) -> TokenPair {
    TokenPair {
        access: format!("rev_install_{generation}").into(),
        refresh: Some(format!("rev_refresh_{generation}").into()),
    }
}

pub(super) fn connection() -> Connection {
    let start = Timestamp::UNIX_EPOCH;
    Connection {
        key: ConnectionKey::installation("client".into(), "evt_1".into()),
        organization_id: Some("org_1".into()),
        status: ConnectionStatus::Connected,
        reason: None,
        status_since: start,
        delete_by: None,
        scopes: Scopes::parse("event.read participants.read"),
        generation: 1,
        consented_at: start,
        access_expires_at: start.saturating_add(ACCESS_LIFE),
        refresh_expires_at: start.saturating_add(limits::REFRESH_TOKEN_LIFETIME),
        consent_expires_at: start.saturating_add(limits::CONSENT_LIFETIME),
    }
}
