-- Completes a delivery within a transaction of a handler. Returns false if the lease is not held. A statement after the lock of a key
-- has to see what was committed while it waited. A transaction with one snapshot for all its statements does not see that.
CREATE FUNCTION revento_complete(p_envelope_id TEXT, p_fence BIGINT, p_at BIGINT) RETURNS BOOLEAN LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'a delivery can be completed at READ COMMITTED only, and not at %',
            upper(current_setting('transaction_isolation'));
    END IF;
    RETURN revento_finish(p_envelope_id, p_fence, 'done', p_at, NULL);
END $$;
