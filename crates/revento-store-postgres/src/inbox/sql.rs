//! The statements of the inbox.

pub(super) const STATE: &str = "SELECT state FROM {schema}.revento_deliveries WHERE identity = $1";
pub(super) const INSERT: &str =
    "SELECT {schema}.revento_insert($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, {repeated})";
pub(super) const INSERT_MANY: &str = "
    SELECT * FROM {schema}.revento_insert_many($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, {repeated})";
pub(super) const FINISH: &str = "SELECT {schema}.revento_finish($1, $2, $3, $4, $5, {repeated})";
pub(super) const FINISH_MANY: &str =
    "SELECT * FROM {schema}.revento_finish_many($1, $2, $3, $4, $5, {repeated})";
pub(super) const COMPLETE: &str = "SELECT 1 WHERE {schema}.revento_complete($1, $2, $3)";
pub(super) const REQUEUE: &str = "SELECT {schema}.revento_revive($1, $2, NULL, NULL, NULL, $3)";
/// The array keeps the server from joining with the whole table.
pub(super) const LEASE: &str = "
    WITH ready AS MATERIALIZED (
        SELECT identity, at, arrival FROM {schema}.revento_deliveries
        WHERE state IN ('queued', 'leased') AND NOT behind AND at <= $1
        ORDER BY at, arrival LIMIT $3 FOR UPDATE SKIP LOCKED
    ), leased AS (
        UPDATE {schema}.revento_deliveries AS it
        SET state = 'leased', at = $2, fence = nextval({sequence}), attempt = attempt + 1
        WHERE it.identity = ANY (ARRAY(SELECT identity FROM ready))
        RETURNING it.identity, coalesce(it.long_envelope_id, it.envelope_id) AS envelope_id, it.fence,
            coalesce(it.long_delivery_id, it.delivery_id) AS delivery_id, it.event_type, it.occurred_at, it.received_at,
            it.attempt, it.single_attempt, it.body
    )
    SELECT leased.* FROM leased JOIN ready USING (identity) ORDER BY ready.at, ready.arrival";
pub(super) const NEXT_DUE: &str =
    "SELECT min(at) FROM {schema}.revento_deliveries WHERE state IN ('queued', 'leased') AND NOT behind";
/// Buried deliveries in the order of the list, behind a position where `$behind` says so.
macro_rules! buried {
    ($behind:literal, $limit:literal) => {
        concat!(
            "SELECT coalesce(d.long_envelope_id, d.envelope_id) AS envelope_id,
                coalesce(d.long_delivery_id, d.delivery_id) AS delivery_id, event_type, occurred_at, received_at, at, attempt,
                error, body IS NULL AS expunged
             FROM {schema}.revento_deliveries AS d WHERE state = 'buried' ",
            $behind,
            " ORDER BY at DESC, d.envelope_id DESC LIMIT ",
            $limit
        )
    };
}

pub(super) const BURIED: &str = buried!("", "$1");
pub(super) const BURIED_BEHIND: &str = buried!("AND (at, d.envelope_id) < ($1, $2)", "$3");
/// One slice of the deliveries, and not those that another call is changing.
pub(super) const EXPUNGE: &str = "
    WITH old AS MATERIALIZED (
        SELECT identity FROM {schema}.revento_deliveries WHERE state = 'buried' AND body IS NOT NULL AND at < $1
        ORDER BY at LIMIT $2 FOR UPDATE SKIP LOCKED
    )
    UPDATE {schema}.revento_deliveries SET body = NULL, digest = NULL, error = NULL
    WHERE identity = ANY (ARRAY(SELECT identity FROM old))";
pub(super) const FORGET: &str = "
    WITH old AS MATERIALIZED (
        SELECT identity FROM {schema}.revento_deliveries WHERE state = 'done' AND at < $1
        ORDER BY at LIMIT $2 FOR UPDATE SKIP LOCKED
    )
    DELETE FROM {schema}.revento_deliveries WHERE identity = ANY (ARRAY(SELECT identity FROM old))";

/// For the test of the query plans.
#[cfg(test)]
pub(crate) const QUERIES: &[(&str, &str)] = &[
    ("state", STATE),
    ("lease", LEASE),
    ("next_due", NEXT_DUE),
    ("buried", BURIED),
    ("buried behind", BURIED_BEHIND),
    ("expunge", EXPUNGE),
    ("forget", FORGET),
];
