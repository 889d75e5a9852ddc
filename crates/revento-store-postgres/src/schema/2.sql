-- What has been spent of the rate budgets of each token. Its loss does no harm, so the table is not in the write-ahead log.
CREATE UNLOGGED TABLE revento_budgets (
    key TEXT PRIMARY KEY,
    state BYTEA NOT NULL,
    idle_at BIGINT NOT NULL
);
CREATE INDEX revento_budgets_idle ON revento_budgets (idle_at);
