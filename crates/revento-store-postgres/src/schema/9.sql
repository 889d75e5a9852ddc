-- The call that created, swapped or claimed the connection, or took the mark, last. A call whose answer was lost finds its own write.
ALTER TABLE revento_connections ADD COLUMN last_call TEXT;
ALTER TABLE revento_once ADD COLUMN last_call TEXT;

-- A delivery is found by narrow columns: identity is the first half of the SHA-256 of envelope_id, delivery_hash the first quarter of
-- that of delivery_id. Random texts as keys make an index so wide that inserting becomes slower as the table grows.
ALTER TABLE revento_deliveries DROP CONSTRAINT revento_deliveries_pkey;
DROP INDEX revento_deliveries_by_delivery_id, revento_deliveries_in_order, revento_deliveries_ready, revento_deliveries_done,
    revento_deliveries_buried, revento_deliveries_to_expunge;
ALTER TABLE revento_deliveries ADD COLUMN identity UUID, ADD COLUMN delivery_hash BIGINT;
ALTER TABLE revento_deliveries
    ALTER COLUMN identity TYPE UUID USING substr(encode(sha256(convert_to(envelope_id, 'UTF8')), 'hex'), 1, 32)::UUID,
    ALTER COLUMN delivery_hash TYPE BIGINT
        USING ('x' || substr(encode(sha256(convert_to(delivery_id, 'UTF8')), 'hex'), 1, 16))::BIT(64)::BIGINT;
ALTER TABLE revento_deliveries ALTER COLUMN identity SET NOT NULL, ALTER COLUMN delivery_hash SET NOT NULL;
ALTER TABLE revento_deliveries ADD PRIMARY KEY (identity);
CREATE INDEX revento_deliveries_by_delivery ON revento_deliveries (delivery_hash);
CREATE INDEX revento_deliveries_ready ON revento_deliveries (at, arrival)
    WHERE state IN ('queued', 'leased') AND NOT behind;
-- Most deliveries have no ordering key.
CREATE INDEX revento_deliveries_in_order ON revento_deliveries (ordering_key, arrival)
    WHERE state IN ('queued', 'leased') AND ordering_key <> '';
CREATE INDEX revento_deliveries_done ON revento_deliveries (at) WHERE state = 'done';
CREATE INDEX revento_deliveries_buried ON revento_deliveries (at, envelope_id) WHERE state = 'buried';
CREATE INDEX revento_deliveries_to_expunge ON revento_deliveries (at) WHERE state = 'buried' AND body IS NOT NULL;

DROP FUNCTION revento_complete(TEXT, BIGINT, BIGINT);
DROP FUNCTION revento_finish(TEXT, BIGINT, TEXT, BIGINT, TEXT);
DROP FUNCTION revento_insert(TEXT, TEXT, TEXT, TEXT, BIGINT, BIGINT, BYTEA, BYTEA, BIGINT, TEXT, TEXT);
DROP FUNCTION revento_revive(TEXT, BIGINT, BYTEA, BYTEA, BIGINT, BOOLEAN);

-- The plan of each statement in a function is kept by the session. It is made once for any arguments, and uses the indexes even if the
-- table was empty when it was made.
CREATE OR REPLACE FUNCTION revento_is_behind(p_ordering_key TEXT) RETURNS BOOLEAN LANGUAGE plpgsql
SET search_path FROM CURRENT SET enable_seqscan = off SET plan_cache_mode = force_generic_plan AS $$
BEGIN
    RETURN p_ordering_key <> '' AND EXISTS (
        SELECT FROM revento_deliveries
        WHERE ordering_key = p_ordering_key AND ordering_key <> '' AND state IN ('queued', 'leased'));
END $$;

-- Lets the first delivery of an ordering key be leased. The caller has the lock of the key.
CREATE FUNCTION revento_move_up(p_ordering_key TEXT) RETURNS VOID LANGUAGE plpgsql
SET search_path FROM CURRENT SET enable_seqscan = off SET plan_cache_mode = force_generic_plan AS $$
BEGIN
    UPDATE revento_deliveries SET behind = FALSE WHERE behind AND identity = (
        SELECT identity FROM revento_deliveries
        WHERE ordering_key = p_ordering_key AND ordering_key <> '' AND state IN ('queued', 'leased') ORDER BY arrival LIMIT 1);
END $$;

-- As revento_lock, but returns false instead of waiting.
CREATE FUNCTION revento_try_lock(p_ordering_key TEXT) RETURNS BOOLEAN LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    RETURN pg_try_advisory_xact_lock(hashtextextended(current_schema() || '/' || p_ordering_key, 1383494767));
END $$;

