//! Storing the result of a sending, before anything else happens.

use revento_core::{
    Connection, ConnectionStatus, StatusReason, Timestamp,
    claim::{Fence, SwapOutcome, Version},
};

use super::{
    LoadedConnection, RefreshOutcome, Run, Step,
    claim::Waiting,
    load::{Loading, retry_at},
};
use crate::TokenPair;

/// A new pair and the connection that it belongs to.
#[derive(Debug, Clone)]
#[cfg_attr(test, derive(PartialEq, Eq, Hash))]
pub(super) struct Pair {
    pub(super) connection: Connection,
    pub(super) tokens: TokenPair,
}

/// Store the [`connection`](Self::connection) and the [`tokens`](Self::tokens) by compare-and-swap, and answer with
/// [`swapped`](Self::swapped) or [`failed`](Self::failed).
#[derive(Debug, Clone)]
#[cfg_attr(test, derive(PartialEq, Eq, Hash))]
pub struct Swapping {
    run: Run,
    expected: Version,
    fence: Option<Fence>,
    change: Change,
}

#[derive(Debug, Clone)]
#[cfg_attr(test, derive(PartialEq, Eq, Hash))]
enum Change {
    NewPair(Box<Pair>),
    Doubt(Box<LoadedConnection>),
    Ended(Box<Connection>),
}

impl Swapping {
    pub(super) fn fenced(run: Run, pair: Box<Pair>, expected: Version, fence: Fence) -> Self {
        Self {
            run,
            expected,
            fence: Some(fence),
            change: Change::NewPair(pair),
        }
    }

    pub(super) fn unfenced(run: Run, pair: Box<Pair>, expected: Version) -> Self {
        Self {
            run,
            expected,
            fence: None,
            change: Change::NewPair(pair),
        }
    }

    pub(super) fn doubt(
        run: Run,
        mut snapshot: Box<LoadedConnection>,
        reason: StatusReason,
        fence: Fence,
        now: Timestamp,
    ) -> Self {
        let expected = snapshot.version;
        mark(&mut snapshot.connection, ConnectionStatus::InDoubt, reason, now);
        Self {
            run,
            expected,
            fence: Some(fence),
            change: Change::Doubt(snapshot),
        }
    }

    pub(super) fn ended(
        run: Run,
        snapshot: Box<LoadedConnection>,
        reason: StatusReason,
        fence: Option<Fence>,
        now: Timestamp,
    ) -> Self {
        let expected = snapshot.version;
        let mut connection = snapshot.connection;
        mark(&mut connection, ConnectionStatus::NeedsConsent, reason, now);
        Self {
            run,
            expected,
            fence,
            change: Change::Ended(Box::new(connection)),
        }
    }

    /// The version that the swap expects.
    pub fn expected(&self) -> Version {
        self.expected
    }

    /// The claim that the swap ends.
    pub fn fence(&self) -> Option<Fence> {
        self.fence
    }

    /// The connection to store.
    pub fn connection(&self) -> &Connection {
        match &self.change {
            Change::NewPair(pair) => &pair.connection,
            Change::Doubt(snapshot) => &snapshot.connection,
            Change::Ended(connection) => connection,
        }
    }

    /// The tokens to seal and to store; `None` if the connection has ended.
    pub fn tokens(&self) -> Option<&TokenPair> {
        match &self.change {
            Change::NewPair(pair) => Some(&pair.tokens),
            Change::Doubt(snapshot) => snapshot.tokens.as_ref(),
            Change::Ended(_) => None,
        }
    }

    /// The new pair, to keep while the store is busy. `None` if the swap stores no new pair.
    pub fn as_unsaved(&self) -> Option<Unsaved> {
        match &self.change {
            Change::NewPair(pair) => Some(Unsaved::new(self.run, pair.clone())),
            Change::Doubt(_) | Change::Ended(_) => None,
        }
    }

    /// Whether the swap stores that the platform rejected the refresh token for good.
    pub fn is_rejection(&self) -> bool {
        matches!(&self.change, Change::Ended(connection) if connection.reason == Some(StatusReason::RefreshRejected))
    }

    /// Takes the store's answer.
    pub fn swapped(self, answer: SwapOutcome, now: Timestamp) -> Step {
        match (self.change, answer) {
            (Change::NewPair(pair), SwapOutcome::Swapped(version)) => stored(*pair, version),
            (Change::NewPair(pair), SwapOutcome::Conflict) => Step::Load(Loading::salvage(self.run, pair)),
            (Change::Ended(connection), SwapOutcome::Swapped(_)) => {
                Step::Done(RefreshOutcome::Ended(connection))
            }
            (Change::Doubt(snapshot), SwapOutcome::Swapped(version)) => {
                doubted(self.run, LoadedConnection { version, ..*snapshot }, now)
            }
            (_, SwapOutcome::Conflict) => Step::Load(Loading::first(self.run)),
        }
    }

    /// The store failed. It may have stored the change.
    pub fn failed(self, now: Timestamp) -> Step {
        match self.change {
            Change::NewPair(pair) => Step::Unsaved(Unsaved { run: self.run, pair }),
            // The claim expires, which leaves the same doubt.
            Change::Doubt(snapshot) if self.run.is_usable(&snapshot.connection, now) => {
                Step::Done(RefreshOutcome::Use(snapshot))
            }
            Change::Doubt(_) => Step::Done(RefreshOutcome::StoreFailed),
            // The caller remembers it: see `Sending::rejected_before`.
            Change::Ended(connection) => Step::Done(RefreshOutcome::Ended(connection)),
        }
    }
}

fn mark(connection: &mut Connection, status: ConnectionStatus, reason: StatusReason, now: Timestamp) {
    connection.status = status;
    connection.reason = Some(reason);
    connection.status_since = now;
}

/// A pair that is bound to something else is stored, but not used (invariant T4).
fn stored(pair: Pair, version: Version) -> Step {
    if !pair.connection.status.is_live() {
        return Step::Done(RefreshOutcome::Ended(Box::new(pair.connection)));
    }
    let snapshot = LoadedConnection {
        version,
        connection: pair.connection,
        tokens: Some(pair.tokens),
    };
    Step::Done(RefreshOutcome::Refreshed(Box::new(snapshot)))
}

/// The doubt is stored. The access token is used until its end. After it, the refresh token is sent once more after a pause, and
/// once in a run.
fn doubted(run: Run, snapshot: LoadedConnection, now: Timestamp) -> Step {
    if run.is_usable(&snapshot.connection, now) {
        return Step::Done(RefreshOutcome::Use(Box::new(snapshot)));
    }
    let retry_at = retry_at(run, &snapshot.connection);
    if run.deliberate {
        Step::Done(RefreshOutcome::InDoubt { retry_at })
    } else {
        Step::Wait(Waiting { run, until: retry_at })
    }
}

/// A new pair that the store did not take (invariant T2). The old refresh token is spent, so this is the only copy of the
/// tokens: keep it, alert the operators, and [`retry`](Self::retry) until the store is back.
#[derive(Debug, Clone)]
#[cfg_attr(test, derive(PartialEq, Eq, Hash))]
pub struct Unsaved {
    run: Run,
    pair: Box<Pair>,
}

impl Unsaved {
    pub(super) fn new(run: Run, pair: Box<Pair>) -> Self {
        Self { run, pair }
    }

    /// The connection of the pair.
    pub fn connection(&self) -> &Connection {
        &self.pair.connection
    }

    /// Loads the record and then stores the pair, unless the record has a newer one.
    pub fn retry(self) -> Step {
        Step::Load(Loading::salvage(self.run, self.pair))
    }
}
