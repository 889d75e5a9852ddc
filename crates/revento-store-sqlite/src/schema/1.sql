-- The source of versions, fences and arrivals. No number is used twice.
CREATE TABLE revento_sequence (
    only_row INTEGER NOT NULL PRIMARY KEY CHECK (only_row = 1),
    last     INTEGER NOT NULL
) STRICT;
INSERT INTO revento_sequence (only_row, last) VALUES (1, 0);

-- Times are microseconds since 1970 in UTC.
CREATE TABLE revento_connections (
    key                TEXT    NOT NULL PRIMARY KEY, -- the ids of the next three columns, escaped and joined
    client_id          TEXT    NOT NULL,
    event_id           TEXT    NOT NULL,
    user_id            TEXT,                         -- NULL for the installation of an organizer
    organization_id    TEXT,
    status             TEXT    NOT NULL,
    reason             TEXT,
    status_since       INTEGER NOT NULL,
    delete_by          INTEGER,
    scopes             TEXT    NOT NULL,
    generation         INTEGER NOT NULL,
    consented_at       INTEGER NOT NULL,
    access_expires_at  INTEGER NOT NULL,
    refresh_expires_at INTEGER NOT NULL,
    consent_expires_at INTEGER NOT NULL,
    live               INTEGER NOT NULL,             -- whether the status is live
    tokens             BLOB,                         -- sealed
    version            INTEGER NOT NULL,
    claim_fence        INTEGER,
    claim_until        INTEGER,
    claim_abandoned    INTEGER NOT NULL DEFAULT 0    -- whether an earlier claim expired and no swap has ended it since
) STRICT;
CREATE INDEX revento_connections_by_event ON revento_connections (client_id, event_id);
CREATE INDEX revento_connections_due ON revento_connections (refresh_expires_at) WHERE live = 1;

CREATE TABLE revento_deliveries (
    envelope_id  TEXT    NOT NULL PRIMARY KEY,
    delivery_id  TEXT    NOT NULL,
    event_type   TEXT    NOT NULL,
    ordering_key TEXT    NOT NULL,                   -- '' if the order does not matter
    occurred_at  INTEGER NOT NULL,
    received_at  INTEGER NOT NULL,
    body         BLOB,                               -- sealed; NULL after it was handled
    state        TEXT    NOT NULL CHECK (state IN ('queued', 'leased', 'done', 'buried')),
    at           INTEGER NOT NULL,                   -- when it is due, its lease ends, or it was handled or buried
    arrival      INTEGER NOT NULL,
    behind       INTEGER NOT NULL,                   -- whether it waits behind another delivery of its ordering key
    attempt      INTEGER NOT NULL,
    fence        INTEGER NOT NULL,
    error        TEXT
) STRICT;
CREATE INDEX revento_deliveries_by_delivery_id ON revento_deliveries (delivery_id);
CREATE INDEX revento_deliveries_ready ON revento_deliveries (at, arrival)
    WHERE state IN ('queued', 'leased') AND behind = 0;
CREATE INDEX revento_deliveries_in_order ON revento_deliveries (ordering_key, arrival)
    WHERE state IN ('queued', 'leased');
CREATE INDEX revento_deliveries_done ON revento_deliveries (at) WHERE state = 'done';
