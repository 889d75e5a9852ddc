//! Replicas and restarts.

use crate::mistake::{Mistake, cached, sql};

pub(super) fn processes() -> Vec<Mistake> {
    vec![
        cached("each process caches states", "state").found_by("k24_replicas_read_at_once_what_another_wrote", &["what state gives at once after another replica's"]),
        cached("each process caches the first page", "buried_first").found_by("k24_replicas_read_at_once_what_another_wrote", &["buried lists at once after another replica's"]),
        cached("each process caches when the next is due", "next_due").found_by("k24_replicas_read_at_once_what_another_wrote", &["what next_due gives at once after another replica's"]),
        sql(
            "a start ends all leases",
            "schema",
            "CREATE INDEX IF NOT EXISTS waiting",
            "UPDATE deliveries SET state = 'queued' WHERE state = 'leased'; CREATE INDEX IF NOT EXISTS waiting",
        ).found_by("q2_what_was_acknowledged_is_there_after_reopening", &["the state of env_2"]),
        sql(
            "a start forgets what is handled",
            "schema",
            "CREATE INDEX IF NOT EXISTS waiting",
            "DELETE FROM deliveries WHERE state = 'done'; CREATE INDEX IF NOT EXISTS waiting",
        ).found_by("q2_what_was_acknowledged_is_there_after_reopening", &["the state of env_1"]),
        sql(
            "deliveries are in memory",
            "schema",
            "CREATE TABLE IF NOT EXISTS deliveries",
            "CREATE TEMP TABLE IF NOT EXISTS deliveries",
        )
        .and_sql("schema", "CREATE INDEX IF NOT EXISTS waiting ON", "CREATE INDEX IF NOT EXISTS temp.waiting ON").found_by("q2_what_was_acknowledged_is_there_after_reopening", &["the state of env_1"]),
    ]
}
