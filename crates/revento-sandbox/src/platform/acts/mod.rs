//! What organizers, participants and the platform itself do, and the webhooks that follow.

pub(crate) mod chores;
pub(crate) mod emit;
pub(crate) mod lifecycle;
pub(crate) mod program;
pub(crate) mod prune;
pub(crate) mod review;
pub(crate) mod rotation;
pub(crate) mod travel;
pub(crate) mod webviews;

/// Why an action was not done.
#[derive(Debug, Clone)]
pub(crate) enum Refused {
    /// There is no such thing.
    NotFound(String),
    /// It is there, but the action does not fit its present state.
    Conflict(String),
}

impl Refused {
    pub(crate) fn missing(what: &str, id: &str) -> Self {
        Self::NotFound(format!("There is no {what} '{id}'."))
    }
}

/// What every action needs beside the state.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scene<'a> {
    pub(crate) config: &'a crate::platform::config::Config,
    pub(crate) now: crate::machine::time::Time,
}
