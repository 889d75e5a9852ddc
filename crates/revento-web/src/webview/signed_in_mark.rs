//! The mark in the address of the first page after a login. If the browser sends no cookie there, it keeps none.

use std::time::Duration;

use revento_core::Timestamp;

use crate::browser::LocalPath;

/// The parameter of the query. Its value is the time of the login in Unix seconds.
const NAME: &str = "revento-signed-in";

/// How long the mark says something. People keep and share addresses, so an old mark must not mean anything.
const VALIDITY: Duration = Duration::from_secs(60);

/// Adds the mark.
pub(super) fn add(path: &LocalPath, now: Timestamp) -> LocalPath {
    remove(path).with_parameter(NAME, &now.unix_seconds().to_string())
}

/// Removes the mark.
pub(super) fn remove(path: &LocalPath) -> LocalPath {
    path.without_parameter(NAME)
}

/// Whether the path has the mark of a login that happened just now. Replicas' clocks can differ a little.
pub(super) fn is_fresh(path: &LocalPath, now: Timestamp) -> bool {
    let Some(seconds) = path.parameter(NAME).and_then(|value| value.parse().ok()) else {
        return false;
    };
    let signed_in_at = Timestamp::from_unix_seconds(seconds);
    now.saturating_since(signed_in_at) < VALIDITY && signed_in_at.saturating_since(now) < VALIDITY
}
