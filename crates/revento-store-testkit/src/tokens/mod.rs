//! What a [`TokenStore`](revento_store::TokenStore) has to honour.

mod abandoned;
mod claims;
mod create;
mod dropped;
mod due;
mod durable;
mod fences;
mod lists;
mod odd;
mod pages;
mod records;
mod sample;
mod secrets;
mod swap;

use revento_store::TokenStore;

use crate::check::{Check, checks};

pub(crate) fn checks() -> Vec<Check<dyn TokenStore>> {
    checks![
        records::k1_every_combination_of_optional_fields_survives =>
            "a field that is lost or invented changes what a connection may do",
        records::k1_every_status_and_reason_survives =>
            "an ended connection that comes back as another is used again, or given up for good",
        records::k2_a_swap_replaces_every_field =>
            "a connection that was renewed keeps the old consent's limits",
        records::k3_loading_what_is_not_there_is_no_error =>
            "every first consent starts with such a load",
        records::k4_removing_is_final_and_repeatable =>
            "deleting twice happens: the webhook that asks for it is delivered twice",
        records::k9_times_survive_to_the_microsecond =>
            "a token that seems to live longer than it does fails in use",
        records::k9_counters_survive_in_full_width =>
            "a generation that wraps makes an old consent look newer",
        odd::k8_no_two_keys_are_mistaken_for_each_other =>
            "one organizer's tokens are used for another's event",
        odd::k8_large_values_survive =>
            "a cut token is a lost connection",
        odd::k8_sealed_bytes_survive_as_they_are =>
            "a single changed byte, and the tokens can never be opened again",
        create::k10_creating_never_overwrites =>
            "two callbacks of one consent end with a token pair that nobody holds",
        create::k10_of_many_creators_one_wins =>
            "the tokens of the losers are overwritten after they were reported as stored",
        swap::k11_a_stale_version_changes_nothing =>
            "a fresh token pair is overwritten with a spent one",
        swap::k11_of_many_swaps_one_wins =>
            "two replicas each believe to have stored their pair",
        swap::k11_versions_grow_and_are_never_used_twice =>
            "a replica that slept through a removal overwrites the new consent",
        swap::k11_a_swap_touches_one_key =>
            "a refresh of one event damages another's",
        claims::k12_a_claim_is_exclusive =>
            "two replicas send the same refresh token and the platform revokes the family",
        claims::k12_of_many_claimants_one_wins =>
            "two replicas send the same refresh token and the platform revokes the family",
        claims::k12_a_claim_expires_by_the_callers_clock =>
            "a crashed replica blocks the connection for ever, or a skewed clock ends a claim early",
        claims::k12_a_claim_needs_the_version_that_was_read =>
            "a refresh token that was spent in the meantime is sent again",
        claims::k12_a_claim_leaves_the_record_alone =>
            "a caller who only reads sees changes that are none",
        claims::k12_claims_on_different_keys_are_independent =>
            "one slow refresh holds up all connections",
        claims::k12_only_its_holder_releases_a_claim =>
            "a replica that woke up late opens the door for a second sender",
        fences::k12_a_fenced_swap_needs_the_latest_claim =>
            "a paused replica overwrites what its successor stored",
        fences::k12_a_fenced_swap_ends_the_claim =>
            "the next refresh waits for a claim that nobody holds",
        fences::k12_an_unfenced_swap_leaves_a_claim =>
            "a webhook that changes the status makes a running refresh lose its new tokens",
        fences::k12_a_new_generation_ends_every_claim =>
            "a new consent is held up, or overwritten, by a refresh of the old one",
        fences::k12_fences_grow_also_over_a_removal =>
            "a holder from before the removal writes into the new consent",
        abandoned::t1_a_claim_that_ran_out_is_told =>
            "the successor sends a refresh token that may be spent",
        abandoned::t1_what_ended_in_order_is_not_abandoned =>
            "every refresh counts as in doubt and connections die without need",
        abandoned::t1_a_successors_release_does_not_hide_it =>
            "the third replica sends a refresh token that the first may have spent",
        abandoned::t1_an_unfenced_swap_does_not_hide_it =>
            "a webhook between two claims hides that the refresh token may be spent",
        due::t7_due_is_soonest_first_and_ends_before_its_limit =>
            "the connections that are closest to their end are refreshed last",
        due::t7_due_lists_live_connections_only =>
            "ended connections take the place of those that can be saved",
        due::t7_due_follows_every_change =>
            "a connection that was refreshed is refreshed again, or one that needs it is not found",
        pages::t7_foreign_rows_crowd_nothing_out_of_what_is_due =>
            "another integration in the same database keeps idle connections from being refreshed",
        pages::t7_equal_expiries_are_each_listed_once =>
            "connections that were made at the same moment are never refreshed",
        pages::t7_what_is_due_survives_changes_between_pages =>
            "a connection is passed over while others are refreshed, and its tokens expire",
        pages::k6_lists_are_in_the_order_of_their_keys =>
            "a page begins at another place than the one before it ended",
        pages::k6_a_list_survives_changes_between_pages =>
            "a revocation misses connections because another one was removed meanwhile",
        pages::k6_a_thousand_records_are_all_listed =>
            "a revocation misses the connections of a large event",
        lists::k6_an_event_has_exactly_its_records =>
            "revoking one event ends another's connections, or leaves some alive",
        lists::k6_an_integration_has_exactly_its_records =>
            "a suspended integration keeps connections",
        lists::k14_lists_lose_nothing_under_concurrency =>
            "a connection that is in no list is never refreshed and never deleted",
        durable::k23_what_was_reported_is_there_after_reopening =>
            "a spent refresh token after a restart, and the family is revoked",
        durable::k23_claims_and_counters_survive_reopening =>
            "a restart ends claims, and a refresh token is sent twice",
        durable::k17_replicas_race_as_callers_do =>
            "each replica is safe by itself and all together are not",
        dropped::k23_a_dropped_swap_is_whole_or_never_was =>
            "a request that times out leaves half a record",
        dropped::k23_what_follows_a_dropped_call_is_durable =>
            "a connection with an open transaction goes back to its pool, and later writes are reported and lost",
        secrets::k21_no_plaintext_is_at_rest =>
            "a stolen backup is a stolen connection",
    ]
}
