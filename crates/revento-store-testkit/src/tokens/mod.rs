//! The checks for [`TokenStore`](revento_store::TokenStore).

mod abandoned;
mod alike;
mod claims;
mod create;
mod dropped;
mod due;
mod durable;
mod ends;
mod fences;
mod fresh;
mod lists;
mod long;
mod odd;
mod pages;
mod races;
mod records;
mod restart;
pub(crate) mod sample;
mod secrets;
mod swap;
mod values;

use revento_store::TokenStore;

use crate::check::{Check, checks};

pub(crate) fn checks() -> Vec<Check<dyn TokenStore>> {
    checks![
        records::k1_every_combination_of_optional_fields_survives =>
            "a lost or invented field changes what a connection may do",
        records::k1_every_status_and_reason_survives =>
            "a connection with a wrong status is used after its end or given up too early",
        records::k2_a_swap_replaces_every_field =>
            "a renewed connection keeps the limits of the old consent",
        records::k3_loading_an_unknown_key_is_no_error =>
            "the first consent of an event fails, because it loads a record that does not exist",
        records::k4_removing_is_final_and_repeatable =>
            "a webhook that ends a connection is delivered twice, and the second removal fails",
        records::k9_times_survive_to_the_microsecond =>
            "a token seems valid after it has expired, and the call fails",
        records::k9_counters_survive_in_full_width =>
            "a generation that overflows makes an old consent look newer",
        odd::k8_no_two_keys_are_mistaken_for_each_other =>
            "one organizer's tokens are used for another's event",
        long::h25_ids_of_any_length_are_kept_and_listed =>
            "a connection with a long id is refused, and its organizer can never connect",
        alike::k8_no_call_touches_a_key_that_looks_alike =>
            "a refresh or an end of one connection changes another one whose id differs in case, a blank or an accent",
        alike::k6_lists_have_no_key_that_looks_alike =>
            "revoking one event or integration ends the connections of another whose id looks alike",
        values::k8_texts_survive_in_every_field =>
            "a scope, a status or an organization becomes another one, and calls fail or go to the wrong organization",
        values::k8_no_text_is_cut =>
            "a connection with many scopes loses some, or cannot be stored",
        values::k8_large_tokens_survive =>
            "a truncated token is a lost connection",
        odd::k8_sealed_bytes_survive_as_they_are =>
            "one changed byte makes the tokens impossible to open",
        create::k10_creating_never_overwrites =>
            "a second callback of one consent overwrites valid tokens",
        create::k10_of_many_creators_one_wins =>
            "tokens are overwritten after they were reported as stored",
        swap::k11_a_stale_version_changes_nothing =>
            "a spent token pair overwrites the new one",
        swap::k11_of_many_swaps_one_wins =>
            "two replicas each report their own token pair as stored",
        swap::k11_versions_grow_and_are_never_used_twice =>
            "a replica that missed a removal overwrites the new consent",
        swap::k11_a_swap_touches_one_key =>
            "a refresh of one connection changes another one",
        claims::k12_a_claim_is_exclusive =>
            "two replicas send the same refresh token and the platform revokes the family",
        claims::k12_of_many_claimants_one_wins =>
            "two replicas send the same refresh token and the platform revokes the family",
        claims::k12_a_claim_expires_by_the_callers_clock =>
            "a crashed replica blocks the connection for ever, or a wrong clock ends a claim early",
        claims::k12_a_claim_needs_the_version_that_was_read =>
            "a replica sends a refresh token that another has spent in the meantime",
        claims::k12_a_claim_leaves_the_record_alone =>
            "a claim changes the version, and other writers get needless conflicts",
        claims::k12_claims_on_different_keys_are_independent =>
            "a slow refresh of one connection blocks all others",
        claims::k12_only_its_holder_releases_a_claim =>
            "a late replica releases another's claim, and two replicas send the same refresh token",
        fences::k12_a_fenced_swap_needs_the_latest_claim =>
            "a paused replica overwrites what its successor stored",
        fences::k12_a_fenced_swap_ends_the_claim =>
            "the next refresh waits for a claim that nobody holds",
        fences::k12_an_unfenced_swap_leaves_a_claim =>
            "a webhook that changes the status makes a running refresh lose its new tokens",
        fences::k12_a_new_generation_ends_every_claim =>
            "a refresh of the old consent blocks or overwrites the new one",
        fences::k12_fences_grow_also_over_a_removal =>
            "a claim from before the removal overwrites the new consent",
        races::k12_a_claim_outlives_swaps_at_once =>
            "a webhook writes back an old claim, and two replicas send the same refresh token",
        races::k4_a_removal_outlives_swaps_at_once =>
            "a refresh brings back a connection that was removed at the same moment",
        abandoned::t1_an_expired_claim_is_reported_as_abandoned =>
            "the next holder sends a refresh token that may be spent",
        abandoned::t1_what_ended_in_order_is_not_abandoned =>
            "every refresh counts as in doubt, and connections are given up without need",
        abandoned::t1_a_successors_release_does_not_hide_it =>
            "a third replica sends a refresh token that the first may have spent",
        abandoned::t1_an_unfenced_swap_does_not_hide_it =>
            "a webhook between two claims hides that the refresh token may be spent",
        due::t7_due_is_soonest_first_and_ends_before_its_limit =>
            "the connections that expire first are refreshed last",
        due::t7_due_lists_live_connections_only =>
            "ended connections take the place of live ones in the list",
        ends::t7_due_is_in_order_to_both_ends_of_time =>
            "a connection whose expiry has another form than most is refreshed too late",
        ends::k12_a_claim_can_have_any_end =>
            "a claim with an unusual end never ends, or is over at once",
        due::t7_due_follows_every_change =>
            "a connection that was refreshed is refreshed again, or one that needs it is not found",
        pages::t7_foreign_rows_crowd_nothing_out_of_what_is_due =>
            "another integration in the same database keeps idle connections from being refreshed",
        pages::t7_equal_expiries_are_each_listed_once =>
            "connections with equal expiry times are left out and never refreshed",
        pages::t7_what_is_due_survives_changes_between_pages =>
            "a connection is left out while others are refreshed, and its tokens expire",
        pages::k6_lists_are_in_the_order_of_their_keys =>
            "a page does not continue where the previous page ended",
        pages::k6_a_list_survives_changes_between_pages =>
            "a revocation misses connections because another one was removed meanwhile",
        pages::k6_a_thousand_records_are_all_listed =>
            "a revocation misses the connections of a large event",
        lists::k6_an_event_has_exactly_its_records =>
            "revoking one event ends the connections of another or leaves some alive",
        lists::k6_an_integration_has_exactly_its_records =>
            "a suspended integration keeps some of its connections",
        lists::k14_lists_lose_nothing_under_concurrency =>
            "a connection that no list contains is never refreshed and never deleted",
        durable::k23_what_was_reported_is_there_after_reopening =>
            "after a restart a spent refresh token is sent, and the platform revokes the family",
        durable::k23_claims_and_counters_survive_reopening =>
            "a restart loses claims, and a refresh token is sent twice",
        restart::k23_nothing_is_lost_by_a_restart =>
            "after a restart of the database a spent refresh token is sent, and the platform revokes the family",
        fresh::k24_replicas_read_at_once_what_another_wrote =>
            "a replica uses or refreshes a token pair that another has replaced, and the platform revokes the family",
        durable::k17_replicas_race_as_callers_do =>
            "callers of one replica are safe, but two replicas spend the same refresh token",
        dropped::k23_a_dropped_swap_is_whole_or_never_was =>
            "a request that times out leaves an incomplete record",
        dropped::k23_what_follows_a_dropped_call_is_durable =>
            "a database connection returns to the pool with an open transaction, and later writes are reported but lost",
        secrets::k21_no_plaintext_is_at_rest =>
            "a stolen backup contains usable tokens",
    ]
}
