//! Who ends a claim.

use crate::mistake::{Mistake, sql};

pub(super) fn releasing() -> Vec<Mistake> {
    vec![
        sql("anybody releases a claim", "release", " AND fence = ?2", "")
            .found_by("k12_only_its_holder_releases_a_claim", &["after a release with"]),
        sql(
            "an older holder releases a claim",
            "release",
            "fence = ?2",
            "fence >= ?2",
        )
        .found_by("k12_only_its_holder_releases_a_claim", &["after a release with"]),
        sql("a release of any key", "release", "key = ?1 AND ", "").found_by(
            "k12_only_its_holder_releases_a_claim",
            &["the claim after a release of another key"],
        ),
        sql("a release keeps the end", "release", ", claimed_until = NULL", "").found_by(
            "k12_only_its_holder_releases_a_claim",
            &["a claim on an unclaimed record", "returned Held"],
        ),
        sql("a release keeps the fence", "release", "fence = NULL, ", "").found_by(
            "k12_a_fenced_swap_needs_the_latest_claim",
            &["a swap with a claim that was released"],
        ),
        sql(
            "a release hides an abandoned claim",
            "release",
            "claimed_until = NULL",
            "claimed_until = NULL, abandoned = 0",
        )
        .found_by(
            "t1_a_successors_release_does_not_hide_it",
            &["an abandoned claim", "after its successor was released"],
        ),
    ]
}
