//! A connection as every layer knows it: one consent, to one event, by one integration (contract §1).

use std::fmt;

use crate::{ClientId, EventId, OrganizationId, Scopes, Timestamp, TokenKind, UserId, text_enum::text_enum};

/// What identifies a connection: the integration, the event, and for a signed-in participant the user.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionKey {
    /// The integration.
    pub client_id: ClientId,
    /// The event.
    pub event_id: EventId,
    /// The participant of a user token; `None` for the organizer's installation.
    pub user_id: Option<UserId>,
}

impl ConnectionKey {
    /// The connection of an organizer.
    pub fn installation(client_id: ClientId, event_id: EventId) -> Self {
        Self {
            client_id,
            event_id,
            user_id: None,
        }
    }

    /// The connection of a participant.
    pub fn user(client_id: ClientId, event_id: EventId, user_id: UserId) -> Self {
        Self {
            client_id,
            event_id,
            user_id: Some(user_id),
        }
    }

    /// Which kind of token the connection holds.
    pub fn token_kind(&self) -> TokenKind {
        match self.user_id {
            None => TokenKind::Installation,
            Some(_) => TokenKind::User,
        }
    }
}

/// One line of text that no other key has, whatever the ids contain: for key-value stores, for
/// associated data, for logs.
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

fn escape(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    for character in text.chars() {
        match character {
            '%' => f.write_str("%25")?,
            '/' => f.write_str("%2F")?,
            control if control.is_control() => write!(f, "%u{:X};", u32::from(control))?,
            plain => fmt::Write::write_char(f, plain)?,
        }
    }
    Ok(())
}

text_enum! {
    /// Where a connection stands.
    Status {
        /// Its tokens can be used and refreshed.
        Connected = "connected",
        /// A refresh was sent and its outcome is unknowable (invariant T1). The access token is used to its end.
        InDoubt = "in_doubt",
        /// Its tokens are of no use any more; the organizer or participant has to consent again.
        NeedsConsent = "needs_consent",
        /// The platform ended it. What was cached has to be deleted.
        Revoked = "revoked",
        /// What was cached has been deleted.
        Deleted = "deleted",
    }
}

impl Status {
    /// Whether calls may still be made.
    pub fn is_live(&self) -> bool {
        matches!(self, Self::Connected | Self::InDoubt)
    }
}

text_enum! {
    /// Why a connection is not simply connected. The platform's own reasons are kept as `Other`.
    Reason {
        /// The answer to a refresh was lost.
        AnswerLost = "answer_lost",
        /// Whoever refreshed last never said how it ended: a crash, or a pause beyond the claim.
        HolderGone = "holder_gone",
        /// The platform answered a refresh with `invalid_grant` (contract §2.3).
        RefreshRejected = "refresh_rejected",
        /// The answer to a refresh was bound to something else; it is kept but not used (invariant T4).
        AnswerMismatch = "answer_mismatch",
        /// The platform answered a read with `token_revoked` (contract §3.5).
        TokenRevoked = "token_revoked",
        /// The participant took their access back (contract §2.6).
        UserRevoked = "user_revoked_access",
        /// The platform suspended the integration (contract §2.6).
        Suspended = "integration_suspended",
    }
}

/// Everything about a connection but its tokens. A store keeps each field in a column of its own.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Connection {
    /// What identifies it.
    pub key: ConnectionKey,
    /// Whose event it is, where the platform said so.
    pub organization_id: Option<OrganizationId>,
    /// Where it stands.
    pub status: Status,
    /// Why, unless it is connected.
    pub reason: Option<Reason>,
    /// Since when it stands there.
    pub status_since: Timestamp,
    /// By when cached data has to be gone, once the connection has ended (contract §2.6).
    pub delete_by: Option<Timestamp>,
    /// What was granted; can be less than what was asked for (contract §2.2).
    pub scopes: Scopes,
    /// Counts the pairs of tokens that this key has had, over all consents. A higher one is newer.
    pub generation: u64,
    /// When consent was given, by the platform's clock as far as that is known (invariant T8).
    pub consented_at: Timestamp,
    /// When the access token runs out.
    pub access_expires_at: Timestamp,
    /// When the refresh token runs out; never after the consent does.
    pub refresh_expires_at: Timestamp,
    /// When consent runs out, a year after it was given.
    pub consent_expires_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

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
        assert!(!installation("a\nb", "\0").chars().any(char::is_control));
    }
}
