-- name: schema
CREATE TABLE IF NOT EXISTS numbers (last INTEGER NOT NULL);
INSERT INTO numbers SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM numbers);
CREATE TABLE IF NOT EXISTS connections (
    key TEXT PRIMARY KEY,
    client_id TEXT NOT NULL,
    event_id TEXT NOT NULL,
    user_id TEXT,
    organization_id TEXT,
    status TEXT NOT NULL,
    reason TEXT,
    status_since INTEGER NOT NULL,
    delete_by INTEGER,
    scopes TEXT NOT NULL,
    generation INTEGER NOT NULL,
    consented_at INTEGER NOT NULL,
    access_expires_at INTEGER NOT NULL,
    refresh_expires_at INTEGER NOT NULL,
    consent_expires_at INTEGER NOT NULL,
    live INTEGER NOT NULL,
    tokens BLOB,
    version INTEGER NOT NULL,
    fence INTEGER,
    claimed_until INTEGER,
    abandoned INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS deliveries (
    envelope_id TEXT PRIMARY KEY,
    delivery_id TEXT NOT NULL,
    event_type TEXT NOT NULL,
    ordering_key TEXT NOT NULL,
    occurred_at INTEGER NOT NULL,
    received_at INTEGER NOT NULL,
    body BLOB NOT NULL,
    digest BLOB NOT NULL,
    state TEXT NOT NULL DEFAULT 'queued',
    at INTEGER NOT NULL,
    arrival INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    single_attempt INTEGER NOT NULL DEFAULT 0,
    fence INTEGER NOT NULL DEFAULT 0,
    error TEXT NOT NULL DEFAULT '',
    expunged INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS waiting ON deliveries (ordering_key, arrival) WHERE state IN ('queued', 'leased');
CREATE TABLE IF NOT EXISTS duties (
    envelope_id TEXT PRIMARY KEY,
    event_id TEXT,
    organization_id TEXT,
    occurred_at INTEGER NOT NULL,
    deadline_at INTEGER NOT NULL,
    reason TEXT,
    reminded_at INTEGER,
    done_at INTEGER,
    note TEXT
);
CREATE TABLE IF NOT EXISTS budgets (key TEXT PRIMARY KEY, bytes BLOB NOT NULL, idle_at INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS marks (id TEXT PRIMARY KEY, until INTEGER NOT NULL);

-- name: number
UPDATE numbers SET last = last + 1 RETURNING last

-- name: load
SELECT * FROM connections WHERE key = ?1

-- name: create
INSERT INTO connections (key, client_id, event_id, user_id, organization_id, status, reason, status_since, delete_by,
    scopes, generation, consented_at, access_expires_at, refresh_expires_at, consent_expires_at, live, tokens, version)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)
ON CONFLICT (key) DO NOTHING RETURNING version

-- name: swap_look
SELECT version FROM connections WHERE key = ?1 AND version = ?2 AND (?3 IS NULL OR fence = ?3)

-- name: swap
UPDATE connections SET client_id = ?2, event_id = ?3, user_id = ?4, organization_id = ?5, status = ?6, reason = ?7,
    status_since = ?8, delete_by = ?9, scopes = ?10, generation = ?11, consented_at = ?12, access_expires_at = ?13,
    refresh_expires_at = ?14, consent_expires_at = ?15, live = ?16, tokens = ?17, version = ?18,
    fence = iif(?19 IS NULL AND generation = ?11, fence, NULL),
    claimed_until = iif(?19 IS NULL AND generation = ?11, claimed_until, NULL),
    abandoned = iif(?19 IS NULL AND generation = ?11, abandoned, 0)
WHERE key = ?1 RETURNING version

-- name: claim_look
SELECT claimed_until, claimed_until > ?3 AS held FROM connections WHERE key = ?1 AND version = ?2

-- name: claim
UPDATE connections SET fence = ?2, claimed_until = ?3, abandoned = claimed_until IS NOT NULL OR abandoned
WHERE key = ?1 RETURNING fence, abandoned

-- name: release
UPDATE connections SET fence = NULL, claimed_until = NULL WHERE key = ?1 AND fence = ?2

-- name: due
SELECT * FROM connections
WHERE client_id = ?1 AND live AND refresh_expires_at < ?2 AND (refresh_expires_at, key) > (?3, ?4)
ORDER BY refresh_expires_at, key LIMIT ?5

-- name: of_event
SELECT * FROM connections WHERE client_id = ?1 AND event_id = ?2 AND key > ?3 ORDER BY key LIMIT ?4

-- name: of_client
SELECT * FROM connections WHERE client_id = ?1 AND key > ?2 ORDER BY key LIMIT ?3

-- name: remove
DELETE FROM connections WHERE key = ?1

-- name: known
SELECT state, at, expunged, digest <> ?2 AS other_body FROM deliveries WHERE envelope_id = ?1

-- name: insert
INSERT INTO deliveries (envelope_id, delivery_id, event_type, ordering_key, occurred_at, received_at, at, body, digest, arrival)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6, ?7, ?8, ?9)

-- name: reused
SELECT count(*) AS others FROM deliveries WHERE delivery_id = ?1 AND envelope_id <> ?2

-- name: replay
UPDATE deliveries SET state = 'queued', at = ?2, body = ?3, digest = ?4, arrival = ?5, attempts = 0, single_attempt = 0,
    expunged = 0
WHERE envelope_id = ?1

-- name: lease_look
SELECT envelope_id FROM deliveries AS mine
WHERE state IN ('queued', 'leased') AND at <= ?1 AND (ordering_key = '' OR NOT EXISTS (
    SELECT 1 FROM deliveries AS earlier
    WHERE earlier.ordering_key = mine.ordering_key AND earlier.state IN ('queued', 'leased')
        AND earlier.arrival < mine.arrival))
ORDER BY at, arrival LIMIT ?2

-- name: lease
UPDATE deliveries SET state = 'leased', at = ?2, fence = ?3, attempts = attempts + 1 WHERE envelope_id = ?1 RETURNING *

-- name: complete
UPDATE deliveries SET state = 'done', at = ?3, body = x'', error = ''
WHERE envelope_id = ?1 AND state = 'leased' AND fence = ?2

-- name: retry
UPDATE deliveries SET state = 'queued', at = ?3, error = ?4 WHERE envelope_id = ?1 AND state = 'leased' AND fence = ?2

-- name: bury
UPDATE deliveries SET state = 'buried', at = ?3, error = ?4 WHERE envelope_id = ?1 AND state = 'leased' AND fence = ?2

-- name: requeue_look
SELECT expunged FROM deliveries WHERE envelope_id = ?1 AND state = 'buried'

-- name: requeue
UPDATE deliveries SET state = 'queued', at = ?2, arrival = ?3, attempts = 0, single_attempt = ?4 WHERE envelope_id = ?1

-- name: buried
SELECT * FROM deliveries WHERE state = 'buried' AND (at, envelope_id) < (?1, ?2)
ORDER BY at DESC, envelope_id DESC LIMIT ?3

-- name: buried_first
SELECT * FROM deliveries WHERE state = 'buried' ORDER BY at DESC, envelope_id DESC LIMIT ?1

-- name: expunge
UPDATE deliveries SET body = x'', digest = x'', error = '', expunged = 1
WHERE state = 'buried' AND at < ?1 AND NOT expunged

-- name: next_due
SELECT min(at) AS at FROM deliveries AS mine
WHERE state IN ('queued', 'leased') AND (ordering_key = '' OR NOT EXISTS (
    SELECT 1 FROM deliveries AS earlier
    WHERE earlier.ordering_key = mine.ordering_key AND earlier.state IN ('queued', 'leased')
        AND earlier.arrival < mine.arrival))

-- name: state
SELECT state FROM deliveries WHERE envelope_id = ?1

-- name: forget
DELETE FROM deliveries WHERE state = 'done' AND at < ?1

-- name: record
INSERT INTO duties (envelope_id, event_id, organization_id, occurred_at, deadline_at, reason, reminded_at, done_at, note)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
ON CONFLICT (envelope_id) DO NOTHING

-- name: duty
SELECT * FROM duties WHERE envelope_id = ?1

-- name: open_duties
SELECT * FROM duties WHERE done_at IS NULL ORDER BY deadline_at, envelope_id LIMIT ?1

-- name: mark_reminded
UPDATE duties SET reminded_at = ?2 WHERE envelope_id = ?1 AND done_at IS NULL

-- name: mark_deleted
UPDATE duties SET done_at = ?2, note = ?3 WHERE envelope_id = ?1 AND done_at IS NULL

-- name: budget
SELECT bytes FROM budgets WHERE key = ?1

-- name: write_budget
INSERT INTO budgets (key, bytes, idle_at) VALUES (?1, ?2, ?3)
ON CONFLICT (key) DO UPDATE SET bytes = excluded.bytes, idle_at = excluded.idle_at

-- name: forget_budgets
DELETE FROM budgets WHERE idle_at <= ?1

-- name: take
INSERT INTO marks (id, until) VALUES (?1, ?3)
ON CONFLICT (id) DO UPDATE SET until = excluded.until WHERE marks.until <= ?2

-- name: forget_marks
DELETE FROM marks WHERE until <= ?1
