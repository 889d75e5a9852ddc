//! The description of an operation.

/// Who may call an operation.
#[derive(Debug, Clone, Copy)]
pub(super) enum Guard {
    /// Anyone.
    None,
    /// The holder of an installation token.
    Installation,
    /// The holder of a user token.
    User,
    /// The holder of the client secret.
    Developer,
}

/// One operation.
#[derive(Debug, Clone, Copy)]
pub(super) struct Operation {
    pub(super) method: &'static str,
    pub(super) path: &'static str,
    pub(super) summary: &'static str,
    pub(super) guard: Guard,
    /// Names of query parameters. One with a leading `!` is required.
    pub(super) query: &'static [&'static str],
    /// The content type of the body, and its fields as `name:type`. One with a leading `-` is optional.
    pub(super) body: Option<(&'static str, &'static str)>,
    /// The name of the schema of a 200; the empty text means any object.
    pub(super) answer: &'static str,
    /// The other statuses that the operation answers.
    pub(super) errors: &'static [u16],
}
