-- What has been spent of each token's rate budgets. Losing it does no harm, so it is not written to the log ahead.
CREATE UNLOGGED TABLE revento_budgets (
    key TEXT PRIMARY KEY,
    state BYTEA NOT NULL,
    idle_at BIGINT NOT NULL
);
CREATE INDEX revento_budgets_idle ON revento_budgets (idle_at);
