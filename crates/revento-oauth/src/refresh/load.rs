//! The first decision: whether a refresh is needed, and whether it is allowed.

use revento_core::{Connection, ConnectionStatus, StatusReason, Timestamp};

use super::{
    LoadedConnection, RefreshOutcome, Run, Step,
    claim::Claiming,
    swap::{Pair, Swapping, Unsaved},
};

/// Load the connection, and answer with [`loaded`](Self::loaded) or [`failed`](Self::failed).
#[derive(Debug, Clone)]
#[cfg_attr(test, derive(PartialEq, Eq, Hash))]
pub struct Loading {
    run: Run,
    salvage: Option<Box<Pair>>,
}

impl Loading {
    pub(super) fn first(run: Run) -> Self {
        Self { run, salvage: None }
    }

    /// Looks again after a conflict, before a new pair is given up.
    pub(super) fn salvage(run: Run, pair: Box<Pair>) -> Self {
        Self {
            run,
            salvage: Some(pair),
        }
    }

    /// Takes the store's record; `None` if there is none.
    pub fn loaded(self, found: Option<LoadedConnection>, now: Timestamp) -> Step {
        let Some(snapshot) = found else {
            return Step::Done(RefreshOutcome::NotConnected);
        };
        match self.salvage {
            Some(pair) => salvage(self.run, pair, snapshot),
            None => decide(self.run, snapshot, now),
        }
    }

    /// The store failed, or the tokens do not unseal.
    pub fn failed(self) -> Step {
        match self.salvage {
            Some(pair) => Step::Unsaved(Unsaved::new(self.run, pair)),
            None => Step::Done(RefreshOutcome::StoreFailed),
        }
    }
}

fn decide(run: Run, snapshot: LoadedConnection, now: Timestamp) -> Step {
    let connection = &snapshot.connection;
    let Some(tokens) = snapshot.tokens.as_ref().filter(|_| connection.status.is_live()) else {
        return Step::Done(RefreshOutcome::Ended(Box::new(snapshot.connection)));
    };
    if tokens.refresh.is_none() {
        return without_refresh_token(run, snapshot, now);
    }
    if run.is_fresh(connection, now) {
        return Step::Done(RefreshOutcome::Use(Box::new(snapshot)));
    }
    if connection.status == ConnectionStatus::InDoubt {
        if run.is_usable(connection, now) {
            return Step::Done(RefreshOutcome::Use(Box::new(snapshot)));
        }
        let retry_at = retry_at(run, connection);
        if now < retry_at {
            return Step::Done(RefreshOutcome::InDoubt { retry_at });
        }
    }
    Step::Claim(Claiming::new(run, snapshot, now))
}

/// The access token is used to its end. After it only a human can connect again.
fn without_refresh_token(run: Run, snapshot: LoadedConnection, now: Timestamp) -> Step {
    let snapshot = Box::new(snapshot);
    if run.is_usable(&snapshot.connection, now) {
        return Step::Done(RefreshOutcome::Use(snapshot));
    }
    let reason = StatusReason::NoRefreshToken;
    Step::Swap(Swapping::ended(run, snapshot, reason, None, now))
}

/// When a refresh token in doubt may be sent again.
pub(super) fn retry_at(run: Run, connection: &Connection) -> Timestamp {
    connection.status_since.saturating_add(run.timing.doubt_pause)
}

/// Decides on a new pair that met a newer record. The pair is stored, unless the record has a pair at least as new, belongs to a
/// newer consent, or has ended.
fn salvage(run: Run, pair: Box<Pair>, stored: LoadedConnection) -> Step {
    let ended = matches!(
        stored.connection.status,
        ConnectionStatus::Revoked | ConnectionStatus::Deleted
    );
    // A connection that was removed and created again starts at generation 1.
    let same_consent = stored.connection.consented_at == pair.connection.consented_at;
    if ended {
        Step::Done(RefreshOutcome::Ended(Box::new(stored.connection)))
    } else if same_consent && stored.connection.generation < pair.connection.generation {
        Step::Swap(Swapping::unfenced(run, pair, stored.version))
    } else if stored.connection.status.is_live() && stored.tokens.is_some() {
        Step::Done(RefreshOutcome::Use(Box::new(stored)))
    } else {
        Step::Done(RefreshOutcome::Ended(Box::new(stored.connection)))
    }
}
