-- Use-once marks. A mark ends at `until`. A long id is kept as its index_text.
CREATE TABLE revento_once (
    id    TEXT   PRIMARY KEY,
    until BIGINT NOT NULL
);
CREATE INDEX revento_once_by_end ON revento_once (until);
