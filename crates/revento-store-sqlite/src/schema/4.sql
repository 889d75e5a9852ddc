-- When the front delivery of an ordering key leaves the queue, the next one moves up, also if a handler completes it in its own
-- transaction.
CREATE TRIGGER revento_deliveries_move_up AFTER UPDATE OF state ON revento_deliveries
    WHEN new.state IN ('done', 'buried') AND old.state = 'leased' AND new.ordering_key <> ''
BEGIN
    UPDATE revento_deliveries SET behind = 0 WHERE envelope_id = (
        SELECT envelope_id FROM revento_deliveries
        WHERE ordering_key = new.ordering_key AND state IN ('queued', 'leased') ORDER BY arrival LIMIT 1);
END;
