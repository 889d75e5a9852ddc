//! What ends a connection (contract §2.6): one function over signals that come in any order and repeatedly (invariant T8).

use revento_core::{Connection, ConnectionStatus, StatusReason, Timestamp, limits};

/// An event in the life of a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Signal {
    /// The platform answered a call with `token_revoked` (contract §3.5).
    TokenRevoked,
    /// The webhook `data.deletion_required`.
    DeletionRequired {
        /// The webhook's `occurred_at`.
        occurred_at: Timestamp,
        /// The platform's deadline, if the data has one.
        deadline_at: Option<Timestamp>,
        /// The reason, if the data has one.
        reason: Option<String>,
    },
    /// The webhook `user.revoked_access`.
    UserRevoked {
        /// The webhook's `occurred_at`.
        occurred_at: Timestamp,
    },
    /// The webhook `integration.suspended`.
    Suspended {
        /// The webhook's `occurred_at`.
        occurred_at: Timestamp,
    },
    /// The integration has deleted its cached data.
    Deleted,
}

impl Signal {
    fn occurred_at(&self) -> Option<Timestamp> {
        match self {
            Self::DeletionRequired { occurred_at, .. }
            | Self::UserRevoked { occurred_at }
            | Self::Suspended { occurred_at } => Some(*occurred_at),
            Self::TokenRevoked | Self::Deleted => None,
        }
    }
}

/// Applies a signal to a connection. `None` if it changes nothing: it is a repetition, or it is older than the consent and so
/// belongs to an earlier connection.
pub fn apply(connection: &Connection, signal: &Signal, now: Timestamp) -> Option<Connection> {
    let late = signal
        .occurred_at()
        .is_some_and(|at| at < connection.consented_at);
    if late || connection.status == ConnectionStatus::Deleted {
        return None;
    }
    let mut next = connection.clone();
    match signal {
        Signal::TokenRevoked => {
            end(&mut next, StatusReason::TokenRevoked, now);
            // The webhook brings the platform's deadline. This one is in force until then.
            next.delete_by = next
                .delete_by
                .or(Some(now.saturating_add(limits::DELETION_PERIOD)));
        }
        Signal::DeletionRequired {
            occurred_at,
            deadline_at,
            reason,
        } => {
            let deadline = deadline_at.unwrap_or(occurred_at.saturating_add(limits::DELETION_PERIOD));
            let was_estimate = next.reason == Some(StatusReason::TokenRevoked);
            next.delete_by = match next.delete_by {
                Some(earlier) if !was_estimate => Some(earlier.min(deadline)),
                _ => Some(deadline),
            };
            let reason = reason.as_deref().unwrap_or("data.deletion_required");
            if was_estimate || next.status != ConnectionStatus::Revoked {
                next.reason = Some(reason.into());
            }
            end(&mut next, reason.into(), now);
        }
        Signal::UserRevoked { .. } => end(&mut next, StatusReason::UserRevoked, now),
        Signal::Suspended { .. } => end(&mut next, StatusReason::Suspended, now),
        Signal::Deleted => {
            next.status = ConnectionStatus::Deleted;
            next.status_since = now;
        }
    }
    (next != *connection).then_some(next)
}

