-- Duties to delete, and the proofs that they were fulfilled. No row is ever deleted.
CREATE TABLE revento_deletions (
    envelope_id     TEXT    NOT NULL PRIMARY KEY,
    event_id        TEXT,
    organization_id TEXT,
    occurred_at     INTEGER NOT NULL,
    deadline_at     INTEGER NOT NULL,
    reason          TEXT,
    reminded_at     INTEGER,
    done_at         INTEGER,                         -- NULL while the duty is open
    note            TEXT
) STRICT;
CREATE INDEX revento_deletions_open ON revento_deletions (deadline_at, envelope_id) WHERE done_at IS NULL;
