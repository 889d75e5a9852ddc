-- The SHA-256 of the body; NULL if it is not known.
ALTER TABLE revento_deliveries ADD COLUMN digest BYTEA;

-- A buried delivery without a body was expunged; its digest was deleted with the body.
CREATE INDEX revento_deliveries_buried ON revento_deliveries (at, arrival) WHERE state = 'buried';
CREATE INDEX revento_deliveries_to_expunge ON revento_deliveries (at) WHERE state = 'buried' AND body IS NOT NULL;

-- Queues a buried delivery as if it had just arrived, with this body if there is one. Returns 'requeued' or 'requeued, other body';
-- 'expunged' if there is no body; NULL if the delivery is not buried.
CREATE FUNCTION revento_revive(p_envelope_id TEXT, p_at BIGINT, p_body BYTEA, p_digest BYTEA) RETURNS TEXT
LANGUAGE plpgsql AS $$
DECLARE
    v_ordering_key TEXT;
    v_other        BOOLEAN;
BEGIN
    SELECT ordering_key, digest <> p_digest INTO v_ordering_key, v_other FROM revento_deliveries
        WHERE envelope_id = p_envelope_id AND state = 'buried';
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    PERFORM revento_lock(v_ordering_key);
    UPDATE revento_deliveries SET state = 'queued', at = p_at, arrival = nextval('revento_sequence'), attempt = 0,
            body = coalesce(p_body, body), digest = coalesce(p_digest, digest), behind = revento_is_behind(v_ordering_key)
        WHERE envelope_id = p_envelope_id AND state = 'buried' AND coalesce(p_body, body) IS NOT NULL;
    IF FOUND THEN
        RETURN CASE WHEN v_other THEN 'requeued, other body' ELSE 'requeued' END;
    END IF;
    PERFORM FROM revento_deliveries WHERE envelope_id = p_envelope_id AND state = 'buried';
    RETURN CASE WHEN FOUND THEN 'expunged' END;
END $$;
DROP FUNCTION revento_requeue(TEXT, BIGINT);

-- As before, but a replay of a buried delivery brings its body, and ', other body' in the result tells that the digest differs.
DROP FUNCTION revento_insert(TEXT, TEXT, TEXT, TEXT, BIGINT, BIGINT, BYTEA);
CREATE FUNCTION revento_insert(
    p_envelope_id TEXT, p_delivery_id TEXT, p_event_type TEXT, p_ordering_key TEXT,
    p_occurred_at BIGINT, p_received_at BIGINT, p_body BYTEA, p_digest BYTEA
) RETURNS TEXT LANGUAGE plpgsql AS $$
DECLARE
    v_reused BOOLEAN;
    v_answer TEXT;
BEGIN
    PERFORM revento_lock(p_ordering_key);
    LOOP
        v_reused := EXISTS (SELECT FROM revento_deliveries WHERE delivery_id = p_delivery_id);
        INSERT INTO revento_deliveries (
                envelope_id, delivery_id, event_type, ordering_key, occurred_at, received_at, body,
                digest, state, at, arrival, behind, attempt, fence)
            VALUES (
                p_envelope_id, p_delivery_id, p_event_type, p_ordering_key, p_occurred_at, p_received_at, p_body,
                p_digest, 'queued', p_received_at, nextval('revento_sequence'), revento_is_behind(p_ordering_key), 0, 0)
            ON CONFLICT (envelope_id) DO NOTHING;
        IF FOUND THEN
            RETURN CASE WHEN v_reused THEN 'new, delivery id reused' ELSE 'new' END;
        END IF;
        v_answer := revento_revive(p_envelope_id, p_received_at, p_body, p_digest);
        IF v_answer IS NOT NULL THEN
            RETURN v_answer;
        END IF;
        SELECT CASE WHEN digest <> p_digest THEN state || ', other body' ELSE state END INTO v_answer
            FROM revento_deliveries WHERE envelope_id = p_envelope_id AND state <> 'buried';
        IF FOUND THEN
            RETURN v_answer;
        END IF;
        -- Another session buried or forgot the delivery between the statements: try again.
    END LOOP;
END $$;
