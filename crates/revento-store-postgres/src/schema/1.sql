-- The source of versions, fences and arrivals. No number is used twice.
CREATE SEQUENCE revento_sequence;

-- Times are microseconds since 1970 in UTC. Texts have no NUL: text.rs escapes it.
CREATE TABLE revento_connections (
    key                TEXT    COLLATE "C" NOT NULL PRIMARY KEY, -- the ids of the next three columns, escaped and joined
    client_id          TEXT    COLLATE "C" NOT NULL,
    event_id           TEXT    COLLATE "C" NOT NULL,
    user_id            TEXT    COLLATE "C",                      -- NULL for the installation of an organizer
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
    live               BOOLEAN NOT NULL,                         -- whether the status is live
    tokens             BYTEA,                                    -- sealed
    version            BIGINT  NOT NULL,
    claim_fence        BIGINT,
    claim_until        BIGINT,
    claim_abandoned    BOOLEAN NOT NULL DEFAULT FALSE            -- whether an earlier claim expired and no swap has ended it since
);
CREATE INDEX revento_connections_by_event ON revento_connections (client_id, event_id);
CREATE INDEX revento_connections_due ON revento_connections (refresh_expires_at) WHERE live;

CREATE TABLE revento_deliveries (
    envelope_id  TEXT    COLLATE "C" NOT NULL PRIMARY KEY,
    delivery_id  TEXT    COLLATE "C" NOT NULL,
    event_type   TEXT    NOT NULL,
    ordering_key TEXT    COLLATE "C" NOT NULL,                   -- '' if the order does not matter
    occurred_at  BIGINT  NOT NULL,
    received_at  BIGINT  NOT NULL,
    body         BYTEA,                                          -- sealed; NULL after it was handled
    state        TEXT    COLLATE "C" NOT NULL CHECK (state IN ('queued', 'leased', 'done', 'buried')),
    at           BIGINT  NOT NULL,                               -- when it is due, its lease ends, or it was handled or buried
    arrival      BIGINT  NOT NULL,
    behind       BOOLEAN NOT NULL,                               -- whether it waits behind another delivery of its ordering key
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

-- Of the deliveries that share an ordering key, one is in front and the others wait behind it. Whether a delivery waits behind another
-- depends on other rows. So a transaction that adds a delivery to a key, or takes the front one out, holds the lock of the key until
-- its end. A transaction that takes one out locks the row before the key; one that adds locks no row before the key: no deadlock. Each
-- statement of a function sees what was committed before the statement began, so a statement after the lock sees what the previous
-- holder did.
CREATE FUNCTION revento_lock(p_ordering_key TEXT) RETURNS VOID LANGUAGE plpgsql AS $$
BEGIN
    IF p_ordering_key <> '' THEN
        PERFORM pg_advisory_xact_lock(hashtextextended(p_ordering_key, 1383494767));
    END IF;
END $$;

-- Whether a delivery that arrives now has to wait behind another one.
CREATE FUNCTION revento_is_behind(p_ordering_key TEXT) RETURNS BOOLEAN LANGUAGE plpgsql AS $$
BEGIN
    RETURN p_ordering_key <> '' AND EXISTS (
        SELECT FROM revento_deliveries WHERE ordering_key = p_ordering_key AND state IN ('queued', 'leased'));
END $$;

-- Queues a buried delivery as if it had just arrived. Returns false if it is not buried.
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

-- Queues a delivery unless it is known. Returns 'new', 'new, delivery id reused', 'requeued', or the state of the delivery.
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
        -- Another session buried or forgot the delivery between the statements: try again.
    END LOOP;
END $$;

-- Ends a lease and sets the next state of the delivery. Returns false if the lease is not held.
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
