-- Deliveries under a row id, in the order of arrival. The indexes of the ids have short digests of these (see `hash.rs`): with a million
-- random texts as keys, each insert would write two large pages more. `hash_ids` copies the rows.
CREATE TABLE revento_deliveries_10 (
    id             INTEGER NOT NULL PRIMARY KEY,     -- the order of arrival; a delivery that is queued again gets a new one
    envelope_hash  TEXT    NOT NULL,                 -- of envelope_id; unique
    delivery_hash  INTEGER NOT NULL,                 -- of delivery_id; not unique
    envelope_id    TEXT    NOT NULL,
    delivery_id    TEXT    NOT NULL,
    event_type     TEXT    NOT NULL,
    ordering_key   TEXT    NOT NULL,                 -- '' if the order does not matter
    occurred_at    INTEGER NOT NULL,
    received_at    INTEGER NOT NULL,
    state          TEXT    NOT NULL CHECK (state IN ('queued', 'leased', 'done', 'buried')),
    at             INTEGER NOT NULL,                 -- when it is due, its lease ends, or it was handled or buried
    behind         INTEGER NOT NULL,                 -- whether it waits behind another delivery of its ordering key
    attempt        INTEGER NOT NULL,
    fence          INTEGER NOT NULL,
    single_attempt INTEGER NOT NULL DEFAULT 0,       -- whether an operator queued it again for one attempt
    error          TEXT,
    digest         BLOB,                             -- the SHA-256 of the body; NULL if it is not known
    body           BLOB                              -- sealed; NULL after it was handled, or expunged
) STRICT;
-- For the copying in the order of arrival.
CREATE INDEX revento_deliveries_by_arrival ON revento_deliveries (arrival);
