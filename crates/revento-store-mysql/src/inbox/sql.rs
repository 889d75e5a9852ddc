//! The statements of the inbox.
//!
//! `phase` is where a delivery is: 1 in line (queued, or leased where `leased` is 1), 2 queued behind another one of its ordering key,
//! 3 done, 4 buried, 5 buried and expunged.

/// Whose delivery ids are known. `$1` is a list of hashes.
pub(super) const REUSED: &str =
    "SELECT delivery_hash, delivery_id, identity FROM {db}.revento_deliveries WHERE delivery_hash IN ($1)";

macro_rules! columns {
    () => {
        "(identity, phase, leased, at, attempt, received_at, occurred_at, single_attempt, fence, due_at, delivery_hash, lane,
            waits_for, followed_by, inserted_by, last_call, digest, envelope_id, long_envelope_id, delivery_id, event_type, long_event_type, error, body)"
    };
}

/// A new delivery without an ordering key. It waits for nobody but a transaction that inserts the same one.
pub(super) const INSERT: &str = concat!(
    "INSERT INTO {db}.revento_deliveries ",
    columns!(),
    " SELECT $1, 1, 0, $2, 0, $2, $3, 0, 0, $2, $4, NULL, NULL, NULL, $5, $5, $6, $7, $8, $9, $10, $11, NULL, $12 FROM DUAL
      WHERE NOT EXISTS (SELECT 1 FROM {db}.revento_deliveries WHERE identity = $1)"
);

/// The last delivery of an ordering key that has arrived. If it is done or buried, so are all before it.
macro_rules! last_of {
    ($lane:literal) => {
        concat!(
            "(SELECT id, phase FROM {db}.revento_deliveries FORCE INDEX (revento_deliveries_in_order)
              WHERE lane = ",
            $lane,
            " ORDER BY id DESC LIMIT 1)"
        )
    };
}

/// Two deliveries of one ordering key cannot arrive at the same time, and the last one that has arrived cannot be finished meanwhile.
macro_rules! lock_lane {
    ($lane:literal, $stripe:literal) => {
        concat!(
            "SELECT stripe FROM {db}.revento_ordering WHERE stripe = ",
            $stripe,
            " FOR UPDATE;
              SELECT id FROM {db}.revento_deliveries FORCE INDEX (revento_deliveries_in_order) WHERE lane = ",
            $lane,
            " ORDER BY id DESC LIMIT 1 FOR UPDATE"
        )
    };
}

/// Tells the delivery before it which one follows.
macro_rules! link {
    ($identity:literal, $call:literal) => {
        concat!(
            "UPDATE {db}.revento_deliveries AS it JOIN {db}.revento_deliveries AS earlier ON earlier.id = it.waits_for
              SET earlier.followed_by = it.id WHERE it.phase = 2 AND it.identity = ",
            $identity,
            " AND it.inserted_by = ",
            $call
        )
    };
}

/// A new delivery with an ordering key: `$13`, whose lock is `$14`. The third statement of four inserts it.
pub(super) const INSERT_IN_ORDER: &str = concat!(
    lock_lane!("$13", "$14"),
    "; INSERT INTO {db}.revento_deliveries ",
    columns!(),
    " SELECT $1, IF(last.phase IN (1, 2), 2, 1), 0, $2, 0, $2, $3, 0, 0, $2, $4, $13, IF(last.phase IN (1, 2), last.id, NULL), NULL,
          $5, $5, $6, $7, $8, $9, $10, $11, NULL, $12
      FROM (SELECT 1 AS one) AS given LEFT JOIN ",
    last_of!("$13"),
    " AS last ON 1 = 1 WHERE NOT EXISTS (SELECT 1 FROM {db}.revento_deliveries WHERE identity = $1); ",
    link!("$1", "$5")
);

/// What a delivery is that was there before.
pub(super) const KNOWN: &str =
    "SELECT phase, leased, at, lane, digest = $2 AS same_body, inserted_by = $3 AS is_own
    FROM {db}.revento_deliveries WHERE identity = $1";

