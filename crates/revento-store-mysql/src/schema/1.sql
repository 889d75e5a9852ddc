-- Texts are kept as their bytes, so that no collation compares them and no character set converts them. A column that an index has
-- keeps the text's index_text (at most 257 bytes); if that is a shortened one, the whole text is in the column long_….

CREATE TABLE IF NOT EXISTS revento_connections (
    connection_key     VARBINARY(257) NOT NULL,
    client_id          VARBINARY(257) NOT NULL,
    event_id           VARBINARY(257) NOT NULL,
    user_id            LONGBLOB,                      -- NULL: the installation of an organizer
    organization_id    LONGBLOB,
    status             LONGBLOB       NOT NULL,
    reason             LONGBLOB,
    status_since       BIGINT         NOT NULL,
    delete_by          BIGINT,
    scopes             LONGBLOB       NOT NULL,
    generation         BIGINT         NOT NULL,
    consented_at       BIGINT         NOT NULL,
    access_expires_at  BIGINT         NOT NULL,
    refresh_expires_at BIGINT         NOT NULL,
    consent_expires_at BIGINT         NOT NULL,
    live               TINYINT        NOT NULL,       -- whether the status is live
    tokens             LONGBLOB,                      -- sealed
    long_client_id     LONGBLOB,
    long_event_id      LONGBLOB,
    version            BIGINT         NOT NULL,
    number             BIGINT         NOT NULL,       -- the highest version or fence that the row was given
    claim_fence        BIGINT,
    claim_until        BIGINT,
    claim_abandoned    TINYINT        NOT NULL,       -- whether an earlier claim expired and no swap has ended it since
    last_call          BINARY(16)     NOT NULL,       -- the call that created, swapped or claimed it last
    PRIMARY KEY (connection_key),
    KEY revento_connections_of_event (client_id, event_id, connection_key),
    KEY revento_connections_of_client (client_id, connection_key),
    KEY revento_connections_due (client_id, live, refresh_expires_at, connection_key)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4;

-- The highest number of all connections that were removed: a connection that is created again begins behind it.
CREATE TABLE IF NOT EXISTS revento_removed (
    id      TINYINT NOT NULL,
    highest BIGINT  NOT NULL,
    PRIMARY KEY (id)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4;
INSERT INTO revento_removed (id, highest) VALUES (1, 0) ON DUPLICATE KEY UPDATE highest = highest;

CREATE TABLE IF NOT EXISTS revento_deletions (
    envelope_id      VARBINARY(257) NOT NULL,
    event_id         LONGBLOB,
    organization_id  LONGBLOB,
    occurred_at      BIGINT         NOT NULL,
    deadline_at      BIGINT         NOT NULL,
    reason           LONGBLOB,
    reminded_at      BIGINT,
    done_at          BIGINT,
    note             LONGBLOB,
    long_envelope_id LONGBLOB,
    last_call        BINARY(16)     NOT NULL,         -- the call that changed it last
    PRIMARY KEY (envelope_id),
    KEY revento_deletions_open (done_at, deadline_at, envelope_id)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4;

CREATE TABLE IF NOT EXISTS revento_budgets (
    budget_key VARBINARY(257) NOT NULL,
    state      LONGBLOB       NOT NULL,
    idle_at    BIGINT         NOT NULL,
    last_call  BINARY(16)     NOT NULL,
    PRIMARY KEY (budget_key),
    KEY revento_budgets_idle (idle_at)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4;

-- Use-once marks. A mark ends at ends_at.
CREATE TABLE IF NOT EXISTS revento_once (
    mark      VARBINARY(257) NOT NULL,
    ends_at   BIGINT         NOT NULL,
    last_call BINARY(16)     NOT NULL,                -- the call that took it
    PRIMARY KEY (mark),
    KEY revento_once_by_end (ends_at)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4;

-- Deliveries. identity is the first half of the SHA-256 of the envelope id, lane that of the ordering key, delivery_hash the first quarter
-- of that of the delivery id: random texts as keys make an index so wide that inserting becomes slower as the table grows.
CREATE TABLE IF NOT EXISTS revento_deliveries (
    id               BIGINT         NOT NULL AUTO_INCREMENT, -- the order of arrival; a delivery that is queued again gets a new one
    identity         BINARY(16)     NOT NULL,
    phase            TINYINT        NOT NULL,       -- 1 in line, 2 behind another of its ordering key, 3 done, 4 buried, 5 expunged
    leased           TINYINT        NOT NULL,       -- whether one in line is leased
    at               BIGINT         NOT NULL,       -- when it is due, its lease ends, it was done or buried
    attempt          BIGINT         NOT NULL,
    received_at      BIGINT         NOT NULL,
    occurred_at      BIGINT         NOT NULL,
    single_attempt   TINYINT        NOT NULL,
    fence            BIGINT         NOT NULL,
    due_at           BIGINT         NOT NULL,       -- when it was due before its lease
    delivery_hash    BIGINT         NOT NULL,
    buried_at        BIGINT,                        -- NULL unless it is buried
    buried_id        VARBINARY(257),                -- its envelope_id if it is buried, for the order of the list
    lane             BINARY(16),                    -- NULL: no ordering key
    waits_for        BIGINT,                        -- of one that is behind: the id of the one before it
    followed_by      BIGINT,                        -- the id of the one behind it
    inserted_by      BINARY(16)     NOT NULL,       -- the call that queued it
    last_call        BINARY(16)     NOT NULL,       -- the call that queued it, leased it or ended its lease last
    resealed_by      BINARY(16),                    -- the call that sealed it again last
    digest           BINARY(32),                    -- of the body; NULL when it was expunged
    envelope_id      VARBINARY(257) NOT NULL,
    long_envelope_id LONGBLOB,
    delivery_id      LONGBLOB       NOT NULL,
    event_type       VARBINARY(257) NOT NULL,
    long_event_type  LONGBLOB,
    error            LONGBLOB,
    body             LONGBLOB,                      -- sealed
    PRIMARY KEY (id),
    UNIQUE KEY revento_deliveries_identity (identity),
    KEY revento_deliveries_ready (phase, at, id, leased, attempt, received_at),
    KEY revento_deliveries_by_delivery (delivery_hash),
    KEY revento_deliveries_buried (buried_at, buried_id),
    KEY revento_deliveries_in_order (lane, id)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4;

-- What a call is leasing: a transaction leaves no row here.
CREATE TABLE IF NOT EXISTS revento_leasing (
    call_name BINARY(16) NOT NULL,
    id        BIGINT     NOT NULL,
    at        BIGINT     NOT NULL,
    PRIMARY KEY (call_name, id)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4;

-- The locks of the ordering keys, which share them.
CREATE TABLE IF NOT EXISTS revento_ordering (
    stripe SMALLINT NOT NULL,
    PRIMARY KEY (stripe)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4;
INSERT INTO revento_ordering (stripe)
    SELECT a.n + 4 * b.n + 16 * c.n + 64 * d.n
    FROM (SELECT 0 AS n UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3) AS a
    CROSS JOIN (SELECT 0 AS n UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3) AS b
    CROSS JOIN (SELECT 0 AS n UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3) AS c
    CROSS JOIN (SELECT 0 AS n UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3) AS d
    WHERE 1 = 1
    ON DUPLICATE KEY UPDATE stripe = revento_ordering.stripe;
