//! Why a command was refused.

/// Why a command was refused. A refused command changes nothing.
#[derive(Debug, Clone)]
pub(crate) enum CommandError {
    /// The thing to act on does not exist.
    NotFound(String),
    /// It exists, but the command does not fit its present state.
    Conflict(String),
}

impl CommandError {
    pub(crate) fn missing(what: &str, id: &str) -> Self {
        Self::NotFound(format!("There is no {what} '{id}'."))
    }
}