/// The ordering key of a buried delivery.
pub(super) const LANE: &str =
    "SELECT lane FROM {db}.revento_deliveries WHERE identity = $1 AND phase IN (4, 5)";
/// Queues a buried delivery again: as a copy, because its place in the order of arrival is a new one. Nothing happens if it is not buried,
/// if this attempt was not signed (`$6`) after that, or if there is no body. The fourth statement of eight makes the copy.
pub(super) const REVIVE: &str = concat!(
    lock_lane!("$8", "$9"),
    "; SELECT id FROM {db}.revento_deliveries WHERE identity = $1 FOR UPDATE; INSERT INTO {db}.revento_deliveries ",
    columns!(),
    " SELECT $2, IF(last.phase IN (1, 2), 2, 1), 0, $3, 0, it.received_at, it.occurred_at, $7, it.fence, $3, it.delivery_hash, it.lane,
          IF(last.phase IN (1, 2), last.id, NULL), NULL, $2, $2, COALESCE($5, it.digest), it.envelope_id, it.long_envelope_id,
          it.delivery_id, it.event_type, it.long_event_type, it.error, COALESCE($4, it.body)
      FROM {db}.revento_deliveries AS it LEFT JOIN ",
    last_of!("$8"),
    " AS last ON 1 = 1
      WHERE it.identity = $1 AND (it.phase = 4 OR it.phase = 5 AND $10 = 1) AND ($6 IS NULL OR it.at < $6);
      DELETE it FROM {db}.revento_deliveries AS it JOIN {db}.revento_deliveries AS copied ON copied.identity = $2
          WHERE it.identity = $1;
      UPDATE {db}.revento_deliveries SET identity = $1 WHERE identity = $2; ",
    link!("$1", "$2"),
    "; SELECT phase, inserted_by = $2 AS is_own FROM {db}.revento_deliveries WHERE identity = $1"
);
/// Which of its statements makes the copy.
pub(super) const REVIVE_COPIES: usize = 3;

/// The end of a lease, and what follows from it for the next delivery of the ordering key.
macro_rules! finish {
    ($from:literal) => {
        concat!(
            "UPDATE {db}.revento_deliveries AS it ",
            $from,
            " LEFT JOIN {db}.revento_deliveries AS next FORCE INDEX (PRIMARY) ON next.id = it.followed_by AND $3 <> 1
              SET it.phase = $3, it.leased = 0, it.at = $4, it.error = $5, it.last_call = $6,
                  it.buried_at = IF($3 = 4, $4, NULL), it.buried_id = IF($3 = 4, it.envelope_id, NULL),
                  it.body = IF($3 = 3, NULL, it.body), it.followed_by = IF($3 = 1, it.followed_by, NULL),
                  next.phase = 1, next.waits_for = NULL
              WHERE it.identity = $1 AND it.leased = 1 AND it.fence = $2"
        )
    };
}

/// Changes nothing if another transaction has locked the delivery.
pub(super) const FINISH: &str = finish!(
    "JOIN (SELECT id FROM {db}.revento_deliveries WHERE identity = $1 AND leased = 1 AND fence = $2 LIMIT 1
           FOR UPDATE SKIP LOCKED) AS held ON held.id = it.id"
);
/// Waits for another transaction that has locked the delivery, such as a handler's. The second statement tells whether the same call has
/// done it before.
pub(super) const FINISH_ALONE: &str = concat!(
    finish!(""),
    "; SELECT 1 FROM {db}.revento_deliveries WHERE identity = $1 AND fence = $2 AND last_call = $6"
);
/// For a handler's transaction, at any isolation level. It looks for rows by the primary key only, which the fence begins with: by any
/// other index the server would lock the places of new rows, too, at `REPEATABLE READ`.
pub(super) const COMPLETE: &str =
    "UPDATE (SELECT CAST(? AS CHAR) AS identity, CAST(? AS SIGNED) AS fence, CAST(? AS SIGNED) AS at) AS given
    JOIN {db}.revento_deliveries AS it FORCE INDEX (PRIMARY) ON it.id = given.fence DIV 1048576
    LEFT JOIN {db}.revento_deliveries AS next FORCE INDEX (PRIMARY) ON next.id = it.followed_by
    SET it.phase = 3, it.leased = 0, it.at = given.at, it.error = NULL, it.body = NULL, it.followed_by = NULL,
        next.phase = 1, next.waits_for = NULL
    WHERE it.identity = UNHEX(given.identity) AND it.leased = 1 AND it.fence = given.fence";

