//! The statements of the inbox. An index serves each `EXISTS` and each condition (see `../tests.rs`). The first parameter of a statement
//! about one delivery is the digest of its envelope id (see `../hash.rs`).

/// Completes `?1` under the fence `?2` at `?3`.
pub(super) const COMPLETE: &str = "
    UPDATE revento_deliveries SET state = 'done', at = ?3, error = NULL, body = NULL
    WHERE envelope_hash = ?1 AND state = 'leased' AND fence = ?2 RETURNING 1";
pub(super) const STATE: &str = "SELECT state FROM revento_deliveries WHERE envelope_hash = ?";
/// Whether another body was known.
pub(super) const KNOWN: &str =
    "SELECT state, digest IS NOT NULL AND digest <> ?2 FROM revento_deliveries WHERE envelope_hash = ?1";
/// Whether something can be leased.
pub(super) const READY: &str =
    "SELECT 1 FROM revento_deliveries WHERE state IN ('queued', 'leased') AND behind = 0 AND at <= ? LIMIT 1";
/// It arrives anew, so it gets the next row id. It may wait behind others, but not behind itself: it is buried.
pub(super) const REVIVE: &str = "
    UPDATE revento_deliveries SET state = 'queued', at = ?2, id = (SELECT max(id) + 1 FROM revento_deliveries),
        attempt = 0, single_attempt = ?5, body = coalesce(?3, body), digest = coalesce(?4, digest),
        behind = ordering_key <> '' AND EXISTS (
            SELECT 1 FROM revento_deliveries AS other
            WHERE other.ordering_key = revento_deliveries.ordering_key AND other.ordering_key <> ''
                AND other.state IN ('queued', 'leased'))
    WHERE envelope_hash = ?1 AND state = 'buried' AND coalesce(?3, body) IS NOT NULL AND (?6 IS NULL OR at < ?6)";
pub(super) const NEXT_DUE: &str =
    "SELECT min(at) FROM revento_deliveries WHERE state IN ('queued', 'leased') AND behind = 0";
/// Buried deliveries in the order of the list, behind a position where `$behind` says so.
macro_rules! buried {
    ($behind:literal, $limit:literal) => {
        concat!(
            "SELECT envelope_id, delivery_id, event_type, occurred_at, received_at, at, attempt, error,
                body IS NULL AS expunged
             FROM revento_deliveries WHERE state = 'buried' ",
            $behind,
            " ORDER BY at DESC, envelope_id DESC LIMIT ",
            $limit
        )
    };
}

pub(super) const BURIED: &str = buried!("", "?1");
pub(super) const BURIED_BEHIND: &str = buried!("AND (at, envelope_id) < (?1, ?2)", "?3");
/// A slice of what is expunged before `?1`: at most `?2`.
pub(super) const EXPUNGE: &str = "
    UPDATE revento_deliveries SET body = NULL, digest = NULL, error = NULL
    WHERE id IN (
        SELECT id FROM revento_deliveries WHERE state = 'buried' AND body IS NOT NULL AND at < ?1 LIMIT ?2)";
/// A slice of what is forgotten before `?1`: at most `?2`.
pub(super) const FORGET: &str = "
    DELETE FROM revento_deliveries
    WHERE id IN (SELECT id FROM revento_deliveries WHERE state = 'done' AND at < ?1 LIMIT ?2)";

/// For the test of the query plans.
#[cfg(test)]
pub(crate) const QUERIES: &[(&str, &str)] = &[
    ("state", STATE),
    ("known", KNOWN),
    ("ready", READY),
    ("revive", REVIVE),
    ("complete", COMPLETE),
    ("next_due", NEXT_DUE),
    ("buried", BURIED),
    ("buried behind", BURIED_BEHIND),
    ("expunge", EXPUNGE),
    ("forget", FORGET),
];
