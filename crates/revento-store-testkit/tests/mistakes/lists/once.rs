//! Mistakes in a store of use-once marks.

use crate::{
    lists::wrong,
    mistake::{Mistake, bound, sql},
};

pub(crate) fn once() -> Vec<Mistake> {
    vec![
        sql("a mark is taken again and again", "take", " WHERE marks.until <= ?2", "").found_by("o21_a_mark_is_taken_once", &["whether \"a\" can be taken at"]),
        sql("a mark lasts beyond its end", "take", "marks.until <= ?2", "marks.until < ?2").and_sql("forget_marks", "until <= ?1", "until < ?1").found_by("o21_marks_that_ended_are_taken_again_at_once", &["how many callers got \"mark 0\" after its end"]),
        sql("a mark never ends", "take", "DO UPDATE SET until = excluded.until WHERE marks.until <= ?2", "DO NOTHING").found_by("o21_a_mark_ends_at_its_time", &["whether \"a\" can be taken at"]),
        sql("a mark ends by the engine's clock", "take", "marks.until <= ?2", "marks.until <= unixepoch() * 1000000").found_by("k22_no_end_is_judged_by_the_stores_clock", &["clock"]),
        sql("nobody counts", "take", "marks.until <= ?2", "marks.until <= ?2 AND 1").and_not_counted("take").found_by("o21_a_mark_is_taken_once", &["whether \"a\" can be taken at"]),
        sql("a taken mark is an error", "take", "\nON CONFLICT (id) DO UPDATE SET until = excluded.until WHERE marks.until <= ?2", "").found_by("o21_a_mark_is_taken_once", &["UNIQUE constraint failed: marks.id"]),
        sql("a mark keeps its first end", "take", "SET until = excluded.until", "SET until = until").found_by("o21_marks_that_ended_are_taken_again_at_once", &["after its end"]),
        sql("a mark keeps its later end", "take", "SET until = excluded.until", "SET until = until + 1000000").found_by("o21_marks_that_ended_are_taken_again_at_once", &["after its end"]),
        sql("ids in any case", "schema", "marks (id TEXT PRIMARY KEY", "marks (id TEXT COLLATE NOCASE PRIMARY KEY").found_by("k8_every_id_is_a_mark_of_its_own", &["can be taken"]),
        sql("ids with any blanks", "schema", "marks (id TEXT PRIMARY KEY", "marks (id TEXT COLLATE RTRIM PRIMARY KEY").found_by("k8_every_id_is_a_mark_of_its_own", &["can be taken"]),
        bound("ids of 255 characters", "take", 1, wrong::cut_at_255).found_by("h25_ids_of_any_length_are_told_apart", &["(8192 bytes) can be taken"]),
        bound("ids in ASCII", "take", 1, wrong::ascii).found_by("k8_every_id_is_a_mark_of_its_own", &["can be taken"]),
        bound("ids in Latin-1", "take", 1, wrong::latin_1).found_by("k8_every_id_is_a_mark_of_its_own", &["can be taken"]),
        bound("ids in 3-byte UTF-8", "take", 1, wrong::three_byte_utf8).found_by("k8_every_id_is_a_mark_of_its_own", &["can be taken"]),
        bound("ids end at a NUL", "take", 1, wrong::up_to_nul).found_by("k8_every_id_is_a_mark_of_its_own", &["can be taken"]),
        bound("ids with other line ends", "take", 1, wrong::with_unix_line_ends).found_by("k8_every_id_is_a_mark_of_its_own", &["can be taken"]),
        bound("ids in normal form C", "take", 1, wrong::composed).found_by("k8_every_id_is_a_mark_of_its_own", &["can be taken"]),
        bound("ends in whole seconds", "take", 3, wrong::as_seconds).found_by("o21_a_mark_ends_at_its_time", &["whether \"a\" can be taken at"]),
        bound("ends as floats", "take", 3, wrong::as_float).found_by("k22_no_end_is_judged_by_the_stores_clock", &["k22_no_end_is_judged_by_the_stores_clock whether \"almost ever\" can be taken at 9223372036854775806 µs after"]),
        bound("ends from 1970 to 2038", "take", 3, wrong::between_1970_and_2038).found_by("k22_no_end_is_judged_by_the_stores_clock", &["whether \"past\" can be taken at"]),
        bound("ends in milliseconds", "take", 3, wrong::in_milliseconds).found_by("o21_a_mark_is_taken_once", &["whether \"a\" can be taken at"]),
        sql("each call forgets everything", "forget_marks", "until <= ?1", "until <> ?1").found_by("o21_a_mark_is_taken_once", &["whether \"a\" can be taken at"]),
        sql("forgetting goes by the engine's clock", "forget_marks", "until <= ?1", "until <= unixepoch() * 1000000").found_by("k22_no_end_is_judged_by_the_stores_clock", &["clock"]),
        sql("forgetting is an hour early", "forget_marks", "until <= ?1", "until <= ?1 + 3600000000").found_by("o21_a_mark_is_taken_once", &["whether \"a\" can be taken at"]),
        sql("marks of one process", "schema", "CREATE TABLE IF NOT EXISTS marks", "CREATE TEMP TABLE IF NOT EXISTS marks").found_by("o21_replicas_share_their_marks", &["whether \"mark 0\" can be taken at"]),
        sql("a start forgets the marks", "schema", "until INTEGER NOT NULL);", "until INTEGER NOT NULL); DELETE FROM marks;").found_by("o21_a_mark_is_there_after_reopening", &["\"a\" can be taken"]),
    ]
}