/// Ends the connection. The first reason and time stay.
fn end(connection: &mut Connection, reason: StatusReason, now: Timestamp) {
    if connection.status != ConnectionStatus::Revoked {
        connection.status = ConnectionStatus::Revoked;
        connection.reason = Some(reason);
        connection.status_since = now;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use revento_core::{ConnectionKey, Scopes};

    use super::*;

    const CONSENT: Timestamp = Timestamp::from_unix_seconds(1_000_000);
    const DAY: Duration = Duration::from_secs(86_400);

    fn connected() -> Connection {
        Connection {
            key: ConnectionKey::installation("c".into(), "e".into()),
            organization_id: None,
            status: ConnectionStatus::Connected,
            reason: None,
            status_since: CONSENT,
            delete_by: None,
            scopes: Scopes::default(),
            generation: 1,
            consented_at: CONSENT,
            access_expires_at: CONSENT,
            refresh_expires_at: CONSENT,
            consent_expires_at: CONSENT,
        }
    }

    fn deletion(occurred_at: Timestamp) -> Signal {
        let deadline_at = Some(occurred_at.saturating_add(30 * DAY));
        Signal::DeletionRequired {
            occurred_at,
            deadline_at,
            reason: Some("connection_revoked".into()),
        }
    }

    #[test]
    fn q17_a_late_deletion_never_harms_a_newer_connection() {
        let before = CONSENT.saturating_sub(Duration::from_micros(1));
        assert_eq!(apply(&connected(), &deletion(before), CONSENT), None);
        assert!(apply(&connected(), &deletion(CONSENT), CONSENT).is_some());
    }

    #[test]
    fn t8_repeated_signals_change_nothing() {
        let ended = apply(&connected(), &deletion(CONSENT), CONSENT).unwrap();
        assert_eq!(ended.reason, Some("connection_revoked".into()));
        assert_eq!(
            apply(&ended, &deletion(CONSENT), CONSENT.saturating_add(DAY)),
            None
        );
        assert_eq!(
            apply(&ended, &Signal::TokenRevoked, CONSENT.saturating_add(DAY)),
            None
        );
    }

    #[test]
    fn the_platforms_deadline_replaces_the_estimate() {
        let now = CONSENT.saturating_add(DAY);
        let estimated = apply(&connected(), &Signal::TokenRevoked, now).unwrap();
        assert_eq!(estimated.delete_by, Some(now.saturating_add(30 * DAY)));
        let revoked = apply(&estimated, &deletion(now.saturating_add(DAY)), now).unwrap();
        assert_eq!(revoked.delete_by, Some(now.saturating_add(31 * DAY)));
        assert_eq!(revoked.reason, Some("connection_revoked".into()));
    }

    #[test]
    fn q17_a_deadline_is_never_put_off() {
        let ended = apply(&connected(), &deletion(CONSENT), CONSENT).unwrap();
        assert_eq!(
            apply(&ended, &deletion(CONSENT.saturating_add(DAY)), CONSENT),
            None
        );
    }

    #[test]
    fn every_signal_that_ends_a_connection_may_come_too_late() {
        let before = CONSENT.saturating_sub(Duration::from_micros(1));
        for (late, on_time, reason) in [
            (
                Signal::UserRevoked { occurred_at: before },
                Signal::UserRevoked { occurred_at: CONSENT },
                StatusReason::UserRevoked,
            ),
            (
                Signal::Suspended { occurred_at: before },
                Signal::Suspended { occurred_at: CONSENT },
                StatusReason::Suspended,
            ),
        ] {
            assert_eq!(apply(&connected(), &late, CONSENT), None);
            let ended = apply(&connected(), &on_time, CONSENT.saturating_add(DAY)).unwrap();
            assert_eq!(ended.status, ConnectionStatus::Revoked);
            assert_eq!(ended.reason, Some(reason));
            assert_eq!(ended.status_since, CONSENT.saturating_add(DAY));
            assert_eq!(ended.delete_by, None);
        }
    }

    #[test]
    fn the_first_reason_of_an_end_stays() {
        let suspended = Signal::Suspended { occurred_at: CONSENT };
        let ended = apply(&connected(), &suspended, CONSENT).unwrap();
        let later = CONSENT.saturating_add(DAY);
        let deadline = apply(&ended, &deletion(CONSENT), later).unwrap();
        assert_eq!(deadline.reason, Some(StatusReason::Suspended));
        assert_eq!(deadline.status_since, CONSENT);
        assert_eq!(deadline.delete_by, Some(CONSENT.saturating_add(30 * DAY)));
    }

    #[test]
    fn q17_deleting_twice_is_deleting_once() {
        let deleted = apply(&connected(), &Signal::Deleted, CONSENT).unwrap();
        for signal in [Signal::Deleted, deletion(CONSENT), Signal::TokenRevoked] {
            assert_eq!(apply(&deleted, &signal, CONSENT), None);
        }
    }
}
