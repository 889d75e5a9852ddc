-- Texts that an index has are shortened beyond 192 bytes; the whole text of an id is then in the column beside it.
CREATE TABLE revento_mirror_events (
    event_id TEXT COLLATE "C" PRIMARY KEY,
    long_event_id TEXT,
    epoch BIGINT NOT NULL,
    progress TEXT NOT NULL,
    wished_at BIGINT,
    last_change BIGINT NOT NULL,
    forgotten_to BIGINT NOT NULL,
    last_version BIGINT NOT NULL,
    last_fence BIGINT NOT NULL,
    fence BIGINT,
    claimed_until BIGINT
);

CREATE TABLE revento_mirror_rows (
    event_id TEXT COLLATE "C" NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    id TEXT COLLATE "C" NOT NULL,
    long_id TEXT,
    version BIGINT NOT NULL,
    json TEXT NOT NULL,
    answers TEXT NOT NULL,
    whole_as_of BIGINT,
    part_as_of BIGINT,
    missing_in BIGINT,
    application_status TEXT COLLATE "C",
    status TEXT COLLATE "C",
    role TEXT COLLATE "C",
    email TEXT COLLATE "C",
    user_id TEXT COLLATE "C",
    application_id TEXT COLLATE "C",
    name TEXT,
    last_review_action TEXT,
    thread_id TEXT,
    location_id TEXT,
    capacity_state TEXT,
    registered_at BIGINT,
    last_reviewed_at BIGINT,
    starts_at BIGINT,
    ends_at BIGINT,
    capacity BIGINT,
    signups BIGINT,
    PRIMARY KEY (event_id, kind, id)
);
CREATE INDEX revento_mirror_rows_by_application_status ON revento_mirror_rows (event_id, kind, application_status, id)
    WHERE application_status IS NOT NULL;
CREATE INDEX revento_mirror_rows_by_email ON revento_mirror_rows (event_id, kind, email, id) WHERE email IS NOT NULL;
CREATE INDEX revento_mirror_rows_by_user ON revento_mirror_rows (event_id, kind, user_id, id) WHERE user_id IS NOT NULL;

-- The numbers are those of one row, so that a question can have the same answer twice.
CREATE TABLE revento_mirror_answers (
    event_id TEXT COLLATE "C" NOT NULL,
    question TEXT COLLATE "C" NOT NULL,
    value TEXT COLLATE "C" NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    id TEXT COLLATE "C" NOT NULL,
    number BIGINT NOT NULL,
    PRIMARY KEY (event_id, question, value, kind, id, number)
);
CREATE INDEX revento_mirror_answers_by_row ON revento_mirror_answers (event_id, kind, id);

CREATE TABLE revento_mirror_marks (
    event_id TEXT COLLATE "C" NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    id TEXT COLLATE "C" NOT NULL,
    pass BIGINT NOT NULL,
    as_of BIGINT NOT NULL,
    PRIMARY KEY (event_id, kind, id)
);

CREATE TABLE revento_mirror_changes (
    event_id TEXT COLLATE "C" NOT NULL,
    position BIGINT NOT NULL,
    at BIGINT NOT NULL,
    kind TEXT,
    id TEXT,
    before TEXT,
    after TEXT,
    PRIMARY KEY (event_id, position)
);

-- For SQL of your own. Times are microseconds since 1970, UTC.
CREATE VIEW revento_mirror_participants AS
    SELECT event_id, id, application_status, status, role, name, email, user_id, application_id, registered_at, last_reviewed_at,
        last_review_action, whole_as_of IS NOT NULL AS is_complete, greatest(whole_as_of, part_as_of) / 2 AS as_of, json
    FROM revento_mirror_rows WHERE kind = 'participant';
CREATE VIEW revento_mirror_activities AS
    SELECT event_id, id, status, name AS title, thread_id, location_id, starts_at, ends_at, capacity, signups, capacity_state,
        whole_as_of IS NOT NULL AS is_complete, greatest(whole_as_of, part_as_of) / 2 AS as_of, json
    FROM revento_mirror_rows WHERE kind = 'activity';
CREATE VIEW revento_mirror_participant_answers AS
    SELECT event_id, id AS participant_id, question, value FROM revento_mirror_answers WHERE kind = 'participant';

