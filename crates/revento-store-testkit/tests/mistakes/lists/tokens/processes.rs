//! Replicas and restarts.

use crate::mistake::{Mistake, cached, sql};

pub(super) fn processes() -> Vec<Mistake> {
    vec![
        cached("each process caches records", "load").found_by(
            "k24_replicas_read_at_once_what_another_wrote",
            &["what load gives at once"],
        ),
        cached("each process caches what is due", "due").found_by(
            "k24_replicas_read_at_once_what_another_wrote",
            &["what due gives at once"],
        ),
        cached("each process caches events", "of_event").found_by(
            "k24_replicas_read_at_once_what_another_wrote",
            &["what of_event gives at once"],
        ),
        cached("each process caches clients", "of_client").found_by(
            "k24_replicas_read_at_once_what_another_wrote",
            &["what of_client gives at once"],
        ),
        sql(
            "a start ends all claims",
            "schema",
            "CREATE INDEX IF NOT EXISTS waiting",
            "UPDATE connections SET fence = NULL, claimed_until = NULL; CREATE INDEX IF NOT EXISTS waiting",
        )
        .found_by("k23_claims_and_counters_survive_reopening", &["the claim"]),
        sql(
            "a start counts from 0",
            "schema",
            "INSERT INTO numbers SELECT 0",
            "UPDATE numbers SET last = 0; INSERT INTO numbers SELECT 0",
        )
        .found_by(
            "k23_claims_and_counters_survive_reopening",
            &["fences go on growing"],
        ),
        sql(
            "each process counts",
            "schema",
            "CREATE TABLE IF NOT EXISTS numbers",
            "CREATE TEMP TABLE IF NOT EXISTS numbers",
        )
        .found_by(
            "k23_claims_and_counters_survive_reopening",
            &["fences go on growing"],
        ),
        sql(
            "records are in memory",
            "schema",
            "CREATE TABLE IF NOT EXISTS connections",
            "CREATE TEMP TABLE IF NOT EXISTS connections",
        )
        .found_by(
            "k23_what_was_reported_is_there_after_reopening",
            &["was stored but the store does not find it"],
        ),
        sql(
            "a start forgets what was abandoned",
            "schema",
            "CREATE INDEX IF NOT EXISTS waiting",
            "UPDATE connections SET abandoned = 0; CREATE INDEX IF NOT EXISTS waiting",
        )
        .found_by(
            "k23_claims_and_counters_survive_reopening",
            &["whether the earlier claim was abandoned"],
        ),
    ]
}
