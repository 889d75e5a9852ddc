//! Which delivery of a key is in front.

use crate::mistake::{Mistake, sql};

pub(super) fn ordering() -> Vec<Mistake> {
    vec![
        sql(
            "keys are not ordered",
            "lease_look",
            " AND (ordering_key = '' OR NOT EXISTS (
    SELECT 1 FROM deliveries AS earlier
    WHERE earlier.ordering_key = mine.ordering_key AND earlier.state IN ('queued', 'leased')
        AND earlier.arrival < mine.arrival))",
            "",
        )
        .found_by(
            "q14_an_ordering_key_is_handled_in_order",
            &["the next of its key"],
        ),
        sql(
            "the empty key is a key",
            "lease_look",
            "ordering_key = '' OR ",
            "",
        )
        .found_by(
            "q11_a_reused_delivery_id_is_reported_and_loses_nothing",
            &["the queued deliveries"],
        ),
        sql(
            "a queued one does not hold its place",
            "lease_look",
            "earlier.state IN ('queued', 'leased')",
            "earlier.state = 'leased'",
        )
        .found_by(
            "q14_an_ordering_key_is_handled_in_order",
            &["the next of its key"],
        ),
        sql(
            "a leased one does not hold its place",
            "lease_look",
            "earlier.state IN ('queued', 'leased')",
            "earlier.state = 'queued'",
        )
        .found_by(
            "q14_a_key_is_leased_once_at_a_time",
            &["at most one delivery of a key may be leased at a time"],
        ),
        sql(
            "a buried one blocks its key",
            "lease_look",
            "earlier.state IN ('queued', 'leased')",
            "earlier.state <> 'done'",
        )
        .found_by(
            "q14_a_buried_delivery_does_not_block_its_key",
            &["no delivery could be leased at"],
        ),
        sql(
            "a handled one blocks its key",
            "lease_look",
            "earlier.state IN ('queued', 'leased')",
            "earlier.state <> 'buried'",
        )
        .found_by(
            "q14_an_ordering_key_is_handled_in_order",
            &["the next of its key"],
        ),
        sql(
            "one that is due later does not hold its place",
            "lease_look",
            "earlier.arrival < mine.arrival",
            "earlier.arrival < mine.arrival AND earlier.at <= ?1",
        )
        .found_by(
            "q14_a_key_is_leased_once_at_a_time",
            &["at most one delivery of a key may be leased at a time"],
        ),
        sql(
            "the order in a key is that of the times",
            "lease_look",
            "earlier.arrival < mine.arrival",
            "earlier.at < mine.at",
        )
        .found_by(
            "q14_an_ordering_key_is_handled_in_order",
            &["the next of its key"],
        ),
        sql(
            "the order in a key is that of the events",
            "lease_look",
            "earlier.arrival < mine.arrival",
            "earlier.occurred_at < mine.occurred_at",
        )
        .found_by(
            "q14_an_ordering_key_is_handled_in_order",
            &["the next of its key"],
        ),
        sql(
            "the order in a key is that of the clock",
            "lease_look",
            "earlier.arrival < mine.arrival",
            "earlier.received_at < mine.received_at",
        )
        .found_by(
            "q14_an_ordering_key_is_handled_in_order",
            &["the next of its key"],
        ),
        sql(
            "the order in a key is that of the ids",
            "lease_look",
            "earlier.arrival < mine.arrival",
            "earlier.envelope_id < mine.envelope_id",
        )
        .found_by(
            "q14_an_ordering_key_is_handled_in_order",
            &["the next of its key"],
        ),
        sql(
            "the order in a key is backwards",
            "lease_look",
            "earlier.arrival < mine.arrival",
            "earlier.arrival > mine.arrival",
        )
        .found_by(
            "q14_an_ordering_key_is_handled_in_order",
            &["the next of its key"],
        ),
        sql(
            "each one waits for itself",
            "lease_look",
            "earlier.arrival < mine.arrival",
            "earlier.arrival <= mine.arrival",
        )
        .found_by("k8_odd_deliveries_survive", &["no delivery could be leased at"]),
        sql(
            "keys in any case",
            "lease_look",
            "earlier.ordering_key = mine.ordering_key",
            "earlier.ordering_key = mine.ordering_key COLLATE NOCASE",
        )
        .found_by(
            "q14_keys_do_not_hold_each_other_up",
            &["the first of each key, and all without one"],
        ),
        sql(
            "keys by pattern",
            "lease_look",
            "earlier.ordering_key = mine.ordering_key",
            "mine.ordering_key LIKE earlier.ordering_key || '%'",
        )
        .found_by(
            "q14_keys_do_not_hold_each_other_up",
            &["the first of each key, and all without one"],
        ),
        sql(
            "all keys are one",
            "lease_look",
            "earlier.ordering_key = mine.ordering_key",
            "earlier.ordering_key <> ''",
        )
        .found_by(
            "q14_keys_do_not_hold_each_other_up",
            &["the first of each key, and all without one"],
        ),
    ]
}
