//! The pages of buried deliveries.

use crate::mistake::{Mistake, sql};

pub(super) fn buried() -> Vec<Mistake> {
    vec![
        sql("the first page has every state", "buried_first", "WHERE state = 'buried' ", "").found_by("q4_what_is_buried_is_listed", &["the buried deliveries"]),
        sql("the first page is in the wrong order", "buried_first", "ORDER BY at DESC, envelope_id DESC", "ORDER BY at, envelope_id").found_by("q4_what_is_buried_is_listed", &["envelope_id"]),
        sql("the first page breaks ties forwards", "buried_first", "envelope_id DESC", "envelope_id").found_by("q4_what_is_buried_is_listed_page_by_page", &["the buried deliveries"]),
        sql("the first page has the order of the arrival", "buried_first", "ORDER BY at DESC, envelope_id DESC", "ORDER BY arrival DESC").found_by("q4_what_is_buried_is_listed_page_by_page", &["the buried deliveries"]),
        sql("the first page has a thousand", "buried_first", "LIMIT ?1", "LIMIT min(?1, 1000)").found_by("q4_a_thousand_buried_deliveries_are_all_listed", &["how many of 1001 deliveries are listed"]),
        sql("the first page takes 0 for no limit", "buried_first", "LIMIT ?1", "LIMIT iif(?1 = 0, -1, ?1)").found_by("q4_what_is_buried_is_listed_page_by_page", &["a page with the limit 0"]),
        sql("the first page hides the expunged", "buried_first", "state = 'buried'", "state = 'buried' AND NOT expunged").found_by("q18_only_what_was_buried_long_ago_is_expunged", &["the buried deliveries"]),
        sql("the next page has every state", "buried", "state = 'buried' AND ", "").found_by("h25_ids_of_any_length_are_kept_and_listed", &["the buried deliveries"]),
        sql("the next page repeats its cursor", "buried", "< (?1, ?2)", "<= (?1, ?2)").found_by("q4_what_is_buried_is_listed_page_by_page", &["on two pages", "behind the cursor"]),
        sql("the next page goes on behind the time", "buried", "(at, envelope_id) < (?1, ?2)", "at < ?1").found_by("q4_what_is_buried_is_listed_page_by_page", &["the buried deliveries"]),
        sql("the next page goes on at the time", "buried", "(at, envelope_id) < (?1, ?2)", "at <= ?1").found_by("q4_what_is_buried_is_listed_page_by_page", &["on two pages", "behind the cursor"]),
        sql("the next page goes on behind the id", "buried", "(at, envelope_id) < (?1, ?2)", "envelope_id < ?2").found_by("q4_what_is_buried_is_listed_page_by_page", &["q4_what_is_buried_is_listed_page_by_page the buried deliveries"]),
        sql("the next page goes on behind both", "buried", "(at, envelope_id) < (?1, ?2)", "at <= ?1 AND envelope_id < ?2").found_by("q4_what_is_buried_is_listed_page_by_page", &["q4_what_is_buried_is_listed_page_by_page the buried deliveries"]),
        sql("the next page goes on behind either", "buried", "(at, envelope_id) < (?1, ?2)", "(at < ?1 OR envelope_id < ?2)").found_by("q4_what_is_buried_is_listed_page_by_page", &["on two pages", "behind the cursor"]),
        sql("the next page goes on in the wrong direction", "buried", "< (?1, ?2)", "> (?1, ?2)").found_by("q4_what_is_buried_is_listed_page_by_page", &["the buried deliveries"]),
        sql("the next page goes on behind one that is buried", "buried", "(at, envelope_id) < (?1, ?2)",
            "(at, envelope_id) < (SELECT at, envelope_id FROM deliveries WHERE state = 'buried' AND envelope_id = ?2)").found_by("q4_what_is_buried_is_listed_page_by_page", &["the second page"]),
        sql("the next page is in the wrong order", "buried", "ORDER BY at DESC", "ORDER BY at").found_by("q4_what_is_buried_is_listed_page_by_page", &["the buried deliveries"]),
        sql("the next page breaks ties forwards", "buried", "ORDER BY at DESC, envelope_id DESC", "ORDER BY at DESC, envelope_id").found_by("q4_what_is_buried_is_listed_page_by_page", &["the buried deliveries"]),
        sql("the next page has a hundred", "buried", "LIMIT ?3", "LIMIT min(?3, 100)").found_by("q4_a_thousand_buried_deliveries_are_all_listed", &["how many of 1001 deliveries are listed"]),
    ]
}
