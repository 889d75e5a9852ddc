//! Token stores with one fault each: the suite has to find each fault.

mod alike;
mod faulty;
mod mangled;
mod stale;
mod two_steps;

use std::{sync::Arc, time::Duration};

use revento_store::{TokenStore, memory::MemoryTokens};
use revento_store_testkit::{Report, Subject, TokenStoreSuite};

use alike::{Alike, Confusion};
use faulty::{Fault, Faulty};
use mangled::{Field, Mangled, Mangling};
use stale::{Handle, Stale};
use two_steps::SwapInTwoSteps;

use crate::{assert_fails, text_change::TextChange, until_it_fails};

async fn run(check: &str, store: impl Fn() -> Arc<dyn TokenStore> + Send + Sync + 'static) -> Report {
    let suite = TokenStoreSuite::new(move || {
        let store = store();
        let same = store.clone();
        let subject = Subject::new(store).with_replicas(move || std::future::ready(Ok(same.clone())));
        std::future::ready(Ok(subject))
    });
    suite.only(check).time_limit(Duration::from_secs(5)).run().await
}

#[tokio::test(flavor = "multi_thread")]
async fn every_faulty_behaviour_is_found() {
    let faults = [
        (Fault::CreateOverwrites, "k10_creating_never_overwrites"),
        (Fault::CreateInTwoSteps, "k10_of_many_creators_one_wins"),
        (Fault::SwapIgnoresVersion, "k11_a_stale_version_changes_nothing"),
        (Fault::SwapInTwoSteps, "k11_of_many_swaps_one_wins"),
        (Fault::SwapCreates, "k11_a_stale_version_changes_nothing"),
        (Fault::SwapKeepsWhatIsNone, "k2_a_swap_replaces_every_field"),
        (
            Fault::VersionsRestart,
            "k11_versions_grow_and_are_never_used_twice",
        ),
        (Fault::FenceIgnored, "k12_a_fenced_swap_needs_the_latest_claim"),
        (Fault::FencedSwapKeepsClaim, "k12_a_fenced_swap_ends_the_claim"),
        (
            Fault::UnfencedSwapEndsClaim,
            "k12_an_unfenced_swap_leaves_a_claim",
        ),
        (
            Fault::GenerationKeepsClaim,
            "k12_a_new_generation_ends_every_claim",
        ),
        (Fault::FencesRestart, "k12_fences_grow_also_over_a_removal"),
        (Fault::ClaimNotExclusive, "k12_a_claim_is_exclusive"),
        (Fault::ClaimInTwoSteps, "k12_of_many_claimants_one_wins"),
        (Fault::ClaimByOwnClock, "k12_a_claim_expires_by_the_callers_clock"),
        (
            Fault::ClaimNeverExpires,
            "k12_a_claim_expires_by_the_callers_clock",
        ),
        (
            Fault::ClaimIgnoresVersion,
            "k12_a_claim_needs_the_version_that_was_read",
        ),
        (Fault::ClaimChangesVersion, "k12_a_claim_leaves_the_record_alone"),
        (
            Fault::ClaimLocksEverything,
            "k12_claims_on_different_keys_are_independent",
        ),
        (Fault::HeldUntilUnknown, "k12_a_claim_is_exclusive"),
        (Fault::ReleaseByAnyone, "k12_only_its_holder_releases_a_claim"),
        (
            Fault::NeverAbandoned,
            "t1_an_expired_claim_is_reported_as_abandoned",
        ),
        (Fault::AlwaysAbandoned, "t1_what_ended_in_order_is_not_abandoned"),
        (
            Fault::ReleaseHidesAbandoned,
            "t1_a_successors_release_does_not_hide_it",
        ),
        (Fault::SwapHidesAbandoned, "t1_an_unfenced_swap_does_not_hide_it"),
        (
            Fault::DueUnsorted,
            "t7_due_is_soonest_first_and_ends_before_its_limit",
        ),
        (
            Fault::DueInclusive,
            "t7_due_is_soonest_first_and_ends_before_its_limit",
        ),
        (
            Fault::DueUnlimited,
            "t7_due_is_soonest_first_and_ends_before_its_limit",
        ),
        (Fault::DueListsEnded, "t7_due_lists_live_connections_only"),
        (Fault::DueLimitsFirst, "t7_due_lists_live_connections_only"),
        (Fault::DueRemembersCreation, "t7_due_follows_every_change"),
        (
            Fault::DueOfAnyClient,
            "t7_foreign_rows_crowd_nothing_out_of_what_is_due",
        ),
        (
            Fault::DueForeignCrowdsOut,
            "t7_foreign_rows_crowd_nothing_out_of_what_is_due",
        ),
        (
            Fault::DueIgnoresCursor,
            "t7_what_is_due_survives_changes_between_pages",
        ),
        (
            Fault::DueCursorByTimeOnly,
            "t7_equal_expiries_are_each_listed_once",
        ),
        (
            Fault::DueCursorRepeatsTime,
            "t7_equal_expiries_are_each_listed_once",
        ),
        (Fault::DueTiesBackwards, "t7_equal_expiries_are_each_listed_once"),
        (Fault::ListUnsorted, "k6_lists_are_in_the_order_of_their_keys"),
        (Fault::ListByIds, "k6_lists_are_in_the_order_of_their_keys"),
        (
            Fault::ListIgnoresCursor,
            "k6_lists_are_in_the_order_of_their_keys",
        ),
        (
            Fault::ListRepeatsCursor,
            "k6_lists_are_in_the_order_of_their_keys",
        ),
        (
            Fault::ListCursorMustExist,
            "k6_a_list_survives_changes_between_pages",
        ),
        (Fault::ListUnlimited, "k6_lists_are_in_the_order_of_their_keys"),
        (Fault::ListCapped, "k6_a_thousand_records_are_all_listed"),
        (Fault::EventOfAnyClient, "k6_an_event_has_exactly_its_records"),
        (Fault::EventByPrefix, "k6_an_event_has_exactly_its_records"),
        (Fault::EventWithoutUsers, "k6_an_event_has_exactly_its_records"),
        (
            Fault::ClientByAnyCase,
            "k6_an_integration_has_exactly_its_records",
        ),
        (Fault::ListInTwoSteps, "k14_lists_lose_nothing_under_concurrency"),
        (Fault::SwapInTwoWrites, "k23_a_dropped_swap_is_whole_or_never_was"),
        (
            Fault::DroppedCallsLock,
            "k23_what_follows_a_dropped_call_is_durable",
        ),
        (Fault::LoadFailsOnUnknown, "k3_loading_an_unknown_key_is_no_error"),
        (Fault::RemoveFailsOnUnknown, "k4_removing_is_final_and_repeatable"),
        (Fault::RemoveKeeps, "k4_removing_is_final_and_repeatable"),
        (Fault::Panics, "k3_loading_an_unknown_key_is_no_error"),
    ];
    assert_eq!(faults.len(), Fault::ALL.len(), "each fault is listed");
    for (fault, check) in faults {
        assert_fails(
            &until_it_fails(|| run(check, move || Arc::new(Faulty::new(fault)))).await,
            check,
            &fault,
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_way_to_mangle_a_value_is_found() {
    let manglings = [
        (
            Mangling::TimesInMilliseconds,
            "k9_times_survive_to_the_microsecond",
        ),
        (Mangling::TimesFrom1970On, "k9_times_survive_to_the_microsecond"),
        (Mangling::TimesUntil2038, "k9_times_survive_to_the_microsecond"),
        (Mangling::TimesAsFloats, "k9_times_survive_to_the_microsecond"),
        (Mangling::SignedGenerations, "k9_counters_survive_in_full_width"),
        (Mangling::KnownStatusesOnly, "k1_every_status_and_reason_survives"),
        (
            Mangling::NoReasons,
            "k1_every_combination_of_optional_fields_survives",
        ),
        (
            Mangling::EmptyTokensAreNone,
            "k8_sealed_bytes_survive_as_they_are",
        ),
        (Mangling::TokensAsText, "k8_sealed_bytes_survive_as_they_are"),
        (Mangling::ShortTokens, "k8_large_tokens_survive"),
        (Mangling::ShortAnswers, "k6_a_thousand_records_are_all_listed"),
        (Mangling::ClaimsInSeconds, "k12_a_claim_is_exclusive"),
        (Mangling::ClaimsUntil2038, "k12_a_claim_can_have_any_end"),
        (
            Mangling::KeysInLowerCase,
            "k8_no_two_keys_are_mistaken_for_each_other",
        ),
        (
            Mangling::KeysTrimmed,
            "k8_no_two_keys_are_mistaken_for_each_other",
        ),
        (
            Mangling::KeysUpToNul,
            "k8_no_two_keys_are_mistaken_for_each_other",
        ),
        (
            Mangling::KeysShortened,
            "k8_no_two_keys_are_mistaken_for_each_other",
        ),
        (Mangling::KeysJoined, "k8_no_two_keys_are_mistaken_for_each_other"),
        (
            Mangling::EmptyUserIsNone,
            "k8_no_two_keys_are_mistaken_for_each_other",
        ),
    ];
    assert_eq!(manglings.len(), Mangling::ALL.len(), "each mangling is listed");
    for (mangling, check) in manglings {
        assert_fails(
            &run(check, move || Arc::new(Mangled::new(mangling))).await,
            check,
            &mangling,
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn k8_every_way_to_alter_a_text_is_found_in_every_field() {
    for field in Field::ALL {
        let changes = TextChange::SHORT.map(|change| (change, "k8_texts_survive_in_every_field"));
        let cuts = TextChange::CUTS.map(|change| (change, "k8_no_text_is_cut"));
        for (change, check) in changes.into_iter().chain(cuts) {
            // Scopes have no blanks, and no scopes are no text.
            if field == Field::Scopes
                && matches!(
                    change,
                    TextChange::Trimmed | TextChange::LineEnds | TextChange::EmptyIsNone
                )
            {
                continue;
            }
            let report = run(check, move || Arc::new(Mangled::text_of(field, change))).await;
            assert_fails(&report, check, &(field, change));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn k8_every_call_that_takes_one_key_for_another_is_found() {
    let (calls, lists) = (
        "k8_no_call_touches_a_key_that_looks_alike",
        "k6_lists_have_no_key_that_looks_alike",
    );
    let confusions = [
        (Confusion::LoadWithoutCase, calls),
        (Confusion::LoadEmptyUser, calls),
        (Confusion::SwapWithoutCase, calls),
        (Confusion::ClaimWithoutAccents, calls),
        (Confusion::ReleaseWithoutBlanks, calls),
        (Confusion::RemovePrefix, calls),
        (Confusion::RemovePattern, calls),
        (Confusion::OfEventWithoutCase, lists),
        (Confusion::OfClientWithoutBlanks, lists),
        (Confusion::OfClientAfterWithoutCase, lists),
        (Confusion::DueWithoutCase, lists),
        (Confusion::DueAfterWithoutCase, lists),
        (
            Confusion::DueTimesAsTexts,
            "t7_due_is_in_order_to_both_ends_of_time",
        ),
        (
            Confusion::DueStatusWithoutCase,
            "t7_due_lists_live_connections_only",
        ),
    ];
    assert_eq!(confusions.len(), Confusion::ALL.len(), "each confusion is listed");
    for (confusion, check) in confusions {
        let report = run(check, move || Arc::new(Alike::new(confusion))).await;
        assert_fails(&report, check, &confusion);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn k24_every_replica_that_reads_what_was_replaced_is_found() {
    let check = "k24_replicas_read_at_once_what_another_wrote";
    for stale in Stale::ALL {
        let suite = TokenStoreSuite::new(move || async move {
            let store = Arc::new(Handle::new(stale));
            let first = Arc::clone(&store);
            let open = move || std::future::ready(Ok(Arc::new(first.replica()) as Arc<dyn TokenStore>));
            Ok(Subject::new(store as Arc<dyn TokenStore>).with_replicas(open))
        });
        assert_fails(&suite.only(check).run().await, check, &stale);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn k4_a_swap_that_writes_back_what_it_read_is_found() {
    for check in [
        "k12_a_claim_outlives_swaps_at_once",
        "k4_a_removal_outlives_swaps_at_once",
    ] {
        let report = until_it_fails(|| run(check, || Arc::new(SwapInTwoSteps::default()))).await;
        assert_fails(&report, check, &"a swap in two steps");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_forgets_is_found() {
    let suite = TokenStoreSuite::new(|| async {
        let empty = || std::future::ready(Ok(Arc::new(MemoryTokens::new()) as Arc<dyn TokenStore>));
        Ok(Subject::tokens(MemoryTokens::new()).with_replicas(empty))
    });
    let report = suite.skip("with_dump", "memory is not at rest").run().await;
    for check in [
        "k23_what_was_reported_is_there_after_reopening",
        "k23_claims_and_counters_survive_reopening",
        "k17_replicas_race_as_callers_do",
        "k23_a_dropped_swap_is_whole_or_never_was",
        "k23_what_follows_a_dropped_call_is_durable",
        "k23_nothing_is_lost_by_a_restart",
        "k24_replicas_read_at_once_what_another_wrote",
    ] {
        assert_fails(&report, check, &"a store that forgets");
    }
    assert_eq!(report.failures().count(), 7, "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn plaintext_at_rest_is_found() {
    let expected = [
        ("evt_1 …", None),
        (
            "evt_1 rev_refresh_planted_first",
            Some("\"rev_refresh_planted_first\" as it is"),
        ),
        (
            "6576745F31 7265765F726566726573685F706C616E7465645F6669727374",
            Some("in hexadecimal digits"),
        ),
        ("", Some("the dump of 0 bytes does not contain \"evt_1\"")),
    ];
    for (dump, failure) in expected {
        let suite = TokenStoreSuite::new(move || async move {
            let dump = move || std::future::ready(Ok(dump.as_bytes().to_vec()));
            Ok(Subject::tokens(MemoryTokens::new()).with_dump(dump))
        });
        let report = suite.only("k21_no_plaintext_is_at_rest").run().await;
        assert_eq!(report.is_passed(), failure.is_none(), "{report}");
        let text = report.to_string();
        assert!(text.contains(failure.unwrap_or_default()), "{text}");
    }
}

/// What a failure says of a store with this fault.
async fn message(check: &'static str, mangling: Mangling) -> String {
    let report = run(check, move || Arc::new(Mangled::new(mangling))).await;
    report.to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collision_names_both_keys_and_every_pair() {
    let text = message(
        "k8_no_two_keys_are_mistaken_for_each_other",
        Mangling::KeysInLowerCase,
    )
    .await;
    let both = "creating client \"A\", event \"evt_1\", no user returned AlreadyExists, and there it finds the record of \
                client \"a\", event \"evt_1\", no user";
    assert!(text.contains(both), "{text}");
    assert!(
        text.contains("creating client \"clt_1\", event \"A\", no user"),
        "{text}"
    );
    assert!(
        text.contains("creating client \"clt_1\", event \"evt_1\", user \"A\""),
        "{text}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_shows_where_a_value_differs_and_never_the_whole_value() {
    let text = message(
        "k9_times_survive_to_the_microsecond",
        Mangling::TimesInMilliseconds,
    )
    .await;
    assert!(text.contains("actual   consented_at: "), "{text}");
    let text = message("k8_sealed_bytes_survive_as_they_are", Mangling::TokensAsText).await;
    assert!(text.contains("its tokens"), "{text}");
    for (check, mangling) in [
        (
            "h25_ids_of_any_length_are_kept_and_listed",
            Mangling::KeysShortened,
        ),
        ("k8_large_tokens_survive", Mangling::ShortTokens),
    ] {
        let text = message(check, mangling).await;
        assert!(text.starts_with("FAILED"), "{text}");
        assert!(text.len() < 8000, "{} bytes: {text}", text.len());
    }
}
