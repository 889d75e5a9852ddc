//! The list of what expires soon.

use crate::{
    lists::wrong,
    mistake::{Mistake, bound, sql},
};

pub(super) fn due() -> Vec<Mistake> {
    vec![
        sql("due includes its end", "due", "refresh_expires_at < ?2", "refresh_expires_at <= ?2").found_by("t7_due_is_soonest_first_and_ends_before_its_limit", &["the records that expire before now (not at now)"]),
        sql("due compares texts", "due", "refresh_expires_at < ?2", "CAST(refresh_expires_at AS TEXT) < CAST(?2 AS TEXT)").found_by("t7_due_is_in_order_to_both_ends_of_time", &["what expires before"]),
        sql("due lists ended connections", "due", " AND live", "").found_by("t7_due_lists_live_connections_only", &["the live ones"]),
        sql("due lists connected ones only", "due", "AND live", "AND status = 'connected'").found_by("t7_due_lists_live_connections_only", &["the live ones"]),
        sql("due hides what has expired by its own clock", "due", "AND live", "AND live AND refresh_expires_at > unixepoch() * 1000000").found_by("t7_due_is_soonest_first_and_ends_before_its_limit", &["all, soonest first"]),
        sql("due of any client", "due", "client_id = ?1 AND ", "").found_by("t7_foreign_rows_crowd_nothing_out_of_what_is_due", &["the due records of one of three integrations"]),
        sql("due of clients like this one", "due", "client_id = ?1", "client_id LIKE ?1 || '%'").found_by("t7_foreign_rows_crowd_nothing_out_of_what_is_due", &["the due records of one of three integrations"]),
        sql("due has an OR without brackets", "due", "AND live AND", "AND live OR status = 'in_doubt' AND").found_by("t7_due_is_soonest_first_and_ends_before_its_limit", &["the records that expire before now (not at now)"]),
        sql("due is not ordered", "due", "ORDER BY refresh_expires_at, key ", "").found_by("t7_due_is_soonest_first_and_ends_before_its_limit", &["all, soonest first"]),
        sql("due by key", "due", "ORDER BY refresh_expires_at, key", "ORDER BY key").found_by("t7_due_is_soonest_first_and_ends_before_its_limit", &["all, soonest first"]),
        sql("due by time only", "due", "ORDER BY refresh_expires_at, key", "ORDER BY refresh_expires_at, version DESC").found_by("t7_equal_expiries_are_each_listed_once", &["the due records, five of them with the same expiry,"]),
        sql("due with ties backwards", "due", "ORDER BY refresh_expires_at, key", "ORDER BY refresh_expires_at, key DESC").found_by("t7_equal_expiries_are_each_listed_once", &["the due records, five of them with the same expiry,"]),
        sql("due by the text of a time", "due", "ORDER BY refresh_expires_at,", "ORDER BY CAST(refresh_expires_at AS TEXT),").found_by("t7_due_is_in_order_to_both_ends_of_time", &["what expires before"]),
        sql("due in the wrong direction", "due", "ORDER BY refresh_expires_at,", "ORDER BY refresh_expires_at DESC,").found_by("t7_due_is_soonest_first_and_ends_before_its_limit", &["all, soonest first"]),
        sql("due ignores its cursor", "due", " AND (refresh_expires_at, key) > (?3, ?4)", "").found_by("t7_equal_expiries_are_each_listed_once", &["on two pages", "behind the cursor"]),
        sql("due repeats its cursor", "due", "(refresh_expires_at, key) > (?3, ?4)", "(refresh_expires_at, key) >= (?3, ?4)").found_by("t7_equal_expiries_are_each_listed_once", &["on two pages", "behind the cursor"]),
        sql("due goes on behind the time", "due", "(refresh_expires_at, key) > (?3, ?4)", "refresh_expires_at > ?3").found_by("t7_equal_expiries_are_each_listed_once", &["the due records, five of them with the same expiry,"]),
        sql("due goes on at the time", "due", "(refresh_expires_at, key) > (?3, ?4)", "refresh_expires_at >= ?3").found_by("t7_equal_expiries_are_each_listed_once", &["on two pages", "behind the cursor"]),
        sql("due goes on behind the key", "due", "(refresh_expires_at, key) > (?3, ?4)", "key > ?4").found_by("t7_foreign_rows_crowd_nothing_out_of_what_is_due", &["the due records of one of three integrations"]),
        sql("due goes on behind both", "due", "(refresh_expires_at, key) > (?3, ?4)", "refresh_expires_at >= ?3 AND key > ?4").found_by("t7_foreign_rows_crowd_nothing_out_of_what_is_due", &["the due records of one of three integrations"]),
        sql("due goes on behind either", "due", "(refresh_expires_at, key) > (?3, ?4)", "(refresh_expires_at > ?3 OR key > ?4)").found_by("t7_foreign_rows_crowd_nothing_out_of_what_is_due", &["on two pages", "behind the cursor"]),
        sql(
            "due goes on behind a record that exists",
            "due",
            "(refresh_expires_at, key) > (?3, ?4)",
            "(?4 = '' OR (refresh_expires_at, key) > (SELECT refresh_expires_at, key FROM connections WHERE key = ?4))",
        ).found_by("t7_what_is_due_survives_changes_between_pages", &["the second page"]),
        sql(
            "due limits before it filters",
            "due",
            "SELECT * FROM connections",
            "SELECT * FROM (SELECT * FROM connections ORDER BY refresh_expires_at, key LIMIT ?5)",
        ).found_by("t7_due_lists_live_connections_only", &["as many as there are live ones"]),
        sql("due lists a thousand at most", "due", "LIMIT ?5", "LIMIT min(?5, 1000)").found_by("k6_a_thousand_records_are_all_listed", &["the page after the last one"]),
        sql("due takes 0 for no limit", "due", "LIMIT ?5", "LIMIT iif(?5 = 0, -1, ?5)").found_by("t7_due_is_soonest_first_and_ends_before_its_limit", &["at most 0"]),
        sql("due lists one too many", "due", "LIMIT ?5", "LIMIT min(?5, 1000000) + 1").found_by("t7_due_is_soonest_first_and_ends_before_its_limit", &["at most 0"]),
        bound("due loses a limit of 64 bits", "due", 5, wrong::as_byte).found_by("k6_a_thousand_records_are_all_listed", &["the page after the last one"]),
    ]
}
