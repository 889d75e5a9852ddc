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
