//! What queues a buried delivery again.

use crate::mistake::{Mistake, sql};

pub(super) fn replays() -> Vec<Mistake> {
    vec![
        sql(
            "an attempt signed at the burial is a replay",
            "known",
            "state, at,",
            "state, at - 1 AS at,",
        )
        .found_by(
            "h8_an_attempt_signed_before_the_burial_queues_nothing",
            &["an attempt that was signed when it was buried"],
        ),
        sql(
            "each attempt is a replay",
            "known",
            "state, at,",
            "state, 0 AS at,",
        )
        .found_by(
            "h8_an_attempt_signed_before_the_burial_queues_nothing",
            &["the first attempt once more"],
        ),
        sql(
            "no attempt is a replay",
            "known",
            "state, at,",
            "state, 9223372036854775807 AS at,",
        )
        .found_by("q9_a_buried_delivery_is_queued_again", &["a replay"]),
        sql(
            "an attempt signed after the arrival is a replay",
            "known",
            "state, at,",
            "state, received_at - 1 AS at,",
        )
        .found_by(
            "h8_an_attempt_signed_before_the_burial_queues_nothing",
            &["the first attempt once more"],
        ),
        sql("a replay keeps the attempts", "replay", "attempts = 0, ", "")
            .found_by("q9_a_buried_delivery_is_queued_again", &["the attempt"]),
        sql(
            "a replay keeps the single attempt",
            "replay",
            "single_attempt = 0,\n",
            "\n",
        )
        .found_by(
            "h30_a_requeue_says_how_many_attempts_follow",
            &["whether a delivery has one attempt after a replay"],
        ),
        sql("a replay keeps the body", "replay", "body = ?3, ", "").found_by(
            "q11_another_body_under_a_known_identity_is_reported",
            &["the body"],
        ),
        sql("a replay keeps the digest", "replay", "digest = ?4, ", "").found_by(
            "q11_another_body_under_a_known_identity_is_reported",
            &["a retry of that body"],
        ),
        sql("a replay keeps its place", "replay", "arrival = ?5, ", "").found_by(
            "q14_a_requeued_delivery_arrives_anew",
            &["while one of the key is handled"],
        ),
        sql(
            "a replay is due when the first one was",
            "replay",
            "at = ?2",
            "at = received_at",
        )
        .found_by(
            "q9_a_buried_delivery_is_queued_again",
            &["q9_a_buried_delivery_is_queued_again just before the replay arrived"],
        ),
        sql(
            "a replay stays expunged",
            "replay",
            "expunged = 0",
            "expunged = expunged",
        )
        .found_by("q18_a_replay_brings_the_body_back", &["whether it is expunged"]),
        sql(
            "a replay of any id",
            "replay",
            "WHERE envelope_id = ?1",
            "WHERE state = 'buried'",
        )
        .found_by(
            "q9_a_buried_delivery_is_queued_again",
            &["q9_a_buried_delivery_is_queued_again the state of env_2"],
        ),
    ]
}
