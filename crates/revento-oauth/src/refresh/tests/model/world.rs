//! A state of the world.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    sync::Arc,
    time::Duration,
};

use super::Bounds;
use crate::refresh::{
    InFlight, Refresh, RefreshOutcome, RefreshReason, Step, Timing,
    tests::sim::{Fault, Platform, Sim, Store, connection, given, pair},
};
use crate::{TokenAnswer, token::OAuthErrorCode};
use revento_core::{ConnectionStatus, Timestamp};

/// Ticks of one second. A claim is valid for two, so a sending has to begin and arrive within one.
pub(super) const TIMING: Timing = Timing {
    lead_time: Duration::from_secs(3),
    clock_skew: Duration::ZERO,
    claim_ttl: Duration::from_secs(2),
    poll_interval: Duration::from_secs(1),
    max_wait: Duration::from_secs(3),
    doubt_pause: Duration::from_secs(1),
};
const ACCESS_LIFE: Duration = Duration::from_secs(5);

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(in crate::refresh::tests) struct World {
    pub(super) sim: Sim,
    pub(super) replicas: Vec<Replica>,
    pub(super) crashes: u8,
    pub(super) losses: u8,
    pub(super) store_faults: u8,
    pub(super) touches: u8,
    pub(super) refusals: u8,
    pub(super) consents: u8,
    /// How often each refresh token was sent, from the first on.
    sent: Vec<u8>,
    /// Whether a pair was lost with its process or its answer, or a spent token was sent once more. The in-doubt rule accepts
    /// the loss of the connection that follows.
    pub(super) unlucky: bool,
    pub(super) sent_twice: bool,
    pub(super) raced: bool,
    pub(super) used_early: bool,
    pub(super) waited: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Replica {
    pub(super) doing: Doing,
    pub(super) runs: u8,
    claimed_at: i64,
    /// The generation whose access token the platform refused.
    refused: Option<u64>,
    /// Whether the record was in doubt and the access token expired when the claim was granted. A pair that is stored between
    /// the claim and the sending comes too late: no store can stop a sending, and the other order would lose that pair, too.
    may_resend: bool,
    has_waited: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Doing {
    Nothing,
    Step(Arc<Step>),
    Sending {
        in_flight: Arc<InFlight>,
        at: i64,
        answer: Answer,
    },
}

/// The state of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Answer {
    NotThere,
    Issued(u64),
    InvalidGrant,
}

impl World {
    pub(super) fn new(bounds: &Bounds) -> Self {
        let mut connection = connection();
        connection.access_expires_at = Timestamp::from_unix_seconds(3);
        // The end of the consent cuts the lifetime, so that the whole lead time applies.
        connection.refresh_expires_at = connection.consent_expires_at;
        let mut store = Store::with(connection, pair(1));
        store.rules = bounds.rules;
        let replica = Replica {
            doing: Doing::Nothing,
            runs: bounds.runs,
            claimed_at: 0,
            refused: None,
            may_resend: false,
            has_waited: false,
        };
        Self {
            sim: Sim {
                now: bounds.start,
                store,
                platform: Platform::with_access_life(ACCESS_LIFE),
            },
            replicas: vec![replica; bounds.clocks.len()],
            crashes: bounds.crashes,
            losses: bounds.losses,
            store_faults: bounds.store_faults,
            touches: bounds.touches,
            refusals: bounds.refusals,
            consents: bounds.consents,
            sent: vec![0; 8],
            unlucky: false,
            sent_twice: false,
            raced: false,
            used_early: false,
            waited: false,
        }
    }

    /// The same world with sorted replicas, because their order does not matter.
    pub(super) fn representative(&self) -> Self {
        let mut world = self.clone();
        world.replicas.sort_by_cached_key(|replica| {
            let mut hasher = DefaultHasher::new();
            replica.hash(&mut hasher);
            hasher.finish()
        });
        world
    }

    pub(super) fn generation(&self) -> u64 {
        self.sim.connection().generation
    }

    pub(super) fn has_ended_unspent(&self) -> bool {
        !self.sim.connection().status.is_live()
            && !self.sim.platform.revoked
            && self.sim.platform.current == self.generation()
    }

    /// Whether a pair is lost. Checked only while all replicas are idle.
    pub(super) fn has_lost_a_pair(&self) -> bool {
        !self.unlucky
            && self
                .replicas
                .iter()
                .all(|replica| replica.doing == Doing::Nothing)
            && (self.generation() != self.sim.platform.current || self.sim.platform.revoked)
    }

    /// Whether there is a pair that the store does not have.
    pub(super) fn is_a_pair_in_transit(&self) -> bool {
        self.sim.platform.current > self.generation()
    }

    pub(super) fn start(&mut self, bounds: &Bounds, replica: usize, reason: RefreshReason) {
        self.replicas[replica].refused = match reason {
            RefreshReason::TokenRejected { generation } => Some(generation),
            RefreshReason::TokenRequested => None,
        };
        let now = Timestamp::from_unix_seconds(self.sim.now + bounds.clocks[replica]);
        self.replicas[replica].runs -= 1;
        self.replicas[replica].has_waited = false;
        let step = Refresh::start(reason, TIMING, now);
        let step = self.at_clock(bounds, replica, |sim| sim.advance(step, Fault::Fine));
        self.put(replica, step);
    }

    /// An organizer consents again: the platform issues a pair of a new family.
    pub(super) fn consent(&mut self) {
        let token = self.sim.platform.current.max(self.generation()) + 1;
        let now = Timestamp::from_unix_seconds(self.sim.now);
        let mut connection = connection();
        connection.generation = token;
        // No two consents have the same time.
        connection.consented_at = Timestamp::from_unix_micros(i64::try_from(token).unwrap());
        connection.access_expires_at = now.saturating_add(ACCESS_LIFE);
        connection.refresh_expires_at = connection.consent_expires_at;
        self.sim.platform.consent(token);
        self.sim.store.replace(connection, Some(pair(token)));
        self.unlucky = false;
    }

    /// Sets the next step of a replica. The end of a run is checked at once.
    pub(super) fn put(&mut self, replica: usize, step: Step) {
        let doing = &mut self.replicas[replica];
        match step {
            Step::Done(outcome) => {
                doing.doing = Doing::Nothing;
                self.waited |= doing.has_waited && matches!(outcome, RefreshOutcome::Use(_));
                self.used_early |= given(&outcome) > Some(self.sim.connection().generation);
            }
            Step::Unsaved(unsaved) => doing.doing = Doing::Step(Arc::new(unsaved.retry())),
            step => {
                doing.has_waited |= matches!(step, Step::Wait(_));
                doing.doing = Doing::Step(Arc::new(step));
            }
        }
    }

    pub(super) fn note_claim(&mut self, bounds: &Bounds, replica: usize) {
        let connection = self.sim.connection();
        let now = Timestamp::from_unix_seconds(self.sim.now + bounds.clocks[replica]);
        let refused = self.replicas[replica].refused == Some(connection.generation);
        let useless = refused || connection.access_expires_at <= now;
        let may_resend = connection.status == ConnectionStatus::InDoubt && useless;
        self.replicas[replica].may_resend = may_resend;
        self.replicas[replica].claimed_at = self.sim.now;
    }

    /// A sending. Invariant T1 is checked as it begins.
    pub(super) fn send(&mut self, bounds: &Bounds, replica: usize, step: Step) {
        let Step::Send(sending) = step else { return };
        let started = if bounds.looks_at_the_clock {
            self.sim.now
        } else {
            self.replicas[replica].claimed_at
        };
        let clock = bounds.clocks[replica];
        let in_flight = match sending.start(Timestamp::from_unix_seconds(started + clock)) {
            Ok(in_flight) => in_flight,
            Err(step) => return self.put(replica, step),
        };
        let token = number(&in_flight);
        self.raced |= self.replicas.iter().any(|other| {
            matches!(&other.doing, Doing::Sending { in_flight, at, answer: Answer::NotThere }
                if number(in_flight) == token && self.sim.now < at + arrives_within())
        });
        let count = &mut self.sent[usize::try_from(token).unwrap()];
        *count += 1;
        if *count > 1 {
            let by_the_rule = in_flight.is_deliberate_retry() && self.replicas[replica].may_resend;
            self.sent_twice |= !by_the_rule;
            self.unlucky |= self.sim.platform.current != token;
        }
        self.replicas[replica].doing = Doing::Sending {
            in_flight: Arc::new(in_flight),
            at: self.sim.now,
            answer: Answer::NotThere,
        };
    }

    /// The sender knows that nothing was sent.
    pub(super) fn note_unsent(&mut self, replica: usize) {
        if let Doing::Sending { in_flight, .. } = &self.replicas[replica].doing {
            let token = number(in_flight);
            self.sent[usize::try_from(token).unwrap()] -= 1;
        }
    }

    pub(super) fn arrive(&mut self, in_flight: &InFlight) -> Answer {
        let answer = self.sim.platform.refresh(in_flight.refresh_token().expose());
        self.sim.platform.calls = 0;
        match answer {
            TokenAnswer::Issued(_) => Answer::Issued(self.sim.platform.current),
            _ => Answer::InvalidGrant,
        }
    }
}

/// How many ticks a request can take.
pub(super) fn arrives_within() -> i64 {
    i64::try_from((TIMING.claim_ttl / 2).as_secs()).unwrap()
}

fn number(in_flight: &InFlight) -> u64 {
    let token = in_flight.refresh_token().expose();
    token.trim_start_matches("rev_refresh_").parse().unwrap()
}

impl Answer {
    /// The answer as the platform gave it.
    pub(super) fn read(self) -> Option<TokenAnswer> {
        match self {
            Self::NotThere => None,
            Self::Issued(generation) => {
                let mut issued = crate::refresh::tests::sim::issued(generation);
                issued.expires_in = Some(ACCESS_LIFE);
                Some(TokenAnswer::Issued(Box::new(issued)))
            }
            Self::InvalidGrant => Some(TokenAnswer::Refused {
                status: http::StatusCode::BAD_REQUEST,
                error: OAuthErrorCode::InvalidGrant,
                description: None,
            }),
        }
    }
}
