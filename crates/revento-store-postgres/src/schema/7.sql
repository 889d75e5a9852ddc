-- Whether an operator queued the delivery again for one attempt: if it fails, it is buried.
ALTER TABLE revento_deliveries ADD COLUMN single_attempt BOOLEAN NOT NULL DEFAULT FALSE;

-- An index entry has at most 2704 bytes. A text of more than 192 bytes is kept as a short one in the columns that an index has, and
-- the whole text is in the column long_… beside it, which is NULL for a short text. See index_text in revento-store.
ALTER TABLE revento_connections ADD COLUMN long_client_id TEXT, ADD COLUMN long_event_id TEXT;
ALTER TABLE revento_deliveries ADD COLUMN long_envelope_id TEXT, ADD COLUMN long_delivery_id TEXT;
ALTER TABLE revento_deletions ADD COLUMN long_envelope_id TEXT;

CREATE FUNCTION revento_index_text(p_text TEXT) RETURNS TEXT LANGUAGE plpgsql AS $$
DECLARE
    v_bytes BYTEA   := convert_to(p_text, 'UTF8');
    v_end   INTEGER := 192;
BEGIN
    IF length(v_bytes) <= 192 THEN
        RETURN p_text;
    END IF;
    WHILE get_byte(v_bytes, v_end) BETWEEN 128 AND 191 LOOP -- In the middle of a character.
        v_end := v_end - 1;
    END LOOP;
    RETURN convert_from(substring(v_bytes FROM 1 FOR v_end), 'UTF8') || '~' || encode(sha256(v_bytes), 'hex');
END $$;
UPDATE revento_connections SET
        key = revento_index_text(key),
        client_id = revento_index_text(client_id), long_client_id = nullif(client_id, revento_index_text(client_id)),
        event_id = revento_index_text(event_id), long_event_id = nullif(event_id, revento_index_text(event_id))
    WHERE octet_length(key) > 192;
UPDATE revento_deliveries SET
        envelope_id = revento_index_text(envelope_id), long_envelope_id = nullif(envelope_id, revento_index_text(envelope_id)),
        delivery_id = revento_index_text(delivery_id), long_delivery_id = nullif(delivery_id, revento_index_text(delivery_id)),
        ordering_key = revento_index_text(ordering_key)
    WHERE octet_length(envelope_id) > 192 OR octet_length(delivery_id) > 192 OR octet_length(ordering_key) > 192;
UPDATE revento_deletions SET
        envelope_id = revento_index_text(envelope_id), long_envelope_id = nullif(envelope_id, revento_index_text(envelope_id))
    WHERE octet_length(envelope_id) > 192;
UPDATE revento_budgets SET key = revento_index_text(key) WHERE octet_length(key) > 192;
DROP FUNCTION revento_index_text(TEXT);

-- From here on each function resolves names in the schema of the migration, whatever search_path its caller has.
CREATE OR REPLACE FUNCTION revento_lock(p_ordering_key TEXT) RETURNS VOID LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF p_ordering_key <> '' THEN
        -- The locks are those of the whole database. The same key in another schema does not wait.
        PERFORM pg_advisory_xact_lock(hashtextextended(current_schema() || '/' || p_ordering_key, 1383494767));
    END IF;
END $$;
ALTER FUNCTION revento_is_behind(TEXT) SET search_path FROM CURRENT;
ALTER FUNCTION revento_finish(TEXT, BIGINT, TEXT, BIGINT, TEXT) SET search_path FROM CURRENT;
ALTER FUNCTION revento_complete(TEXT, BIGINT, BIGINT) SET search_path FROM CURRENT;

-- Queues a buried delivery again as if it had just arrived.
-- Arguments: p_body and p_digest replace the stored ones if they are not NULL. p_signed_at is the time at which the platform signed
-- this attempt: an attempt that was not signed after the burial changes nothing. NULL is an operator's request.
-- Returns 'requeued' or 'requeued, other body'; 'expunged' if there is no body; NULL if the delivery is not buried or the attempt
-- was not signed after it.
DROP FUNCTION revento_revive(TEXT, BIGINT, BYTEA, BYTEA);
CREATE FUNCTION revento_revive(
    p_envelope_id TEXT, p_at BIGINT, p_body BYTEA, p_digest BYTEA, p_signed_at BIGINT, p_single_attempt BOOLEAN
) RETURNS TEXT LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    v_ordering_key TEXT;
    v_other        BOOLEAN;