/// What has been leased by a call. The first statement chooses, because an `UPDATE` cannot pass over what others have locked; it chooses
/// nothing if the same call has done all this before.
pub(super) const LEASE: &str = "
    INSERT INTO {db}.revento_leasing (call_name, id, at)
        SELECT $4, it.id, it.at FROM {db}.revento_deliveries AS it FORCE INDEX (revento_deliveries_ready)
        WHERE it.phase = 1 AND it.at <= $1 AND NOT EXISTS (
            SELECT 1 FROM {db}.revento_deliveries AS own WHERE own.phase = 1 AND own.at = $2 AND own.last_call = $4)
        ORDER BY it.at, it.id LIMIT $3 FOR UPDATE SKIP LOCKED;
    UPDATE {db}.revento_leasing AS chosen FORCE INDEX (PRIMARY)
        STRAIGHT_JOIN {db}.revento_deliveries AS it FORCE INDEX (PRIMARY) ON it.id = chosen.id
        SET it.due_at = chosen.at, it.at = $2, it.leased = 1, it.attempt = it.attempt + 1,
            it.fence = GREATEST(it.fence, it.id * 1048576) + 1, it.last_call = $4
        WHERE chosen.call_name = $4;
    DELETE FROM {db}.revento_leasing WHERE call_name = $4;
    SELECT COALESCE(long_envelope_id, envelope_id) AS envelope_id, delivery_id,
            COALESCE(long_event_type, event_type) AS event_type, occurred_at, received_at, attempt, single_attempt, fence, body
        FROM {db}.revento_deliveries FORCE INDEX (revento_deliveries_ready)
        WHERE phase = 1 AND at = $2 AND last_call = $4 ORDER BY due_at, id";
/// Which of its statements answers.
pub(super) const LEASE_ANSWERS: usize = 3;

pub(super) const NEXT_DUE: &str = "SELECT MIN(at) FROM {db}.revento_deliveries WHERE phase = 1";
pub(super) const STATE: &str = "SELECT phase, leased FROM {db}.revento_deliveries WHERE identity = $1";

/// Buried deliveries in the order of the list, behind a position where `$behind` says so.
macro_rules! buried {
    ($behind:literal, $limit:literal) => {
        concat!(
            "SELECT COALESCE(long_envelope_id, envelope_id) AS envelope_id, delivery_id,
                COALESCE(long_event_type, event_type) AS event_type, occurred_at, received_at, at, attempt, error, phase
             FROM {db}.revento_deliveries FORCE INDEX (revento_deliveries_buried) WHERE buried_at IS NOT NULL ",
            $behind,
            " ORDER BY buried_at DESC, buried_id DESC LIMIT ",
            $limit
        )
    };
}

pub(super) const BURIED: &str = buried!("", "$1");
pub(super) const BURIED_BEHIND: &str =
    buried!("AND buried_at <= $1 AND (buried_at < $1 OR buried_id < $2)", "$3");
/// One slice of the deliveries.
pub(super) const EXPUNGE: &str = "
    UPDATE {db}.revento_deliveries SET phase = 5, body = NULL, digest = NULL, error = NULL
    WHERE phase = 4 AND at < $1 ORDER BY at LIMIT $2";
pub(super) const FORGET: &str =
    "DELETE FROM {db}.revento_deliveries WHERE phase = 3 AND at < $1 ORDER BY at LIMIT $2";

/// For the test of the query plans.
#[cfg(test)]
pub(crate) const QUERIES: &[(&str, &str)] = &[
    ("state", STATE),
    ("lane", LANE),
    ("known", KNOWN),
    ("reused", REUSED),
    ("next_due", NEXT_DUE),
    ("buried", BURIED),
    ("buried behind", BURIED_BEHIND),
    ("expunge", EXPUNGE),
    ("forget", FORGET),
];
