-- Use-once marks. A mark ends at `until`.
CREATE TABLE IF NOT EXISTS revento_once (
    id TEXT PRIMARY KEY NOT NULL,
    until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS revento_once_by_end ON revento_once (until);
