//! What is known, and what is not.

use crate::mistake::{Mistake, no_transaction, sql};

pub(super) fn inserting() -> Vec<Mistake> {
    vec![
        no_transaction("inserting without a transaction", "insert").found_by("q1_of_many_simultaneous_inserts_one_is_new", &["UNIQUE constraint failed: deliveries.envelope_id"]),
        sql("inserting ignores what is known", "known", "envelope_id = ?1", "envelope_id = ?1 AND state = 'buried'")
            .and_sql("insert", "INSERT INTO", "INSERT OR IGNORE INTO").found_by("q1_an_envelope_is_queued_once", &["a retry"]),
        sql("inserting replaces what is known", "known", "envelope_id = ?1", "envelope_id = ?1 AND state = 'buried'")
            .and_sql("insert", "INSERT INTO", "INSERT OR REPLACE INTO").found_by("q1_an_envelope_is_queued_once", &["a retry"]),
        sql("inserting replaces what is handled", "known", "envelope_id = ?1", "envelope_id = ?1 AND state <> 'done'")
            .and_sql("insert", "INSERT INTO", "INSERT OR REPLACE INTO").found_by("q1_an_envelope_is_queued_once", &["a retry after it was handled"]),
        sql(
            "envelope ids are not unique",
            "schema",
            "    envelope_id TEXT PRIMARY KEY,\n    delivery_id",
            "    envelope_id TEXT,\n    delivery_id",
        )
        .and_no_transaction("insert").found_by("q1_of_many_simultaneous_inserts_one_is_new", &["how many inserts were new"]),
        sql(
            "envelope ids in any case",
            "schema",
            "    envelope_id TEXT PRIMARY KEY,\n    delivery_id",
            "    envelope_id TEXT COLLATE NOCASE PRIMARY KEY,\n    delivery_id",
        ).found_by("k8_odd_deliveries_survive", &["the insert of \"A\""]),
        sql(
            "envelope ids with any blanks",
            "schema",
            "    envelope_id TEXT PRIMARY KEY,\n    delivery_id",
            "    envelope_id TEXT COLLATE RTRIM PRIMARY KEY,\n    delivery_id",
        ).found_by("k8_odd_deliveries_survive", &["the insert of"]),
        sql("envelope ids by pattern", "known", "envelope_id = ?1", "envelope_id LIKE ?1").found_by("k8_odd_deliveries_survive", &["the insert of", "Known { state: Buried"]),
        sql("delivery ids are unique", "schema", "    delivery_id TEXT NOT NULL,", "    delivery_id TEXT NOT NULL UNIQUE,").found_by("q11_a_reused_delivery_id_is_reported_and_loses_nothing", &["UNIQUE constraint failed: deliveries.delivery_id"]),
        sql("delivery ids in any case", "schema", "    delivery_id TEXT NOT NULL,", "    delivery_id TEXT NOT NULL COLLATE NOCASE,").found_by("k8_odd_deliveries_survive", &["the insert of \"A\""]),
        sql("each delivery id is reused", "reused", " AND envelope_id <> ?2", "").found_by("q1_a_delivery_comes_out_as_it_went_in", &["the insert of \"env_1\""]),
        sql("no delivery id is reused", "reused", "count(*)", "0").found_by("q11_a_reused_delivery_id_is_reported_and_loses_nothing", &["another envelope under the same delivery id"]),
        sql("a delivery id is reused while it waits", "reused", "delivery_id = ?1", "delivery_id = ?1 AND state IN ('queued', 'leased')").found_by("q11_a_reused_delivery_id_is_reported_and_loses_nothing", &["when the others are done and buried"]),
        sql("no body is another one", "known", "digest <> ?2", "0").found_by("h8_an_attempt_signed_before_the_burial_queues_nothing", &["such an attempt with another body"]),
        sql("each body is another one", "known", "digest <> ?2", "1").found_by("q1_an_envelope_is_queued_once", &["a retry"]),
        sql("bodies are compared by length", "known", "digest <> ?2", "length(digest) <> length(?2)").found_by("h8_an_attempt_signed_before_the_burial_queues_nothing", &["such an attempt with another body"]),
        sql("bodies are compared as texts", "known", "digest <> ?2", "upper(digest) <> upper(?2)").found_by("q11_another_body_under_a_known_identity_is_reported", &["q11_another_body_under_a_known_identity_is_reported an insert whose digest begins with [65], where one with [97] is stored"]),
        sql("a delivery is due when the event happened", "insert", "?6, ?6,", "?6, ?5,").found_by("q3_a_lease_runs_out_and_is_taken_over", &["before it arrived"]),
    ]
}
