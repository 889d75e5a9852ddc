//! Inbox stores with one fault each: the suite has to find each fault.

mod engine;
mod faulty;

use std::{sync::Arc, time::Duration};

use revento_store::{InboxStore, memory::MemoryInbox};
use revento_store_testkit::{InboxStoreSuite, Report, Subject};

use engine::{Call, EngineFault, FaultyEngine, Field, Read};
use faulty::{Fault, Faulty};

use crate::{assert_fails, text_change::TextChange, until_it_fails};

async fn run(check: &str, fault: Fault) -> Report {
    let suite = InboxStoreSuite::new(move || {
        let faulty = Arc::new(Faulty::new(fault));
        let store: Arc<dyn InboxStore> = faulty.clone();
        let same = store.clone();
        let dump = move || {
            let faulty = faulty.clone();
            async move { Ok(faulty.dump().await) }
        };
        let subject = Subject::new(store)
            .with_replicas(move || std::future::ready(Ok(same.clone())))
            .with_dump(dump);
        std::future::ready(Ok(subject))
    });
    suite.only(check).time_limit(Duration::from_secs(5)).run().await
}

#[tokio::test(flavor = "multi_thread")]
async fn every_faulty_behaviour_is_found() {
    let faults = [
        (
            Fault::InsertInTwoSteps,
            "q1_of_many_simultaneous_inserts_one_is_new",
        ),
        (
            Fault::InsertByDeliveryId,
            "q11_a_reused_delivery_id_is_reported_and_loses_nothing",
        ),
        (
            Fault::ReusedDeliveryIdUntold,
            "q11_a_reused_delivery_id_is_reported_and_loses_nothing",
        ),
        (Fault::BuriedStaysBuried, "q9_a_buried_delivery_is_queued_again"),
        (Fault::HandledIsRequeued, "q1_an_envelope_is_queued_once"),
        (Fault::LeaseNeverEnds, "q3_a_lease_runs_out_and_is_taken_over"),
        (Fault::LeaseInTwoSteps, "q8_no_delivery_is_leased_twice_at_once"),
        (Fault::LeaseByOwnClock, "k22_leases_go_by_the_callers_clock"),
        (Fault::LeaseUnlimited, "q8_the_longest_waiting_is_first"),
        (Fault::LeaseBackwards, "q8_the_longest_waiting_is_first"),
        (Fault::FenceIgnored, "q3_a_lost_lease_changes_nothing"),
        (Fault::AttemptsLost, "q20_attempts_are_counted_from_the_queueing"),
        (Fault::RetryAtOnce, "q8_a_retry_waits_for_its_time"),
        (Fault::RetryCompletes, "q8_a_retry_waits_for_its_time"),
        (Fault::BuryRetries, "q4_a_buried_delivery_waits_for_somebody"),
        (Fault::RequeueAlwaysTrue, "q9_only_what_is_buried_is_requeued"),
        (Fault::OrderIgnored, "q14_an_ordering_key_is_handled_in_order"),
        (Fault::OneOrderForAll, "q14_keys_do_not_hold_each_other_up"),
        (
            Fault::NextDueIgnoresLeases,
            "q8_next_due_is_when_a_lease_can_succeed",
        ),
        (
            Fault::NextDueCountsWhatIsBehind,
            "q8_next_due_is_when_a_lease_can_succeed",
        ),
        (
            Fault::ForgetsEverything,
            "q12_only_what_was_handled_long_ago_is_forgotten",
        ),
        (
            Fault::ForgetsNothing,
            "q12_only_what_was_handled_long_ago_is_forgotten",
        ),
        (
            Fault::FencesRestart,
            "q3_a_lease_from_before_the_forgetting_counts_no_more",
        ),
        (Fault::BodiesAsText, "k8_odd_deliveries_survive"),
        (
            Fault::InsertMarksFirst,
            "q2_a_dropped_call_loses_and_blocks_nothing",
        ),
        (Fault::BuriedUnlisted, "q4_what_is_buried_is_listed"),
        (Fault::BuriedFirstFirst, "q4_what_is_buried_is_listed"),
        (
            Fault::BuriedIgnoresCursor,
            "q4_what_is_buried_is_listed_page_by_page",
        ),
        (
            Fault::BuriedCursorByTimeOnly,
            "q4_what_is_buried_is_listed_page_by_page",
        ),
        (
            Fault::BuriedCursorMustExist,
            "q4_what_is_buried_is_listed_page_by_page",
        ),
        (
            Fault::BuriedCapped,
            "q4_a_thousand_buried_deliveries_are_all_listed",
        ),
        (
            Fault::FirstCauseStays,
            "q4_the_last_cause_and_all_attempts_are_listed",
        ),
        (
            Fault::ExpungesEverything,
            "q18_only_what_was_buried_long_ago_is_expunged",
        ),
        (
            Fault::ExpungesNothing,
            "q18_only_what_was_buried_long_ago_is_expunged",
        ),
        (Fault::ExpungeOnlySays, "q18_nothing_of_a_wiped_body_is_at_rest"),
        (
            Fault::ExpungedIsForgotten,
            "q18_only_what_was_buried_long_ago_is_expunged",
        ),
        (
            Fault::ExpungedKeepsItsCause,
            "q18_only_what_was_buried_long_ago_is_expunged",
        ),
        (
            Fault::ExpungedIsRequeued,
            "q18_what_is_expunged_cannot_be_requeued",
        ),
        (Fault::ReplayKeepsNoBody, "q18_a_replay_brings_the_body_back"),
        (Fault::ReplayKeepsTheOldBody, "q18_a_replay_brings_the_body_back"),
        (
            Fault::OldAttemptIsRequeued,
            "h8_an_attempt_signed_before_the_burial_queues_nothing",
        ),
        (
            Fault::SingleAttemptForgotten,
            "h30_a_requeue_says_how_many_attempts_follow",
        ),
        (
            Fault::AlwaysSingleAttempt,
            "h30_a_requeue_says_how_many_attempts_follow",
        ),
        (
            Fault::OtherBodyUntold,
            "q11_another_body_under_a_known_identity_is_reported",
        ),
        (Fault::OtherBodyAlwaysTold, "q1_an_envelope_is_queued_once"),
        (Fault::OtherBodyTaken, "q1_an_envelope_is_queued_once"),
        (
            Fault::DigestOutlivesItsBody,
            "q18_nothing_of_a_wiped_body_is_at_rest",
        ),
        (Fault::ReceivedNow, "q1_a_delivery_comes_out_as_it_went_in"),
    ];
    assert_eq!(faults.len(), Fault::ALL.len(), "each fault is listed");
    for (fault, check) in faults {
        let report = until_it_fails(|| run(check, fault)).await;
        assert_fails(&report, check, &fault);
    }
}

