//! The lists of an event and of an integration.

use crate::mistake::{Mistake, sql};

pub(super) fn lists() -> Vec<Mistake> {
    vec![
        sql("an event of any client", "of_event", "client_id = ?1 AND ", "")
            .found_by("k6_lists_are_in_the_order_of_their_keys", &["an event's records"]),
        sql(
            "an event by pattern",
            "of_event",
            "event_id = ?2",
            "event_id LIKE ?2",
        )
        .found_by(
            "k8_no_two_keys_are_mistaken_for_each_other",
            &["the records of the event \"a\"", "event \\\"A\\\""],
        ),
        sql(
            "an event by its beginning",
            "of_event",
            "event_id = ?2",
            "substr(event_id, 1, length(?2)) = ?2",
        )
        .found_by(
            "k8_no_two_keys_are_mistaken_for_each_other",
            &["the records of the event \"\"", "not expected"],
        ),
        sql(
            "an event in any case",
            "schema",
            "    event_id TEXT NOT NULL,\n    user_id",
            "    event_id TEXT NOT NULL COLLATE NOCASE,\n    user_id",
        )
        .found_by(
            "k8_no_two_keys_are_mistaken_for_each_other",
            &["the records of the event \"a\""],
        ),
        sql(
            "an event with any blanks",
            "schema",
            "    event_id TEXT NOT NULL,\n    user_id",
            "    event_id TEXT NOT NULL COLLATE RTRIM,\n    user_id",
        )
        .found_by(
            "k8_no_two_keys_are_mistaken_for_each_other",
            &["the records of the event \"\"", "event \\\" \\\""],
        ),
        sql(
            "an event without its users",
            "of_event",
            "event_id = ?2",
            "event_id = ?2 AND user_id IS NULL",
        )
        .found_by("k6_lists_are_in_the_order_of_their_keys", &["an event's records"]),
        sql(
            "an event without its installation",
            "of_event",
            "event_id = ?2",
            "event_id = ?2 AND user_id <> 'x'",
        )
        .found_by(
            "k8_no_two_keys_are_mistaken_for_each_other",
            &["the records of the event \"\""],
        ),
        sql("an event by user", "of_event", "ORDER BY key", "ORDER BY user_id").found_by(
            "k6_lists_are_in_the_order_of_their_keys",
            &["k6_lists_are_in_the_order_of_their_keys an event's records"],
        ),
        sql(
            "an event by arrival",
            "of_event",
            "ORDER BY key",
            "ORDER BY rowid",
        )
        .found_by("k6_lists_are_in_the_order_of_their_keys", &["an event's records"]),
        sql("an event repeats its cursor", "of_event", "key > ?3", "key >= ?3").found_by(
            "k6_lists_are_in_the_order_of_their_keys",
            &["on two pages", "behind the cursor"],
        ),
        sql("an event ignores its cursor", "of_event", " AND key > ?3", "").found_by(
            "k6_lists_are_in_the_order_of_their_keys",
            &["on two pages", "behind the cursor"],
        ),
        sql(
            "an event has a thousand records",
            "of_event",
            "LIMIT ?4",
            "LIMIT min(?4, 1000)",
        )
        .found_by(
            "k6_a_thousand_records_are_all_listed",
            &["the page after the last one"],
        ),
        sql(
            "an event takes 0 for no limit",
            "of_event",
            "LIMIT ?4",
            "LIMIT iif(?4 = 0, -1, ?4)",
        )
        .found_by(
            "k6_lists_are_in_the_order_of_their_keys",
            &["a page of an event's records with the limit 0"],
        ),
        sql(
            "an event lists live connections only",
            "of_event",
            "WHERE",
            "WHERE live AND",
        )
        .found_by(
            "k6_an_event_has_exactly_its_records",
            &["the records of clt_1 and evt_1"],
        ),
        sql("a client of any id", "of_client", "client_id = ?1 AND ", "").found_by(
            "k6_lists_are_in_the_order_of_their_keys",
            &["an integration's records"],
        ),
        sql(
            "a client by pattern",
            "of_client",
            "client_id = ?1",
            "client_id LIKE ?1",
        )
        .found_by(
            "k6_an_integration_has_exactly_its_records",
            &["the records of CLT_1"],
        ),
        sql(
            "a client in any case",
            "schema",
            "    client_id TEXT NOT NULL,",
            "    client_id TEXT NOT NULL COLLATE NOCASE,",
        )
        .found_by(
            "k6_an_integration_has_exactly_its_records",
            &["the records of CLT_1"],
        ),
        sql(
            "a client with any blanks",
            "schema",
            "    client_id TEXT NOT NULL,",
            "    client_id TEXT NOT NULL COLLATE RTRIM,",
        )
        .found_by(
            "k6_an_integration_has_exactly_its_records",
            &["k6_an_integration_has_exactly_its_records the records of clt_1"],
        ),
        sql(
            "a client has live connections only",
            "of_client",
            "WHERE",
            "WHERE live AND",
        )
        .found_by(
            "k6_an_integration_has_exactly_its_records",
            &["k6_an_integration_has_exactly_its_records the records of clt_1"],
        ),
        sql(
            "a client in no order",
            "of_client",
            "ORDER BY key ",
            "ORDER BY version ",
        )
        .found_by(
            "k6_lists_are_in_the_order_of_their_keys",
            &["an integration's records"],
        ),
        sql(
            "a client in any case's order",
            "of_client",
            "ORDER BY key",
            "ORDER BY key COLLATE NOCASE",
        )
        .found_by(
            "k6_lists_are_in_the_order_of_their_keys",
            &["k6_lists_are_in_the_order_of_their_keys an integration's records"],
        ),
        sql(
            "a client by ids",
            "of_client",
            "ORDER BY key",
            "ORDER BY event_id, user_id",
        )
        .found_by(
            "k6_lists_are_in_the_order_of_their_keys",
            &["an integration's records"],
        ),
        sql(
            "a client repeats its cursor",
            "of_client",
            "key > ?2",
            "key >= ?2",
        )
        .found_by(
            "k6_lists_are_in_the_order_of_their_keys",
            &["on two pages", "behind the cursor"],
        ),
        sql(
            "a client goes on behind a record that exists",
            "of_client",
            "key > ?2",
            "(?2 = '' OR key > (SELECT key FROM connections WHERE key = ?2))",
        )
        .found_by("k6_a_list_survives_changes_between_pages", &["the second page"]),
        sql(
            "a client has a thousand records",
            "of_client",
            "LIMIT ?3",
            "LIMIT min(?3, 1000)",
        )
        .found_by(
            "k6_a_thousand_records_are_all_listed",
            &["the page after the last one"],
        ),
        sql("a record by pattern", "load", "key = ?1", "key LIKE ?1")
            .found_by("k8_no_two_keys_are_mistaken_for_each_other", &["client_id"]),
        sql(
            "a record is loaded while it is live",
            "load",
            "key = ?1",
            "key = ?1 AND live",
        )
        .found_by(
            "k1_every_status_and_reason_survives",
            &["was stored but the store does not find it"],
        ),
        sql(
            "a record is loaded while it has tokens",
            "load",
            "key = ?1",
            "key = ?1 AND tokens IS NOT NULL",
        )
        .found_by(
            "k1_every_combination_of_optional_fields_survives",
            &["was stored but the store does not find it"],
        ),
        sql(
            "an empty user is the event's",
            "load",
            "key = ?1",
            "key = rtrim(?1, '/')",
        )
        .found_by(
            "k8_no_two_keys_are_mistaken_for_each_other",
            &["user \"\"", "was stored but the store does not find it"],
        ),
    ]
}