-- Ends a lease and sets the next state of the delivery. Returns false if the lease is not held. If the call is made again because its
-- answer was lost, it returns true if it has ended the lease before.
CREATE FUNCTION revento_finish(
    p_identity UUID, p_fence BIGINT, p_state TEXT, p_at BIGINT, p_error TEXT, p_repeated BOOLEAN
) RETURNS BOOLEAN LANGUAGE plpgsql
SET search_path FROM CURRENT SET enable_seqscan = off SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    v_ordering_key TEXT;
BEGIN
    UPDATE revento_deliveries SET state = p_state, at = p_at, error = p_error,
            body = CASE WHEN p_state <> 'done' THEN body END
        WHERE identity = p_identity AND state = 'leased' AND fence = p_fence
        RETURNING ordering_key INTO v_ordering_key;
    IF NOT FOUND THEN
        RETURN p_repeated AND EXISTS (
            SELECT FROM revento_deliveries
            WHERE identity = p_identity AND fence = p_fence AND state = p_state AND at = p_at);
    END IF;
    IF p_state <> 'queued' AND v_ordering_key <> '' THEN
        PERFORM revento_lock(v_ordering_key);
        PERFORM revento_move_up(v_ordering_key);
    END IF;
    RETURN TRUE;
END $$;

-- As revento_finish for many deliveries, which it does not wait for: a row that another transaction has locked, or whose ordering key it
-- has locked, gets no answer. So two calls never wait for each other.
CREATE FUNCTION revento_finish_many(
    p_identities UUID[], p_fences BIGINT[], p_states TEXT[], p_at BIGINT[], p_errors TEXT[], p_repeated BOOLEAN
) RETURNS TABLE (place BIGINT, held BOOLEAN) LANGUAGE plpgsql
SET search_path FROM CURRENT SET enable_seqscan = off SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_column
DECLARE
    v_finished BIGINT[];
    v_ordering_keys TEXT[];
BEGIN
    WITH leased AS MATERIALIZED (
        SELECT f.*, d.ordering_key
        FROM unnest(p_identities, p_fences, p_states, p_at, p_errors) WITH ORDINALITY
            AS f (identity, fence, state, at, error, place)
        JOIN revento_deliveries AS d ON d.identity = f.identity
        WHERE d.state = 'leased' AND d.fence = f.fence
        FOR UPDATE OF d SKIP LOCKED
    ), free AS MATERIALIZED (
        SELECT * FROM leased WHERE ordering_key = '' OR state = 'queued' OR revento_try_lock(ordering_key)
    ), finished AS (
        UPDATE revento_deliveries AS d SET state = f.state, at = f.at, error = f.error,
            body = CASE WHEN f.state <> 'done' THEN d.body END
        FROM free AS f WHERE d.identity = f.identity
        RETURNING f.place, f.state, f.ordering_key
    )
    SELECT coalesce(array_agg(place), '{}'), array_agg(ordering_key) FILTER (WHERE ordering_key <> '' AND state <> 'queued')
        INTO v_finished, v_ordering_keys FROM finished;
    IF v_ordering_keys IS NOT NULL THEN
        PERFORM revento_move_up(k) FROM unnest(v_ordering_keys) AS k;
    END IF;
    RETURN QUERY SELECT f, TRUE FROM unnest(v_finished) AS f;
    IF cardinality(v_finished) < cardinality(p_identities) THEN
        RETURN QUERY
            SELECT f.place, coalesce(p_repeated AND d.fence = f.fence AND d.state = f.state AND d.at = f.at, FALSE)
            FROM unnest(p_identities, p_fences, p_states, p_at) WITH ORDINALITY AS f (identity, fence, state, at, place)
            LEFT JOIN revento_deliveries AS d ON d.identity = f.identity
            WHERE f.place <> ALL (v_finished) AND (d.state = 'leased' AND d.fence = f.fence) IS NOT TRUE;
    END IF;
END $$;

-- Completes a delivery within a transaction of a handler. Returns false if the lease is not held. A statement after the lock of a key
-- has to see what was committed while it waited. A transaction with one snapshot for all its statements does not see that.
CREATE FUNCTION revento_complete(p_identity TEXT, p_fence BIGINT, p_at BIGINT) RETURNS BOOLEAN LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'a delivery can be completed at READ COMMITTED only, and not at %',
            upper(current_setting('transaction_isolation'));
    END IF;
    RETURN revento_finish(p_identity::UUID, p_fence, 'done', p_at, NULL, FALSE);
END $$;

