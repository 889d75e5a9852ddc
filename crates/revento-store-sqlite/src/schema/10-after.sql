-- These statements also follow when the file has the table already, because its rewriting (see version 7) was interrupted.
DROP INDEX IF EXISTS revento_deliveries_by_state;
CREATE UNIQUE INDEX IF NOT EXISTS revento_deliveries_by_envelope ON revento_deliveries (envelope_hash);
CREATE INDEX IF NOT EXISTS revento_deliveries_by_delivery ON revento_deliveries (delivery_hash);
-- It has all that is counted of what waits.
CREATE INDEX IF NOT EXISTS revento_deliveries_waiting ON revento_deliveries (behind, at, id, state, received_at)
    WHERE state IN ('queued', 'leased');
CREATE INDEX IF NOT EXISTS revento_deliveries_in_order ON revento_deliveries (ordering_key, id)
    WHERE state IN ('queued', 'leased') AND ordering_key <> '';
CREATE INDEX IF NOT EXISTS revento_deliveries_done ON revento_deliveries (at) WHERE state = 'done';
CREATE INDEX IF NOT EXISTS revento_deliveries_buried ON revento_deliveries (at, envelope_id) WHERE state = 'buried';
CREATE INDEX IF NOT EXISTS revento_deliveries_to_expunge ON revento_deliveries (at) WHERE state = 'buried' AND body IS NOT NULL;
-- Failures are counted by type, and are few.
CREATE INDEX IF NOT EXISTS revento_deliveries_retrying ON revento_deliveries (event_type) WHERE state = 'queued' AND attempt > 0;
CREATE INDEX IF NOT EXISTS revento_deliveries_buried_by_type ON revento_deliveries (event_type) WHERE state = 'buried';
-- When the front delivery of an ordering key leaves the queue, the next one moves up, also if a handler completes it in its own
-- transaction.
CREATE TRIGGER IF NOT EXISTS revento_deliveries_move_up AFTER UPDATE OF state ON revento_deliveries
    WHEN new.state IN ('done', 'buried') AND old.state = 'leased' AND new.ordering_key <> ''
BEGIN
    UPDATE revento_deliveries SET behind = 0 WHERE id = (
        SELECT id FROM revento_deliveries
        WHERE ordering_key = new.ordering_key AND ordering_key <> '' AND state IN ('queued', 'leased') ORDER BY id LIMIT 1);
END;
