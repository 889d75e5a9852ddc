//! Scopes, and the two kinds of tokens that carry them (contract §2.2).

use std::{collections::BTreeSet, fmt};

use crate::text_enum::text_enum;

text_enum! {
    /// A permission. The manifest declares it, an organizer or a participant grants it.
    Scope {
        /// `GET /events/{id}`.
        EventRead = "event.read",
        /// `GET /events/{id}/participants`.
        ParticipantsRead = "participants.read",
        /// `GET /events/{id}/program`, `/activities`, `/threads`, `/locations`, `/registration-waves`.
        ProgramRead = "program.read",
        /// `GET /me/profile`.
        ProfileRead = "profile.read",
        /// `GET /me/application`.
        EventAttendance = "event.attendance",
    }
}

impl Scope {
    /// The kind of token that carries this scope; `None` for an unknown scope.
    pub fn token_kind(&self) -> Option<TokenKind> {
        match self {
            Self::EventRead | Self::ParticipantsRead | Self::ProgramRead => Some(TokenKind::Installation),
            Self::ProfileRead | Self::EventAttendance => Some(TokenKind::User),
            Self::Other(_) => None,
        }
    }
}

/// The kind of a token, by the flow that issued it (contract §1, §2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TokenKind {
    /// The flow in which an organizer connects an event.
    Installation,
    /// The flow in which a participant signs in.
    User,
}

impl fmt::Display for TokenKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Installation => "installation",
            Self::User => "user",
        })
    }
}

/// A set of scopes, separated by spaces on the wire (RFC 6749 §3.3). Order and repetition have no meaning.
#[derive(Debug, Clone, PartialEq, Eq, Default, Hash)]
pub struct Scopes(BTreeSet<Scope>);

impl Scopes {
    /// Reads the wire form. It never fails and keeps unknown scopes.
    pub fn parse(text: &str) -> Self {
        text.split_whitespace().map(Scope::from).collect()
    }

    /// Whether the set contains this scope.
    pub fn contains(&self, scope: &Scope) -> bool {
        self.0.contains(scope)
    }

    /// Whether `other` contains all scopes of this set.
    pub fn is_subset(&self, other: &Self) -> bool {
        self.0.is_subset(&other.0)
    }

    /// The scopes of this set that are not in `granted`: those that an organizer unticked (contract §2.2).
    pub fn missing_from(&self, granted: &Self) -> Self {
        Self(self.0.difference(&granted.0).cloned().collect())
    }

    /// Whether the set is empty.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The number of scopes.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The scopes, in a stable order.
    pub fn iter(&self) -> impl Iterator<Item = &Scope> {
        self.0.iter()
    }

    /// The kind of token of all known scopes. `None` if the kinds are mixed or no scope is known.
    pub fn token_kind(&self) -> Option<TokenKind> {
        let mut kinds = self.0.iter().filter_map(Scope::token_kind);
        let first = kinds.next()?;
        kinds.all(|kind| kind == first).then_some(first)
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        Self(scopes.into_iter().collect())
    }
}

impl<const N: usize> From<[Scope; N]> for Scopes {
    fn from(scopes: [Scope; N]) -> Self {
        scopes.into_iter().collect()
    }
}

/// The wire form: separated by a space, in a stable order.
impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, scope) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str(" ")?;
            }
            f.write_str(scope.as_str())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn o15_scope_text_is_compared_as_a_set() {
        let asked = Scopes::parse("  event.read  participants.read event.read ");
        let granted = Scopes::parse("participants.read event.read");
        assert_eq!(asked, granted);
        assert_eq!(asked.to_string(), "event.read participants.read");
        assert!(Scopes::parse("").is_empty());
    }

    #[test]
    fn o15_missing_scopes_are_what_was_unticked() {
        let asked = Scopes::from([Scope::EventRead, Scope::ProgramRead]);
        let granted = Scopes::from([Scope::EventRead]);
        assert_eq!(asked.missing_from(&granted), Scopes::from([Scope::ProgramRead]));
        assert!(granted.is_subset(&asked));
    }

    #[test]
    fn t18_mixed_kinds_have_no_kind() {
        assert_eq!(Scopes::parse("event.read profile.read").token_kind(), None);
        assert_eq!(
            Scopes::parse("profile.read x.y").token_kind(),
            Some(TokenKind::User)
        );
        assert_eq!(Scopes::parse("x.y").token_kind(), None);
    }
}