-- Queues a buried delivery again as if it had just arrived.
-- Arguments: p_body and p_digest replace the stored ones if they are not NULL. p_signed_at is the time at which the platform signed
-- this attempt: an attempt that was not signed after the burial changes nothing. NULL is an operator's request.
-- Returns 'requeued' or 'requeued, other body'; 'expunged' if there is no body; NULL if the delivery is not buried or the attempt
-- was not signed after it.
CREATE FUNCTION revento_revive(
    p_identity UUID, p_at BIGINT, p_body BYTEA, p_digest BYTEA, p_signed_at BIGINT, p_single_attempt BOOLEAN
) RETURNS TEXT LANGUAGE plpgsql
SET search_path FROM CURRENT SET enable_seqscan = off SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    v_ordering_key TEXT;
    v_other        BOOLEAN;
BEGIN
    SELECT ordering_key, digest <> p_digest INTO v_ordering_key, v_other FROM revento_deliveries
        WHERE identity = p_identity AND state = 'buried' AND (p_signed_at IS NULL OR at < p_signed_at);
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    PERFORM revento_lock(v_ordering_key);
    UPDATE revento_deliveries SET state = 'queued', at = p_at, arrival = nextval('revento_sequence'), attempt = 0,
            body = coalesce(p_body, body), digest = coalesce(p_digest, digest), behind = revento_is_behind(v_ordering_key),
            single_attempt = p_single_attempt
        WHERE identity = p_identity AND state = 'buried' AND (p_signed_at IS NULL OR at < p_signed_at)
            AND coalesce(p_body, body) IS NOT NULL;
    IF FOUND THEN
        RETURN CASE WHEN v_other THEN 'requeued, other body' ELSE 'requeued' END;
    END IF;
    PERFORM FROM revento_deliveries WHERE identity = p_identity AND state = 'buried' AND body IS NULL;
    RETURN CASE WHEN FOUND AND p_signed_at IS NULL THEN 'expunged' END;
END $$;

-- Queues a delivery unless it is known.
-- Returns 'new'; 'new, delivery id reused'; 'requeued' if it was buried before this attempt was signed; or the state that it is in.
-- ', other body' follows if the stored body has another digest. If the call is made again because its answer was lost, it returns 'new'
-- for the row that it has inserted before.
CREATE FUNCTION revento_insert(
    p_identity UUID, p_delivery_hash BIGINT, p_envelope_id TEXT, p_delivery_id TEXT, p_long_envelope_id TEXT, p_long_delivery_id TEXT,
    p_event_type TEXT, p_ordering_key TEXT, p_occurred_at BIGINT, p_received_at BIGINT, p_body BYTEA, p_digest BYTEA,
    p_signed_at BIGINT, p_repeated BOOLEAN
) RETURNS TEXT LANGUAGE plpgsql
SET search_path FROM CURRENT SET enable_seqscan = off SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    v_reused BOOLEAN;
    v_answer TEXT;
BEGIN
    PERFORM revento_lock(p_ordering_key);
    LOOP
        v_reused := EXISTS (
            SELECT FROM revento_deliveries WHERE delivery_hash = p_delivery_hash AND delivery_id = p_delivery_id);
        INSERT INTO revento_deliveries (
                identity, delivery_hash, envelope_id, delivery_id, long_envelope_id, long_delivery_id, event_type, ordering_key,
                occurred_at, received_at, body, digest, state, at, arrival, behind, attempt, fence)
            VALUES (
                p_identity, p_delivery_hash, p_envelope_id, p_delivery_id, p_long_envelope_id, p_long_delivery_id, p_event_type,
                p_ordering_key, p_occurred_at, p_received_at, p_body, p_digest, 'queued', p_received_at,
                nextval('revento_sequence'), revento_is_behind(p_ordering_key), 0, 0)
            ON CONFLICT (identity) DO NOTHING;
        IF FOUND THEN
            RETURN CASE WHEN v_reused THEN 'new, delivery id reused' ELSE 'new' END;
        END IF;
        v_answer := revento_revive(p_identity, p_received_at, p_body, p_digest, p_signed_at, FALSE);
        IF v_answer IS NOT NULL THEN
            RETURN v_answer;
        END IF;
        SELECT CASE
                WHEN p_repeated AND body = p_body AND received_at = p_received_at THEN 'new'
                WHEN digest <> p_digest THEN state || ', other body'
                ELSE state
            END INTO v_answer
            FROM revento_deliveries
            WHERE identity = p_identity AND (state <> 'buried' OR at >= p_signed_at);
        IF FOUND THEN
            RETURN v_answer;
        END IF;
        -- Another session buried or forgot the delivery between the statements: try again.
    END LOOP;
END $$;

