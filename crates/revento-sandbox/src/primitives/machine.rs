//! The machine on which the sandbox runs.

/// The host name; empty if it is not text.
pub(crate) fn hostname() -> String {
    gethostname::gethostname().into_string().unwrap_or_default()
}
