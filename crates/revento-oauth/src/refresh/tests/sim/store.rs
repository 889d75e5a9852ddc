//! A token store for one record. It keeps the rules of `TokenStore`, and each rule can be switched off.

use revento_core::{
    Connection, Timestamp,
    claim::{ClaimOutcome, ClaimTerms, Fence, SwapOutcome, Version},
};

use crate::{TokenPair, refresh::LoadedConnection};

/// The rules of the store. A real store keeps them all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::refresh::tests) struct Rules {
    /// A claim excludes others.
    pub(in crate::refresh::tests) exclusive: bool,
    /// A claim or swap with an older version is refused, so that the caller reads again.
    pub(in crate::refresh::tests) versions: bool,
    /// A claim that was taken over is invalid.
    pub(in crate::refresh::tests) fences: bool,
    /// A confirmed write is stored.
    pub(in crate::refresh::tests) durable: bool,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            exclusive: true,
            versions: true,
            fences: true,
            durable: true,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(in crate::refresh::tests) struct Store {
    pub(in crate::refresh::tests) rules: Rules,
    row: Option<Row>,
    counter: i64,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(in crate::refresh::tests) struct Row {
    pub(in crate::refresh::tests) version: Version,
    pub(in crate::refresh::tests) connection: Connection,
    pub(in crate::refresh::tests) tokens: Option<TokenPair>,
    claim: Option<(Fence, Timestamp)>,
    abandoned: bool,
}

impl Store {
    pub(in crate::refresh::tests) fn with(connection: Connection, tokens: TokenPair) -> Self {
        let mut store = Self {
            rules: Rules::default(),
            row: None,
            counter: 0,
        };
        store.replace(connection, Some(tokens));
        store
    }

    /// Removes the record and creates it again.
    pub(in crate::refresh::tests) fn replace(&mut self, connection: Connection, tokens: Option<TokenPair>) {
        let version = Version(self.next());
        self.row = Some(Row {
            version,
            connection,
            tokens,
            claim: None,
            abandoned: false,
        });
    }

    pub(in crate::refresh::tests) fn remove(&mut self) {
        self.row = None;
    }

    pub(in crate::refresh::tests) fn row(&self) -> &Row {
        self.row.as_ref().expect("a record")
    }

    pub(in crate::refresh::tests) fn is_claimed(&self) -> bool {
        self.row().claim.is_some()
    }

    pub(in crate::refresh::tests) fn load(&self) -> Option<LoadedConnection> {
        let row = self.row.as_ref()?;
        Some(LoadedConnection {
            version: row.version,
            connection: row.connection.clone(),
            tokens: row.tokens.clone(),
        })
    }

    pub(in crate::refresh::tests) fn swap(
        &mut self,
        expected: Version,
        connection: Connection,
        tokens: Option<TokenPair>,
        fence: Option<Fence>,
    ) -> SwapOutcome {
        let version = Version(self.counter + 1);
        let rules = self.rules;
        let Some(row) = &mut self.row else {
            return SwapOutcome::Conflict;
        };
        let moved = rules.versions && row.version != expected;
        let fenced_out = rules.fences && fence.is_some() && fence != row.claim.map(|(fence, _)| fence);
        if moved || fenced_out {
            return SwapOutcome::Conflict;
        }
        self.counter += 1;
        if !rules.durable {
            return SwapOutcome::Swapped(version);
        }
        if fence.is_some() || row.connection.generation != connection.generation {
            row.claim = None;
            row.abandoned = false;
        }
        row.version = version;
        row.connection = connection;
        row.tokens = tokens;
        SwapOutcome::Swapped(version)
    }

    pub(in crate::refresh::tests) fn claim(&mut self, terms: ClaimTerms) -> ClaimOutcome {
        let fence = Fence(self.counter + 1);
        let rules = self.rules;
        let Some(row) = &mut self.row else {
            return ClaimOutcome::VersionChanged;
        };
        if rules.versions && row.version != terms.version {
            return ClaimOutcome::VersionChanged;
        }
        match row.claim {
            Some((_, until)) if rules.exclusive && until > terms.now => return ClaimOutcome::Held { until },
            Some(_) if rules.exclusive => row.abandoned = true,
            _ => {}
        }
        self.counter += 1;
        row.claim = Some((fence, terms.until));
        ClaimOutcome::Granted {
            fence,
            abandoned: row.abandoned,
        }
    }

    pub(in crate::refresh::tests) fn release(&mut self, fence: Fence) {
        let fences = self.rules.fences;
        if let Some(row) = &mut self.row {
            row.claim.take_if(|(held, _)| !fences || *held == fence);
        }
    }

    /// Writes the record without a change, as a re-sealing does.
    pub(in crate::refresh::tests) fn touch(&mut self) {
        let version = Version(self.next());
        if let Some(row) = &mut self.row {
            row.version = version;
        }
    }

    fn next(&mut self) -> i64 {
        self.counter += 1;
        self.counter
    }
}
