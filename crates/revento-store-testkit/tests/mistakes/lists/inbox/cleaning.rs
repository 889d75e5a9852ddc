//! What is expunged, forgotten, or found.

use crate::mistake::{Mistake, sql};

pub(super) fn cleaning() -> Vec<Mistake> {
    vec![
        sql("expunging includes its time", "expunge", "at < ?1", "at <= ?1").found_by("q18_only_what_was_buried_long_ago_is_expunged", &["how many were buried before the first was"]),
        sql("expunging whatever the time", "expunge", " AND at < ?1", " AND ?1 = ?1").found_by("q18_only_what_was_buried_long_ago_is_expunged", &["how many were buried before the first was"]),
        sql("expunging by the arrival", "expunge", "at < ?1", "received_at < ?1").found_by("q18_only_what_was_buried_long_ago_is_expunged", &["how many were buried before the first was"]),
        sql("expunging by the engine's clock", "expunge", "at < ?1", "at < min(?1, unixepoch() * 1000000 - 604800000000 * 1000)").found_by("h8_an_attempt_signed_before_the_burial_queues_nothing", &["how many were expunged"]),
        sql("expunging any state", "expunge", "state = 'buried' AND ", "").found_by("q18_only_what_was_buried_long_ago_is_expunged", &["how many were buried before the first was"]),
        sql("expunging counts again", "expunge", " AND NOT expunged", "").found_by("q18_only_what_was_buried_long_ago_is_expunged", &["how many are left to expunge by then"]),
        sql("expunging keeps the body", "expunge", "body = x'', ", "").found_by("q18_nothing_of_a_wiped_body_is_at_rest", &["the body of the expunged delivery is gone"]),
        sql("expunging keeps the digest", "expunge", "digest = x'', ", "").found_by("q18_nothing_of_a_wiped_body_is_at_rest", &["its digest is gone with it"]),
        sql("expunging keeps the error", "expunge", "error = '', ", "").found_by("q18_only_what_was_buried_long_ago_is_expunged", &["error"]),
        sql("expunging does not note it", "expunge", ", expunged = 1", "").and_sql("expunge", " AND NOT expunged", " AND body <> x''").found_by("h8_an_attempt_signed_before_the_burial_queues_nothing", &["such an attempt after the body was expunged"]),
        sql("expunging removes", "expunge", "UPDATE deliveries SET body = x'', digest = x'', error = '', expunged = 1", "DELETE FROM deliveries").found_by("h8_an_attempt_signed_before_the_burial_queues_nothing", &["such an attempt after the body was expunged"]),
        sql("expunging one at a time", "expunge", "at < ?1", "envelope_id IN (SELECT envelope_id FROM deliveries WHERE state = 'buried' AND at < ?1 AND NOT expunged LIMIT 1)").found_by("q18_only_what_was_buried_long_ago_is_expunged", &["q18_only_what_was_buried_long_ago_is_expunged how many of three are expunged at once"]),
        sql("expunging moves the burial", "expunge", "expunged = 1", "expunged = 1, at = ?1").found_by("h8_an_attempt_signed_before_the_burial_queues_nothing", &["an attempt that was signed later"]),
        sql("forgetting includes its time", "forget", "at < ?1", "at <= ?1").found_by("q12_only_what_was_handled_long_ago_is_forgotten", &["how many were handled before the first was"]),
        sql("forgetting whatever the time", "forget", "at < ?1", "?1 = ?1").found_by("q12_only_what_was_handled_long_ago_is_forgotten", &["how many were handled before the first was"]),
        sql("forgetting by the arrival", "forget", "at < ?1", "received_at < ?1").found_by("q12_only_what_was_handled_long_ago_is_forgotten", &["how many were handled before the first was"]),
        sql("forgetting any state", "forget", "state = 'done' AND ", "").found_by("q12_only_what_was_handled_long_ago_is_forgotten", &["how many were handled before the first was"]),
        sql("forgetting buried ones", "forget", "state = 'done'", "state IN ('done', 'buried')").found_by("q12_only_what_was_handled_long_ago_is_forgotten", &["how many were handled before the first was"]),
        sql("forgetting queued ones", "forget", "state = 'done'", "state IN ('done', 'queued')").found_by("q12_only_what_was_handled_long_ago_is_forgotten", &["how many were handled before the first was"]),
        sql("forgetting keeps the rows", "forget", "DELETE FROM deliveries", "UPDATE deliveries SET error = ''").found_by("q12_only_what_was_handled_long_ago_is_forgotten", &["the state of a forgotten delivery"]),
        sql("forgetting one at a time", "forget", "at < ?1", "envelope_id IN (SELECT envelope_id FROM deliveries WHERE state = 'done' AND at < ?1 LIMIT 1)").found_by("q12_only_what_was_handled_long_ago_is_forgotten", &["q12_only_what_was_handled_long_ago_is_forgotten how many were handled before the second was"]),
        sql("states by pattern", "state", "envelope_id = ?1", "envelope_id LIKE ?1").found_by("k8_no_call_touches_a_delivery_that_looks_alike", &["the state of \"A\" before its insert"]),
        sql("states of what waits", "state", "envelope_id = ?1", "envelope_id = ?1 AND state <> 'done'").found_by("q10_a_handled_delivery_is_handled", &["the state of"]),
    ]
}
