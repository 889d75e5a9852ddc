//! What comes back differs from what was stored.

use crate::{
    lists::wrong,
    mistake::{Mistake, bound, read, sql},
};

pub(super) fn values() -> Vec<Mistake> {
    vec![
        read("bodies as lossy text", "body", wrong::as_lossy_text).found_by("k8_odd_deliveries_survive", &["the size of the body"]),
        read("bodies of 64 KiB", "body", wrong::cut_at_64_kib).found_by("k8_large_deliveries_survive", &["the size of the body"]),
        read("an empty body is NULL", "body", wrong::empty_is_null).found_by("k8_odd_deliveries_survive", &["the column \"body\" has"]),
        read("types in lower case", "event_type", wrong::in_lower_case).found_by("k8_odd_deliveries_survive", &["the type"]),
        read("types of 20 characters", "event_type", wrong::cut_at_20).found_by("k8_large_deliveries_survive", &["it was cut after 20 bytes"]),
        read("types of 255 characters", "event_type", wrong::cut_at_255).found_by("k8_large_deliveries_survive", &["it was cut after 255 bytes"]),
        read("types in ASCII", "event_type", wrong::ascii).found_by("k8_odd_deliveries_survive", &["the type"]),
        read("delivery ids in 3-byte UTF-8", "delivery_id", wrong::three_byte_utf8).found_by("k8_odd_deliveries_survive", &["the delivery id"]),
        read("delivery ids without trailing blanks", "delivery_id", wrong::without_trailing_blanks).found_by("k8_odd_deliveries_survive", &["the delivery id"]),
        read("envelope ids in normal form C", "envelope_id", wrong::composed).found_by("k8_odd_deliveries_survive", &["the envelope id"]),
        read("errors of 20 characters", "error", wrong::cut_at_20).found_by("k8_large_deliveries_survive", &["the error of a buried delivery", "it was cut after 20"]),
        read("errors of 255 characters", "error", wrong::cut_at_255).found_by("k8_large_deliveries_survive", &["the error of a buried delivery", "it was cut after 255"]),
        read("errors of 64 KiB", "error", wrong::cut_at_64_kib).found_by("k8_large_deliveries_survive", &["the error of a buried delivery", "it was cut"]),
        read("errors in ASCII", "error", wrong::ascii).found_by("k8_odd_deliveries_survive", &["the error of a buried delivery", "not in UTF-8"]),
        read("errors end at a NUL", "error", wrong::up_to_nul).found_by("k8_odd_deliveries_survive", &["the error of a buried delivery", "it ends where its NUL was"]),
        bound("arrivals in milliseconds", "insert", 6, wrong::as_milliseconds).found_by("q1_a_delivery_comes_out_as_it_went_in", &["happened and arrived"]),
        bound("times of events in seconds", "insert", 5, wrong::as_seconds).found_by("q1_a_delivery_comes_out_as_it_went_in", &["happened and arrived"]),
        bound("times of events from 1970 to 2038", "insert", 5, wrong::between_1970_and_2038).found_by("k8_odd_deliveries_survive", &["happened and arrived", "1969"]),
        bound("arrivals as floats", "insert", 6, wrong::as_float).found_by("q8_deliveries_are_due_in_order_to_both_ends_of_time", &["all in the order of their times"]),
        read("attempts in a byte", "attempts", wrong::as_byte).found_by("q20_more_than_255_attempts_are_counted", &["attempt"]),
        sql("types are not stored", "insert", "?3,", "'application.approved',").found_by("k8_odd_deliveries_survive", &["the type"]),
        bound("digests without trailing zeros", "insert", 8, wrong::without_trailing_zeros).found_by("q11_another_body_under_a_known_identity_is_reported", &["q11_another_body_under_a_known_identity_is_reported an insert whose digest begins with [97], where one with [97] is stored"]),
    ]
}