-- The lock of the event's row makes the writes of one event happen one after the other.
CREATE FUNCTION revento_mirror_write(
    p_event_id TEXT, p_epoch BIGINT, p_fence BIGINT, p_progress TEXT, p_wish TEXT, p_wished_at BIGINT, p_ends_epoch BOOLEAN, p_at BIGINT,
    -- The rows as the caller has loaded them; no version for one that was not there.
    p_known_kind TEXT[], p_known_id TEXT[], p_known_version BIGINT[], p_is_removed BOOLEAN[],
    -- The new rows.
    p_kind TEXT[], p_id TEXT[], p_long_id TEXT[], p_json TEXT[], p_answers TEXT[], p_whole BIGINT[], p_part BIGINT[], p_missing BIGINT[],
    p_application_status TEXT[], p_status TEXT[], p_role TEXT[], p_email TEXT[], p_user_id TEXT[], p_application_id TEXT[], p_name TEXT[],
    p_last_review_action TEXT[], p_thread_id TEXT[], p_location_id TEXT[], p_capacity_state TEXT[], p_registered_at BIGINT[],
    p_last_reviewed_at BIGINT[], p_starts_at BIGINT[], p_ends_at BIGINT[], p_capacity BIGINT[], p_signups BIGINT[],
    p_answer_kind TEXT[], p_answer_id TEXT[], p_answer_number BIGINT[], p_question TEXT[], p_value TEXT[],
    p_mark_kind TEXT, p_pass BIGINT, p_as_of BIGINT, p_mark_id TEXT[],
    p_change_kind TEXT[], p_change_id TEXT[], p_before TEXT[], p_after TEXT[]
) RETURNS TABLE (outcome TEXT, position_now BIGINT) LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    v_event revento_mirror_events%ROWTYPE;
    v_last BIGINT;
BEGIN
    SELECT * INTO v_event FROM revento_mirror_events AS e WHERE e.event_id = p_event_id FOR UPDATE;
    IF NOT FOUND OR v_event.epoch <> p_epoch THEN
        RETURN QUERY SELECT 'other_epoch', 0::BIGINT;
        RETURN;
    END IF;
    IF p_fence IS NOT NULL AND v_event.fence IS DISTINCT FROM p_fence THEN
        RETURN QUERY SELECT 'fenced', 0::BIGINT;
        RETURN;
    END IF;
    IF EXISTS (
        SELECT FROM unnest(p_known_kind, p_known_id, p_known_version) AS known (kind, id, version)
        LEFT JOIN revento_mirror_rows AS r ON r.event_id = p_event_id AND r.kind = known.kind AND r.id = known.id
        WHERE r.version IS DISTINCT FROM known.version
    ) THEN
        RETURN QUERY SELECT 'conflict', 0::BIGINT;
        RETURN;
    END IF;

    DELETE FROM revento_mirror_answers AS a USING unnest(p_known_kind, p_known_id) AS known (kind, id)
        WHERE a.event_id = p_event_id AND a.kind = known.kind AND a.id = known.id;
    DELETE FROM revento_mirror_rows AS r USING unnest(p_known_kind, p_known_id, p_is_removed) AS known (kind, id, is_removed)
        WHERE r.event_id = p_event_id AND r.kind = known.kind AND r.id = known.id AND known.is_removed;
    DELETE FROM revento_mirror_marks AS m USING unnest(p_known_kind, p_known_id, p_is_removed) AS known (kind, id, is_removed)
        WHERE m.event_id = p_event_id AND m.kind = known.kind AND m.id = known.id AND known.is_removed;

    INSERT INTO revento_mirror_rows AS r (
            event_id, kind, id, long_id, version, json, answers, whole_as_of, part_as_of, missing_in, application_status, status, role,
            email, user_id, application_id, name, last_review_action, thread_id, location_id, capacity_state, registered_at,
            last_reviewed_at, starts_at, ends_at, capacity, signups)
        SELECT p_event_id, n.kind, n.id, n.long_id, v_event.last_version + 1, n.json, n.answers, n.whole, n.part, n.missing,
            n.application_status, n.status, n.role, n.email, n.user_id, n.application_id, n.name, n.last_review_action, n.thread_id,
            n.location_id, n.capacity_state, n.registered_at, n.last_reviewed_at, n.starts_at, n.ends_at, n.capacity, n.signups
        FROM unnest(
            p_kind, p_id, p_long_id, p_json, p_answers, p_whole, p_part, p_missing, p_application_status, p_status, p_role, p_email,
            p_user_id, p_application_id, p_name, p_last_review_action, p_thread_id, p_location_id, p_capacity_state, p_registered_at,
            p_last_reviewed_at, p_starts_at, p_ends_at, p_capacity, p_signups
        ) AS n (
            kind, id, long_id, json, answers, whole, part, missing, application_status, status, role, email, user_id, application_id,
            name, last_review_action, thread_id, location_id, capacity_state, registered_at, last_reviewed_at, starts_at, ends_at,
            capacity, signups)
        ON CONFLICT (event_id, kind, id) DO UPDATE SET
            version = excluded.version, json = excluded.json, answers = excluded.answers, whole_as_of = excluded.whole_as_of,
            part_as_of = excluded.part_as_of, missing_in = excluded.missing_in, application_status = excluded.application_status,
            status = excluded.status, role = excluded.role, email = excluded.email, user_id = excluded.user_id,
            application_id = excluded.application_id, name = excluded.name, last_review_action = excluded.last_review_action,
            thread_id = excluded.thread_id, location_id = excluded.location_id, capacity_state = excluded.capacity_state,
            registered_at = excluded.registered_at, last_reviewed_at = excluded.last_reviewed_at, starts_at = excluded.starts_at,
            ends_at = excluded.ends_at, capacity = excluded.capacity, signups = excluded.signups;
    INSERT INTO revento_mirror_answers (event_id, kind, id, number, question, value)
        SELECT p_event_id, a.* FROM unnest(p_answer_kind, p_answer_id, p_answer_number, p_question, p_value)
            AS a (kind, id, number, question, value);
    INSERT INTO revento_mirror_marks (event_id, kind, id, pass, as_of)
        SELECT DISTINCT p_event_id, p_mark_kind, m.id, p_pass, p_as_of FROM unnest(p_mark_id) AS m (id)
        ON CONFLICT (event_id, kind, id) DO UPDATE SET pass = excluded.pass, as_of = excluded.as_of;

    v_last := v_event.last_change + coalesce(array_length(p_change_kind, 1), 0);
    INSERT INTO revento_mirror_changes (event_id, position, at, kind, id, before, after)
        SELECT p_event_id, v_event.last_change + c.number, p_at, c.kind, c.id, c.before, c.after
        FROM unnest(p_change_kind, p_change_id, p_before, p_after) WITH ORDINALITY AS c (kind, id, before, after, number);
    UPDATE revento_mirror_events AS e SET
            last_version = v_event.last_version + 1, last_change = v_last, progress = coalesce(p_progress, e.progress),
            wished_at = CASE p_wish WHEN 'keep' THEN e.wished_at WHEN 'clear' THEN NULL ELSE coalesce(e.wished_at, p_wished_at) END,
            epoch = e.epoch + CASE WHEN p_ends_epoch THEN 1 ELSE 0 END
        WHERE e.event_id = p_event_id;
    RETURN QUERY SELECT 'written', v_last;
