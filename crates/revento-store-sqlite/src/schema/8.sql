-- Counts for operators: whatever is not done, by state and type, without a look at the rows, where these columns are behind the body.
-- A file whose rewriting (see version 7) was interrupted gets this step again.
CREATE INDEX IF NOT EXISTS revento_deliveries_by_state ON revento_deliveries (state, event_type, at, received_at, attempt)
    WHERE state <> 'done';
