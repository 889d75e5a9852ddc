//! Scopes that the platform has changed.

use revento_core::{Connection, Scopes};

pub(crate) type OnScopesChanged = Box<dyn Fn(&ScopesChanged) + Send + Sync>;

/// The answer to a refresh names other scopes than the connection had: an organizer has withdrawn some.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ScopesChanged {
    /// The connection, with its scopes now.
    pub connection: Connection,
    /// The scopes before.
    pub before: Scopes,
}

impl ScopesChanged {
    pub(super) fn new(connection: Connection, before: Scopes) -> Self {
        Self { connection, before }
    }

    /// The scopes that the connection has lost: ask for consent again where they are needed.
    pub fn lost(&self) -> Scopes {
        self.before.missing_from(&self.connection.scopes)
    }
}
