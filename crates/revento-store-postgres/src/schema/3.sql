-- Duties to delete, and the proofs that they were fulfilled. No row is ever deleted.
CREATE TABLE revento_deletions (
    envelope_id     TEXT   PRIMARY KEY,
    event_id        TEXT,
    organization_id TEXT,
    occurred_at     BIGINT NOT NULL,
    deadline_at     BIGINT NOT NULL,
    reason          TEXT,
    reminded_at     BIGINT,
    done_at         BIGINT,                          -- NULL while the duty is open
    note            TEXT
);
CREATE INDEX revento_deletions_open ON revento_deletions (deadline_at, envelope_id COLLATE "C") WHERE done_at IS NULL;
