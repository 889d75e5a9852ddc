//! What a read has tried.

use std::fmt;

use revento_core::RequestId;

/// One request of a read, and its outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Attempt {
    /// The request's id, fresh for each request.
    pub request_id: RequestId,
    /// A status and code, or why there was no answer.
    pub outcome: String,
}

/// The requests of a read. As text it is empty for a single attempt.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Attempts(Vec<Attempt>);

impl Attempts {
    pub(crate) fn add(&mut self, request_id: RequestId, outcome: String) {
        self.0.push(Attempt { request_id, outcome });
    }

    /// How many requests were sent.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// The requests, the oldest first.
    pub fn as_slice(&self) -> &[Attempt] {
        &self.0
    }
}

impl fmt::Display for Attempts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.len() {
            0 | 1 => Ok(()),
            count => write!(f, " after {count} attempts"),
        }
    }
}