-- As revento_insert for many deliveries. p_bytes has for each one the digest and then the body, of which p_ends has the end. A column
-- that is the same for all (no long id, no ordering key) may be NULL. A delivery that was buried before its attempt was signed, or whose
-- ordering key another transaction has locked, gets no answer and is not inserted. The call waits only for a transaction that inserts one
-- of the deliveries at the same time. All insert in the order of the identity, so they cannot wait for each other in a circle.
CREATE FUNCTION revento_insert_many(
    p_identities UUID[], p_delivery_hashes BIGINT[], p_envelope_ids TEXT[], p_delivery_ids TEXT[], p_long_envelope_ids TEXT[],
    p_long_delivery_ids TEXT[], p_event_types TEXT[], p_ordering_keys TEXT[], p_occurred_at BIGINT[], p_received_at BIGINT[],
    p_signed_at BIGINT[], p_ends BIGINT[], p_bytes BYTEA, p_repeated BOOLEAN
) RETURNS TABLE (place BIGINT, answer TEXT) LANGUAGE plpgsql
SET search_path FROM CURRENT SET enable_seqscan = off SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_column
DECLARE
    v_starts BIGINT[] := array_prepend(0::BIGINT, p_ends);
    v_locked TEXT[]   := '{}';
    v_shared TEXT[]   := '{}'; -- The ordering keys of several of these deliveries.
    v_count  BIGINT;
BEGIN
    IF p_ordering_keys IS NOT NULL THEN
        SELECT coalesce(array_agg(k), '{}'), coalesce(array_agg(k) FILTER (WHERE n > 1), '{}') INTO v_locked, v_shared
            FROM (SELECT k, count(*) AS n FROM unnest(p_ordering_keys) AS k WHERE k <> '' GROUP BY k) AS keys
            WHERE revento_try_lock(k);
    END IF;
    RETURN QUERY
        WITH given AS MATERIALIZED (
            SELECT g.*, nextval('revento_sequence') AS arrival,
                EXISTS (
                    SELECT FROM revento_deliveries AS d
                    WHERE d.delivery_hash = g.delivery_hash AND d.delivery_id = g.delivery_id) AS reused,
                g.ordering_key <> '' AND (
                    g.ordering_key = ANY (v_shared)
                    OR EXISTS (
                        SELECT FROM revento_deliveries AS d
                        WHERE d.ordering_key = g.ordering_key AND d.ordering_key <> '' AND d.state IN ('queued', 'leased'))
                ) AS behind
            FROM unnest(
                p_identities, p_delivery_hashes, p_envelope_ids, p_delivery_ids, p_long_envelope_ids, p_long_delivery_ids,
                p_event_types, p_ordering_keys, p_occurred_at, p_received_at, v_starts, p_ends
            ) WITH ORDINALITY AS g (
                identity, delivery_hash, envelope_id, delivery_id, long_envelope_id, long_delivery_id,
                event_type, ordering_key, occurred_at, received_at, start, stop, place)
            WHERE g.identity IS NOT NULL AND (coalesce(g.ordering_key, '') = '' OR g.ordering_key = ANY (v_locked))
        ), inserted AS (
            INSERT INTO revento_deliveries (
                identity, delivery_hash, envelope_id, delivery_id, long_envelope_id, long_delivery_id, event_type, ordering_key,
                occurred_at, received_at, body, digest, state, at, arrival, behind, attempt, fence)
            SELECT identity, delivery_hash, envelope_id, delivery_id, long_envelope_id, long_delivery_id, event_type,
                coalesce(ordering_key, ''), occurred_at, received_at,
                substring(p_bytes FROM (start + 33)::INTEGER FOR (stop - start - 32)::INTEGER),
                substring(p_bytes FROM (start + 1)::INTEGER FOR 32),
                'queued', received_at, arrival, coalesce(behind, FALSE), 0, 0
            FROM given ORDER BY identity
            ON CONFLICT (identity) DO NOTHING RETURNING identity
        )
        SELECT place, CASE WHEN reused THEN 'new, delivery id reused' ELSE 'new' END
        FROM given WHERE identity IN (SELECT identity FROM inserted);
    GET DIAGNOSTICS v_count = ROW_COUNT;
    IF v_shared <> '{}' THEN
        PERFORM revento_move_up(k) FROM unnest(v_shared) AS k;
    END IF;
    IF v_count < cardinality(p_identities) THEN
        RETURN QUERY
            SELECT g.place, CASE
                    WHEN p_repeated AND d.received_at = g.received_at
                        AND d.body = substring(p_bytes FROM (start + 33)::INTEGER FOR (stop - start - 32)::INTEGER) THEN 'new'
                    WHEN d.digest <> substring(p_bytes FROM (start + 1)::INTEGER FOR 32) THEN d.state || ', other body'
                    ELSE d.state
                END
            FROM unnest(p_identities, p_received_at, p_signed_at, v_starts, p_ends) WITH ORDINALITY
                AS g (identity, received_at, signed_at, start, stop, place)
            JOIN revento_deliveries AS d ON d.identity = g.identity
            WHERE d.state <> 'buried' OR d.at >= g.signed_at;
    END IF;
END $$;