async fn is_found(fault: EngineFault, check: &str) {
    let suite = || {
        InboxStoreSuite::new(move || async move {
            let store = Arc::new(FaultyEngine::new(fault));
            let first = Arc::clone(&store);
            let open = move || std::future::ready(Ok(Arc::new(first.replica()) as Arc<dyn InboxStore>));
            Ok(Subject::new(store as Arc<dyn InboxStore>).with_replicas(open))
        })
    };
    let report = until_it_fails(|| suite().only(check).run()).await;
    assert_fails(&report, check, &fault);
}

#[tokio::test(flavor = "multi_thread")]
async fn k8_every_way_to_alter_a_text_is_found_in_every_field() {
    let (odd, large) = ("k8_odd_deliveries_survive", "k8_large_deliveries_survive");
    for change in TextChange::SHORT {
        for field in [Field::DeliveryId, Field::EventType, Field::Error] {
            is_found(EngineFault::Text(field, change), odd).await;
        }
    }
    for change in TextChange::CUTS {
        for field in [Field::EventType, Field::Error] {
            is_found(EngineFault::Text(field, change), large).await;
        }
    }
    for (fault, check) in [
        (EngineFault::BodiesUpTo(255), odd),
        (EngineFault::BodiesUpTo(65_535), large),
        (EngineFault::BodiesUpTo(1 << 20), large),
        (EngineFault::DigestsUpToNul, "q11_every_bit_of_the_digest_counts"),
        (
            EngineFault::DigestsWithoutCase,
            "q11_every_bit_of_the_digest_counts",
        ),
        (
            EngineFault::AttemptsInAByte,
            "q20_more_than_255_attempts_are_counted",
        ),
        (
            EngineFault::TimesAsTexts,
            "q8_deliveries_are_due_in_order_to_both_ends_of_time",
        ),
        (
            EngineFault::TiesById,
            "q8_equal_times_are_in_the_order_of_arrival",
        ),
    ] {
        is_found(fault, check).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn k8_every_call_that_takes_one_delivery_for_another_is_found() {
    let calls = "k8_no_call_touches_a_delivery_that_looks_alike";
    for call in [
        Call::State,
        Call::Replay,
        Call::Complete,
        Call::Retry,
        Call::Bury,
        Call::Requeue,
    ] {
        is_found(EngineFault::WithoutCase(call), calls).await;
    }
    is_found(EngineFault::BuriedWithoutCase, calls).await;
    is_found(EngineFault::BuriedAfterWithoutCase, calls).await;
    let ordering_keys = "q14_ordering_keys_that_look_alike_are_separate";
    is_found(EngineFault::OrderingKeysWithoutCase, ordering_keys).await;
    for change in [TextChange::Trimmed, TextChange::Composed, TextChange::UpToNul] {
        is_found(EngineFault::Text(Field::OrderingKey, change), ordering_keys).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn q3_every_call_in_two_steps_is_found() {
    for (call, check) in [
        (Call::Complete, "q3_of_many_outcomes_of_a_lease_one_counts"),
        (Call::Retry, "q3_of_many_outcomes_of_a_lease_one_counts"),
        (Call::Bury, "q3_of_many_outcomes_of_a_lease_one_counts"),
        (
            Call::Complete,
            "q3_a_late_outcome_and_a_takeover_exclude_each_other",
        ),
        (Call::Replay, "q9_of_many_replays_and_requeues_one_queues"),
        (Call::Requeue, "q9_of_many_replays_and_requeues_one_queues"),
        (Call::Expunge, "q18_expunging_and_a_requeue_exclude_each_other"),
    ] {
        is_found(EngineFault::InTwoSteps(call), check).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn k24_every_replica_that_reads_what_was_replaced_is_found() {
    for read in [Read::State, Read::NextDue, Read::Buried] {
        is_found(
            EngineFault::Stale(read),
            "k24_replicas_read_at_once_what_another_wrote",
        )
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_inbox_that_forgets_is_found() {
    let suite = InboxStoreSuite::new(|| async {
        let empty = || std::future::ready(Ok(Arc::new(MemoryInbox::new()) as Arc<dyn InboxStore>));
        Ok(Subject::inbox(MemoryInbox::new()).with_replicas(empty))
    });
    let report = suite.skip("with_dump", "memory is not at rest").run().await;
    let failed: Vec<_> = report.failures().map(|finding| finding.name).collect();
    assert_eq!(
        failed,
        [
            "q2_what_was_acknowledged_is_there_after_reopening",
            "q2_nothing_is_lost_by_a_restart",
            "k24_replicas_read_at_once_what_another_wrote",
            "q8_replicas_share_the_work"
        ]
    );
}