END $$;

-- What was deleted, by kind, with the other tables as '+answers', '+marks' and '+changes'; no row if the epoch is another one.
CREATE FUNCTION revento_mirror_wipe(p_event_id TEXT, p_epoch BIGINT, p_at BIGINT) RETURNS TABLE (kind TEXT, deleted BIGINT)
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    v_last BIGINT;
BEGIN
    UPDATE revento_mirror_events AS e SET forgotten_to = e.last_change, last_change = e.last_change + 1
        WHERE e.event_id = p_event_id AND e.epoch = p_epoch RETURNING e.last_change INTO v_last;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    RETURN QUERY
        SELECT r.kind::TEXT, count(*) FROM revento_mirror_rows AS r WHERE r.event_id = p_event_id GROUP BY r.kind
        UNION ALL SELECT '+answers', count(*) FROM revento_mirror_answers AS a WHERE a.event_id = p_event_id
        UNION ALL SELECT '+marks', count(*) FROM revento_mirror_marks AS m WHERE m.event_id = p_event_id
        UNION ALL SELECT '+changes', count(*) FROM revento_mirror_changes AS c WHERE c.event_id = p_event_id;
    DELETE FROM revento_mirror_rows AS r WHERE r.event_id = p_event_id;
    DELETE FROM revento_mirror_answers AS a WHERE a.event_id = p_event_id;
    DELETE FROM revento_mirror_marks AS m WHERE m.event_id = p_event_id;
    DELETE FROM revento_mirror_changes AS c WHERE c.event_id = p_event_id;
    INSERT INTO revento_mirror_changes (event_id, position, at) VALUES (p_event_id, v_last, p_at);
END $$;
