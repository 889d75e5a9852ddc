//! A second record, and its version.

use crate::mistake::{Mistake, sql};

pub(super) fn creating() -> Vec<Mistake> {
    vec![
        sql("creating replaces", "create", "INSERT INTO", "INSERT OR REPLACE INTO").and_sql(
            "create",
            "ON CONFLICT (key) DO NOTHING ",
            "",
        ).found_by("k10_creating_never_overwrites", &["the second creation"]),
        sql("creating is an upsert", "create", "DO NOTHING", "DO UPDATE SET tokens = excluded.tokens").found_by("k10_creating_never_overwrites", &["the second creation"]),
        sql("creating reports what was there as new", "create", "DO NOTHING", "DO UPDATE SET key = excluded.key").found_by("k10_creating_never_overwrites", &["the second creation"]),
        sql("the key is not unique", "schema", "    key TEXT PRIMARY KEY,\n    client_id", "    key TEXT,\n    client_id").and_sql(
            "create",
            "ON CONFLICT (key) DO NOTHING ",
            "",
        ).found_by("k10_creating_never_overwrites", &["the second creation"]),
        sql(
            "one connection of an event",
            "schema",
            "CREATE INDEX IF NOT EXISTS waiting",
            "CREATE UNIQUE INDEX IF NOT EXISTS one ON connections (client_id, event_id); CREATE INDEX IF NOT EXISTS waiting",
        ).found_by("k8_no_two_keys_are_mistaken_for_each_other", &["UNIQUE constraint failed: connections.client_id, connections.event_id"]),
        sql(
            "one integration of an event",
            "schema",
            "CREATE INDEX IF NOT EXISTS waiting",
            "CREATE UNIQUE INDEX IF NOT EXISTS one ON connections (event_id, coalesce(user_id, ''));
            CREATE INDEX IF NOT EXISTS waiting",
        ).found_by("k8_no_two_keys_are_mistaken_for_each_other", &["UNIQUE constraint failed: index 'one'"]),
        sql("keys in any case", "schema", "    key TEXT PRIMARY KEY,\n    client_id", "    key TEXT COLLATE NOCASE PRIMARY KEY,\n    client_id").found_by("k8_no_two_keys_are_mistaken_for_each_other", &["creating client \"A\"", "there it finds the record of client \"a\""]),
        sql("keys with any blanks", "schema", "    key TEXT PRIMARY KEY,\n    client_id", "    key TEXT COLLATE RTRIM PRIMARY KEY,\n    client_id").found_by("k8_no_two_keys_are_mistaken_for_each_other", &["event \" \"", "returned AlreadyExists, and there it finds the record of client \"clt_1\", event \"\""]),
        sql("versions begin again", "create", "?17, ?18)", "?17, 1)").and_sql("swap", "version = ?18", "version = version + 1").found_by("k11_versions_grow_and_are_never_used_twice", &["a new life of a key begins with a higher version"]),
        sql("versions go on where the newest was removed", "number", "UPDATE numbers SET last = last + 1 RETURNING last",
            "SELECT coalesce(max(max(version, coalesce(fence, 0))), 0) + 1 AS last FROM connections").found_by("k11_versions_grow_and_are_never_used_twice", &["a new life of a key begins with a higher version"]),
    ]
}
