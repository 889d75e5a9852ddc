CREATE TABLE revento_mirror_events (
    event_id TEXT PRIMARY KEY,
    epoch INTEGER NOT NULL,
    progress TEXT NOT NULL,
    wished_at INTEGER,
    last_change INTEGER NOT NULL,
    forgotten_to INTEGER NOT NULL,
    last_version INTEGER NOT NULL,
    last_fence INTEGER NOT NULL,
    fence INTEGER,
    claimed_until INTEGER
) STRICT;

CREATE TABLE revento_mirror_rows (
    event_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    version INTEGER NOT NULL,
    json TEXT NOT NULL,
    answers TEXT NOT NULL,
    whole_as_of INTEGER,
    part_as_of INTEGER,
    missing_in INTEGER,
    application_status TEXT,
    status TEXT,
    role TEXT,
    email TEXT,
    user_id TEXT,
    application_id TEXT,
    name TEXT,
    registered_at INTEGER,
    last_reviewed_at INTEGER,
    last_review_action TEXT,
    thread_id TEXT,
    location_id TEXT,
    starts_at INTEGER,
    ends_at INTEGER,
    capacity INTEGER,
    signups INTEGER,
    capacity_state TEXT,
    UNIQUE (event_id, kind, id)
) STRICT;
CREATE INDEX revento_mirror_rows_by_application_status ON revento_mirror_rows (event_id, kind, application_status, id)
    WHERE application_status IS NOT NULL;
CREATE INDEX revento_mirror_rows_by_email ON revento_mirror_rows (event_id, kind, email, id) WHERE email IS NOT NULL;
CREATE INDEX revento_mirror_rows_by_user ON revento_mirror_rows (event_id, kind, user_id, id) WHERE user_id IS NOT NULL;

-- The numbers are those of one row, so that a question can have the same answer twice.
CREATE TABLE revento_mirror_answers (
    event_id TEXT NOT NULL,
    question TEXT NOT NULL,
    value TEXT NOT NULL,
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    number INTEGER NOT NULL,
    PRIMARY KEY (event_id, question, value, kind, id, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX revento_mirror_answers_by_row ON revento_mirror_answers (event_id, kind, id);

CREATE TABLE revento_mirror_marks (
    event_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    pass INTEGER NOT NULL,
    as_of INTEGER NOT NULL,
    PRIMARY KEY (event_id, kind, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE revento_mirror_changes (
    event_id TEXT NOT NULL,
    position INTEGER NOT NULL,
    at INTEGER NOT NULL,
    kind TEXT,
    id TEXT,
    before TEXT,
    after TEXT,
    PRIMARY KEY (event_id, position)
) STRICT;

-- For SQL of your own. Times are microseconds since 1970, UTC.
CREATE VIEW revento_mirror_participants AS
    SELECT event_id, id, application_status, status, role, name, email, user_id, application_id, registered_at, last_reviewed_at,
        last_review_action, whole_as_of IS NOT NULL AS is_complete, max(ifnull(whole_as_of, part_as_of), ifnull(part_as_of, whole_as_of)) / 2 AS as_of, json
    FROM revento_mirror_rows WHERE kind = 'participant';
CREATE VIEW revento_mirror_activities AS
    SELECT event_id, id, status, name AS title, thread_id, location_id, starts_at, ends_at, capacity, signups, capacity_state,
        whole_as_of IS NOT NULL AS is_complete, max(ifnull(whole_as_of, part_as_of), ifnull(part_as_of, whole_as_of)) / 2 AS as_of, json
    FROM revento_mirror_rows WHERE kind = 'activity';
CREATE VIEW revento_mirror_participant_answers AS
    SELECT event_id, id AS participant_id, question, value FROM revento_mirror_answers WHERE kind = 'participant';
