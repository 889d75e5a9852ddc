-- A NULL body of a buried delivery was expunged.
CREATE INDEX revento_deliveries_buried ON revento_deliveries (at, arrival) WHERE state = 'buried';
CREATE INDEX revento_deliveries_to_expunge ON revento_deliveries (at) WHERE state = 'buried' AND body IS NOT NULL;

-- Queues what is buried, as if it had just arrived; with this body, where there is one. 'yes', 'expunged' when there is
-- none, or NULL when it is not buried.
CREATE FUNCTION revento_revive(p_envelope_id TEXT, p_at BIGINT, p_body BYTEA) RETURNS TEXT LANGUAGE plpgsql AS $$
DECLARE
    v_ordering_key TEXT;
BEGIN
    SELECT ordering_key INTO v_ordering_key FROM revento_deliveries
        WHERE envelope_id = p_envelope_id AND state = 'buried';
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    PERFORM revento_lock(v_ordering_key);
    UPDATE revento_deliveries SET state = 'queued', at = p_at, arrival = nextval('revento_sequence'), attempt = 0,
            body = coalesce(p_body, body), behind = revento_is_behind(v_ordering_key)
        WHERE envelope_id = p_envelope_id AND state = 'buried' AND coalesce(p_body, body) IS NOT NULL;
    IF FOUND THEN
        RETURN 'yes';
    END IF;
    PERFORM FROM revento_deliveries WHERE envelope_id = p_envelope_id AND state = 'buried';
    RETURN CASE WHEN FOUND THEN 'expunged' END;
END $$;
DROP FUNCTION revento_requeue(TEXT, BIGINT);

-- As before, but a replay of what is buried brings its body along.
CREATE OR REPLACE FUNCTION revento_insert(
    p_envelope_id TEXT, p_delivery_id TEXT, p_event_type TEXT, p_ordering_key TEXT,
    p_occurred_at BIGINT, p_received_at BIGINT, p_body BYTEA
) RETURNS TEXT LANGUAGE plpgsql AS $$
DECLARE
    v_reused BOOLEAN;
    v_state  TEXT;
BEGIN
    PERFORM revento_lock(p_ordering_key);
    LOOP
        v_reused := EXISTS (SELECT FROM revento_deliveries WHERE delivery_id = p_delivery_id);
        INSERT INTO revento_deliveries (
                envelope_id, delivery_id, event_type, ordering_key, occurred_at, received_at, body,
                state, at, arrival, behind, attempt, fence)
            VALUES (
                p_envelope_id, p_delivery_id, p_event_type, p_ordering_key, p_occurred_at, p_received_at, p_body,
                'queued', p_received_at, nextval('revento_sequence'), revento_is_behind(p_ordering_key), 0, 0)
            ON CONFLICT (envelope_id) DO NOTHING;
        IF FOUND THEN
            RETURN CASE WHEN v_reused THEN 'new, delivery id reused' ELSE 'new' END;
        END IF;
        IF revento_revive(p_envelope_id, p_received_at, p_body) = 'yes' THEN
            RETURN 'requeued';
        END IF;
        SELECT state INTO v_state FROM revento_deliveries WHERE envelope_id = p_envelope_id;
        IF FOUND AND v_state <> 'buried' THEN
            RETURN v_state;
        END IF;
        -- Buried or forgotten between the statements: try again.
    END LOOP;
END $$;