BEGIN
    SELECT ordering_key, digest <> p_digest INTO v_ordering_key, v_other FROM revento_deliveries
        WHERE envelope_id = p_envelope_id AND state = 'buried' AND (p_signed_at IS NULL OR at < p_signed_at);
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    PERFORM revento_lock(v_ordering_key);
    UPDATE revento_deliveries SET state = 'queued', at = p_at, arrival = nextval('revento_sequence'), attempt = 0,
            body = coalesce(p_body, body), digest = coalesce(p_digest, digest), behind = revento_is_behind(v_ordering_key),
            single_attempt = p_single_attempt
        WHERE envelope_id = p_envelope_id AND state = 'buried' AND (p_signed_at IS NULL OR at < p_signed_at)
            AND coalesce(p_body, body) IS NOT NULL;
    IF FOUND THEN
        RETURN CASE WHEN v_other THEN 'requeued, other body' ELSE 'requeued' END;
    END IF;
    PERFORM FROM revento_deliveries WHERE envelope_id = p_envelope_id AND state = 'buried' AND body IS NULL;
    RETURN CASE WHEN FOUND AND p_signed_at IS NULL THEN 'expunged' END;
END $$;

-- Queues a delivery unless it is known.
-- Returns 'new'; 'new, delivery id reused'; 'requeued' if it was buried before this attempt was signed; or the state that it is in.
-- ', other body' follows if the stored body has another digest.
DROP FUNCTION revento_insert(TEXT, TEXT, TEXT, TEXT, BIGINT, BIGINT, BYTEA, BYTEA);
CREATE FUNCTION revento_insert(
    p_envelope_id TEXT, p_delivery_id TEXT, p_event_type TEXT, p_ordering_key TEXT,
    p_occurred_at BIGINT, p_received_at BIGINT, p_body BYTEA, p_digest BYTEA, p_signed_at BIGINT,
    p_long_envelope_id TEXT, p_long_delivery_id TEXT
) RETURNS TEXT LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    v_reused BOOLEAN;
    v_answer TEXT;
BEGIN
    PERFORM revento_lock(p_ordering_key);
    LOOP
        v_reused := EXISTS (SELECT FROM revento_deliveries WHERE delivery_id = p_delivery_id);
        INSERT INTO revento_deliveries (
                envelope_id, delivery_id, event_type, ordering_key, occurred_at, received_at, body,
                digest, state, at, arrival, behind, attempt, fence, long_envelope_id, long_delivery_id)
            VALUES (
                p_envelope_id, p_delivery_id, p_event_type, p_ordering_key, p_occurred_at, p_received_at, p_body,
                p_digest, 'queued', p_received_at, nextval('revento_sequence'), revento_is_behind(p_ordering_key), 0, 0,
                p_long_envelope_id, p_long_delivery_id)
            ON CONFLICT (envelope_id) DO NOTHING;
        IF FOUND THEN
            RETURN CASE WHEN v_reused THEN 'new, delivery id reused' ELSE 'new' END;
        END IF;
        v_answer := revento_revive(p_envelope_id, p_received_at, p_body, p_digest, p_signed_at, FALSE);
        IF v_answer IS NOT NULL THEN
            RETURN v_answer;
        END IF;
        SELECT CASE WHEN digest <> p_digest THEN state || ', other body' ELSE state END INTO v_answer
            FROM revento_deliveries
            WHERE envelope_id = p_envelope_id AND (state <> 'buried' OR at >= p_signed_at);
        IF FOUND THEN
            RETURN v_answer;
        END IF;
        -- Another session buried or forgot the delivery between the statements: try again.
    END LOOP;
END $$;
