//! A connection: the consent of one organizer or participant, for one event and one integration (contract §1).

use std::fmt;

use crate::{
    ClientId, EventId, OrganizationId, Scopes, Timestamp, TokenKind, UserId, text, text_enum::text_enum,
};

/// The identity of a connection: the integration, the event, and the user if a participant has signed in.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionKey {
    /// The integration.
    pub client_id: ClientId,
    /// The event.
    pub event_id: EventId,
    /// The user of a user token; `None` for the organizer's installation.
    pub user_id: Option<UserId>,
}

impl ConnectionKey {
    /// The key of an organizer's connection.
    pub fn installation(client_id: ClientId, event_id: EventId) -> Self {
        Self {
            client_id,
            event_id,
            user_id: None,
        }
    }

    /// The key of a participant's connection.
    pub fn user(client_id: ClientId, event_id: EventId, user_id: UserId) -> Self {
        Self {
            client_id,
            event_id,
            user_id: Some(user_id),
        }
    }

    /// The kind of token that the connection holds.
    pub fn token_kind(&self) -> TokenKind {
        match self.user_id {
            None => TokenKind::Installation,
            Some(_) => TokenKind::User,
        }
    }
}

/// A line of text that no other key has, for any ids: for key-value stores, associated data and logs. It has no characters that
/// act on a terminal.
impl fmt::Display for ConnectionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        escape(f, self.client_id.as_str())?;
        f.write_str("/")?;
        escape(f, self.event_id.as_str())?;
        if let Some(user_id) = &self.user_id {
            f.write_str("/")?;
            escape(f, user_id.as_str())?;
        }
        Ok(())
    }
}

fn escape(f: &mut fmt::Formatter<'_>, id: &str) -> fmt::Result {
    for character in id.chars() {
        match character {
            '%' => f.write_str("%25")?,
            '/' => f.write_str("%2F")?,
            hidden if text::is_hidden(hidden) => write!(f, "%u{:X};", u32::from(hidden))?,
            plain => fmt::Write::write_char(f, plain)?,
        }
    }
    Ok(())
}

text_enum! {
    /// The status of a connection.
    ConnectionStatus {
        /// The tokens can be used and refreshed.
        Connected = "connected",
        /// A refresh was sent and may have taken effect (invariant T1). The access token is used until its end.
        InDoubt = "in_doubt",
        /// The tokens are useless. The organizer or participant has to consent again.
        NeedsConsent = "needs_consent",
        /// The platform ended the connection. Its cached data has to be deleted.
        Revoked = "revoked",
        /// The cached data has been deleted.
        Deleted = "deleted",
    }
}

impl ConnectionStatus {
    /// Whether the connection can be used.
    pub fn is_live(&self) -> bool {
        matches!(self, Self::Connected | Self::InDoubt)
    }
}

text_enum! {
    /// The reason of a status. The platform's own reasons are `Other`.
    StatusReason {
        /// The answer to a refresh was lost.
        AnswerLost = "answer_lost",
        /// The last refresh has no known end: its process crashed, or was paused beyond its claim.
        HolderGone = "holder_gone",
        /// The platform issued no refresh token. A connection that is connected with this reason cannot be refreshed: it needs
        /// consent when its access token ends.
        NoRefreshToken = "no_refresh_token",
        /// The platform answered a refresh with `invalid_grant` (contract §2.3).
        RefreshRejected = "refresh_rejected",
        /// The answer to a refresh was bound to something else. It is kept, but not used (invariant T4).
        AnswerMismatch = "answer_mismatch",
        /// The platform answered a read with `token_revoked` (contract §3.5).
        TokenRevoked = "token_revoked",
        /// The participant revoked the integration's access (contract §2.6).
        UserRevoked = "user_revoked_access",
        /// The platform suspended the integration (contract §2.6).
        Suspended = "integration_suspended",
        /// An operator gave the connection up (`revento ops connections end`). The platform may still have the consent.
        EndedByOperator = "ended_by_operator",
    }
}

/// A connection without its tokens. A store keeps each field in a column of its own.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Connection {
    /// The identity of the connection.
    pub key: ConnectionKey,
    /// The organization that runs the event, if the platform named it.
    pub organization_id: Option<OrganizationId>,
    /// The status.
    pub status: ConnectionStatus,
    /// The reason of the status. A connected connection has one only if it cannot be refreshed
    /// ([`StatusReason::NoRefreshToken`]).
    pub reason: Option<StatusReason>,
    /// When the status began.
    pub status_since: Timestamp,
    /// When cached data has to be deleted, if the connection has ended (contract §2.6).
    pub delete_by: Option<Timestamp>,
    /// The granted scopes. They can be fewer than requested (contract §2.2).
    pub scopes: Scopes,
    /// The number of token pairs that this key has had, over all consents. A higher one is newer.
    pub generation: u64,
    /// The time of the consent, by the platform's clock if it is known (invariant T8).
    pub consented_at: Timestamp,
    /// When the access token expires.
    pub access_expires_at: Timestamp,
    /// When the refresh token expires, at the latest with the consent.
    pub refresh_expires_at: Timestamp,
    /// When the consent expires, one year after it was given.
    pub consent_expires_at: Timestamp,
}

#[cfg(any(test, feature = "test-util"))]
impl Connection {
    /// An organizer's connection with plausible values, for tests. Change it by struct update syntax.
    pub fn example() -> Self {
        use crate::{Scope, limits};

        let consented_at = Timestamp::from_unix_seconds(1_778_336_551);
        Self {
            key: ConnectionKey::installation("client_1".into(), "evt_abc123".into()),
            organization_id: Some("org_xyz789".into()),
            status: ConnectionStatus::Connected,
            reason: None,
            status_since: consented_at,
            delete_by: None,
            scopes: Scopes::from([Scope::EventRead, Scope::ParticipantsRead]),
            generation: 1,
            consented_at,
            access_expires_at: consented_at.saturating_add(limits::ACCESS_TOKEN_LIFETIME),
            refresh_expires_at: consented_at.saturating_add(limits::REFRESH_TOKEN_LIFETIME),
            consent_expires_at: consented_at.saturating_add(limits::CONSENT_LIFETIME),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_example_can_be_changed_by_struct_update() {
        let ended = Connection {
            status: ConnectionStatus::Revoked,
            ..Connection::example()
        };
        assert!(Connection::example().status.is_live() && !ended.status.is_live());
    }

    #[test]
    fn k8_no_two_keys_share_a_text() {
        let installation =
            |client: &str, event: &str| ConnectionKey::installation(client.into(), event.into()).to_string();
        assert_ne!(installation("a/b", "c"), installation("a", "b/c"));
        assert_ne!(installation("a%2Fb", "c"), installation("a/b", "c"));
        assert_ne!(
            installation("a", "b/c"),
            ConnectionKey::user("a".into(), "b".into(), "c".into()).to_string()
        );
        assert!(
            !installation("a\nb\u{202e}", "\0\u{200b}")
                .chars()
                .any(text::is_hidden)
        );
    }
}
