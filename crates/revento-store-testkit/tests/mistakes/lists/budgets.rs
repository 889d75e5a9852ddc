//! Mistakes in a store of budgets.

use crate::{
    lists::wrong,
    mistake::{Mistake, bound, no_transaction, read, sql},
};

pub(crate) fn budgets() -> Vec<Mistake> {
    vec![
        no_transaction("a swap without a transaction", "budget").found_by("a17_many_counters_lose_nothing", &["the counter after all increments"]),
        sql("no bytes are expected", "budget", "key = ?1", "key = ?1 AND 0").found_by("a17_only_the_expected_bytes_are_replaced", &["a swap that expects None while \"one\" is stored"]),
        sql("bytes are never replaced", "write_budget", "DO UPDATE SET bytes = excluded.bytes, idle_at = excluded.idle_at", "DO NOTHING").found_by("a17_only_the_expected_bytes_are_replaced", &["the stored bytes after the swap"]),
        sql("keys in any case", "schema", "budgets (key TEXT PRIMARY KEY", "budgets (key TEXT COLLATE NOCASE PRIMARY KEY").found_by("k8_every_key_has_bytes_of_its_own", &["key"]),
        sql("keys with any blanks", "schema", "budgets (key TEXT PRIMARY KEY", "budgets (key TEXT COLLATE RTRIM PRIMARY KEY").found_by("k8_every_key_has_bytes_of_its_own", &["key"]),
        sql("keys by pattern", "budget", "key = ?1", "key LIKE ?1").found_by("k8_every_key_has_bytes_of_its_own", &["key"]),
        sql("one budget for all", "budget", " WHERE key = ?1", "").found_by("k8_every_key_has_bytes_of_its_own", &["key"]),
        bound("keys of 255 characters", "write_budget", 1, wrong::cut_at_255).found_by("h25_keys_of_any_length_are_told_apart", &["(8192 bytes)"]),
        sql("keys by their beginning", "budget", "key = ?1", "substr(key, 1, 255) = substr(?1, 1, 255)").found_by("h25_keys_of_any_length_are_told_apart", &["(8192 bytes)"]),
        read("bytes as lossy text", "bytes", wrong::as_lossy_text).found_by("k8_any_bytes_come_back", &["bytes"]),
        read("no bytes are NULL", "bytes", wrong::empty_is_null).found_by("k8_any_bytes_come_back", &["bytes"]),
        read("bytes without trailing zeros", "bytes", wrong::without_trailing_zeros).found_by("k8_any_bytes_come_back", &["bytes"]),
        read("bytes of 64 KiB", "bytes", wrong::cut_at_64_kib).found_by("k8_any_bytes_come_back", &["bytes"]),
        sql("each call forgets everything", "forget_budgets", "idle_at <= ?1", "idle_at <> ?1").found_by("a17_only_the_expected_bytes_are_replaced", &["a swap that expects None while \"one\" is stored"]),
        sql("a budget is forgotten by the engine's clock", "forget_budgets", "idle_at <= ?1", "idle_at <= unixepoch() * 1000000").found_by("a17_only_the_expected_bytes_are_replaced", &["a swap that expects None while \"one\" is stored"]),
        sql("a budget is forgotten an hour early", "forget_budgets", "idle_at <= ?1", "idle_at <= ?1 + 3600000000").found_by("a17_only_the_expected_bytes_are_replaced", &["a swap that expects None while \"one\" is stored"]),
        bound("budgets are kept for milliseconds", "write_budget", 3, wrong::in_milliseconds).found_by("a17_only_the_expected_bytes_are_replaced", &["a swap that expects None while \"one\" is stored"]),
        sql("a budget keeps its first end", "write_budget", ", idle_at = excluded.idle_at", "").found_by("a18_what_is_not_idle_is_kept", &["a18_what_is_not_idle_is_kept the stored bytes one second before their second end, and long after the first"]),
        sql("budgets of one process", "schema", "CREATE TABLE IF NOT EXISTS budgets", "CREATE TEMP TABLE IF NOT EXISTS budgets").found_by("a17_replicas_see_each_other", &["the result of the second replica's swap"]),
    ]
}
