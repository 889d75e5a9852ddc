//! Closing a connection without an answer.

/// In the extensions of a response: the server closes the connection instead of sending the response.
#[derive(Debug, Clone, Copy)]
pub(crate) struct HangUp;
