-- Versions, fences and arrivals are drawn from here: none is ever used twice.
CREATE SEQUENCE revento_sequence;

-- Times are microseconds since 1970 in UTC. A text has no NUL here: see text.rs for the escape.
CREATE TABLE revento_connections (
    key                TEXT    COLLATE "C" NOT NULL PRIMARY KEY, -- the three ids below, escaped and joined
    client_id          TEXT    COLLATE "C" NOT NULL,
    event_id           TEXT    COLLATE "C" NOT NULL,
    user_id            TEXT    COLLATE "C",                      -- NULL for an organizer's installation
    organization_id    TEXT,
    status             TEXT    NOT NULL,
    reason             TEXT,
    status_since       BIGINT  NOT NULL,
    delete_by          BIGINT,
    scopes             TEXT    NOT NULL,
    generation         BIGINT  NOT NULL,
    consented_at       BIGINT  NOT NULL,
    access_expires_at  BIGINT  NOT NULL,
    refresh_expires_at BIGINT  NOT NULL,
    consent_expires_at BIGINT  NOT NULL,
    live               BOOLEAN NOT NULL,                         -- whether the status is a live one
    tokens             BYTEA,                                    -- sealed
    version            BIGINT  NOT NULL,
    claim_fence        BIGINT,
    claim_until        BIGINT,
    claim_abandoned    BOOLEAN NOT NULL DEFAULT FALSE            -- an earlier claim ran out and no swap has ended it
);
CREATE INDEX revento_connections_by_event ON revento_connections (client_id, event_id);
CREATE INDEX revento_connections_due ON revento_connections (refresh_expires_at) WHERE live;

CREATE TABLE revento_deliveries (
    envelope_id  TEXT    COLLATE "C" NOT NULL PRIMARY KEY,
    delivery_id  TEXT    COLLATE "C" NOT NULL,
    event_type   TEXT    NOT NULL,
    ordering_key TEXT    COLLATE "C" NOT NULL,                   -- '' for no order
    occurred_at  BIGINT  NOT NULL,
    received_at  BIGINT  NOT NULL,
    body         BYTEA,                                          -- sealed; NULL once it is handled
    state        TEXT    COLLATE "C" NOT NULL CHECK (state IN ('queued', 'leased', 'done', 'buried')),
    at           BIGINT  NOT NULL,                               -- when it is due, its lease ends, or it was handled or buried
    arrival      BIGINT  NOT NULL,
    behind       BOOLEAN NOT NULL,                               -- waits behind another of its ordering key
    attempt      BIGINT  NOT NULL,
    fence        BIGINT  NOT NULL,
    error        TEXT
);
CREATE INDEX revento_deliveries_by_delivery_id ON revento_deliveries (delivery_id);
CREATE INDEX revento_deliveries_ready ON revento_deliveries (at, arrival)
    WHERE state IN ('queued', 'leased') AND NOT behind;
CREATE INDEX revento_deliveries_in_order ON revento_deliveries (ordering_key, arrival)
    WHERE state IN ('queued', 'leased');
CREATE INDEX revento_deliveries_done ON revento_deliveries (at) WHERE state = 'done';

-- Of the deliveries that share an ordering key one waits in front and the others behind it. Whether one
-- waits behind another depends on other rows: whoever adds to the queue of a key, or takes its front one
-- out, holds the key's lock until the end of the statement. Rows are locked before the key by those who
-- take out, and never by those who add: no deadlock. Each statement of a function sees what was committed
-- before it began, so what comes after the lock sees what the holder before it did.
CREATE FUNCTION revento_lock(p_ordering_key TEXT) RETURNS VOID LANGUAGE plpgsql AS $$
BEGIN
    IF p_ordering_key <> '' THEN
        PERFORM pg_advisory_xact_lock(hashtextextended(p_ordering_key, 1383494767));
    END IF;
END $$;

-- Whether a delivery that arrives now waits behind another.
CREATE FUNCTION revento_is_behind(p_ordering_key TEXT) RETURNS BOOLEAN LANGUAGE plpgsql AS $$
BEGIN
    RETURN p_ordering_key <> '' AND EXISTS (
        SELECT FROM revento_deliveries WHERE ordering_key = p_ordering_key AND state IN ('queued', 'leased'));
END $$;

-- Queues what is buried, as if it had just arrived; false when it is not buried.
CREATE FUNCTION revento_requeue(p_envelope_id TEXT, p_at BIGINT) RETURNS BOOLEAN LANGUAGE plpgsql AS $$
DECLARE
    v_ordering_key TEXT;
BEGIN
    SELECT ordering_key INTO v_ordering_key FROM revento_deliveries
        WHERE envelope_id = p_envelope_id AND state = 'buried';
    IF NOT FOUND THEN
        RETURN FALSE;
    END IF;
    PERFORM revento_lock(v_ordering_key);
    UPDATE revento_deliveries SET state = 'queued', at = p_at, arrival = nextval('revento_sequence'), attempt = 0,
            behind = revento_is_behind(v_ordering_key)
        WHERE envelope_id = p_envelope_id AND state = 'buried';
    RETURN FOUND;
END $$;

-- Queues a delivery unless it is known: 'new', 'new, delivery id reused', 'requeued', or the state it is in.
CREATE FUNCTION revento_insert(
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
        IF revento_requeue(p_envelope_id, p_received_at) THEN
            RETURN 'requeued';
        END IF;
        SELECT state INTO v_state FROM revento_deliveries WHERE envelope_id = p_envelope_id;
        IF FOUND AND v_state <> 'buried' THEN
            RETURN v_state;
        END IF;
        -- Buried or forgotten between the statements: try again.
    END LOOP;
END $$;

-- Takes a delivery out of its lease into another state; false when the lease is not held.
CREATE FUNCTION revento_finish(
    p_envelope_id TEXT, p_fence BIGINT, p_state TEXT, p_at BIGINT, p_error TEXT
) RETURNS BOOLEAN LANGUAGE plpgsql AS $$
DECLARE
    v_ordering_key TEXT;
BEGIN
    UPDATE revento_deliveries SET state = p_state, at = p_at, error = p_error,
            body = CASE WHEN p_state <> 'done' THEN body END
        WHERE envelope_id = p_envelope_id AND state = 'leased' AND fence = p_fence
        RETURNING ordering_key INTO v_ordering_key;
    IF NOT FOUND THEN
        RETURN FALSE;
    END IF;
    IF p_state <> 'queued' AND v_ordering_key <> '' THEN
        PERFORM revento_lock(v_ordering_key);
        UPDATE revento_deliveries SET behind = FALSE WHERE envelope_id = (
            SELECT envelope_id FROM revento_deliveries
            WHERE ordering_key = v_ordering_key AND state IN ('queued', 'leased') ORDER BY arrival LIMIT 1);
    END IF;
    RETURN TRUE;
END $$;
