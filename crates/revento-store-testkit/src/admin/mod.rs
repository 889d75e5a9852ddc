//! The checks for [`InboxAdmin`](revento_store::InboxAdmin) and [`TokenAdmin`](revento_store::TokenAdmin).

mod clients;
mod reseal;
mod sealed;
mod stats;
mod values;

use revento_store::{InboxAdmin, TokenAdmin};

use crate::check::{Check, checks};

pub(crate) fn inbox_checks() -> Vec<Check<dyn InboxAdmin>> {
    checks![
        stats::every_delivery_is_counted_in_its_state =>
            "a monitor stays quiet although no runner works, or wakes somebody for nothing",
        stats::failures_are_counted_by_type =>
            "an operator looks for the fault in the wrong handler",
        stats::an_empty_inbox_has_no_numbers =>
            "a monitor wakes somebody for an inbox without deliveries",
        stats::details_follow_the_life_of_a_delivery =>
            "an operator repairs a delivery that needs no repair",
        sealed::what_has_a_body_is_listed_page_by_page =>
            "a key is retired although deliveries are still sealed under it",
        reseal::only_the_expected_bytes_are_replaced =>
            "sealing a delivery again brings back an old body, or a deleted one",
        reseal::a_lease_outlives_it =>
            "sealing deliveries again makes handlers run twice",
        reseal::of_many_at_once_one_wins =>
            "two operators seal a delivery again, and its body is lost",
        values::texts_are_read_as_they_were_stored =>
            "an operator looks for a delivery, a type or an error that the store shows in another form",
        values::no_call_touches_a_delivery_that_looks_alike =>
            "sealing one delivery again overwrites the body of another one",
        values::all_of_a_thousand_bodies_are_listed =>
            "a key is retired although deliveries are still sealed under it",
        values::times_are_counted_to_both_ends =>
            "a delivery with an unusual time is in no count, and nobody sees that it waits",
        values::k24_replicas_read_at_once_what_another_wrote =>
            "an operator acts on a state that another process has changed",
    ]
}

pub(crate) fn token_checks() -> Vec<Check<dyn TokenAdmin>> {
    checks![
        clients::every_client_is_listed_once =>
            "a key is retired although tokens of another integration are still sealed under it",
        clients::odd_clients_are_listed =>
            "a key is retired although tokens of an integration with an unusual id are still sealed under it",
        clients::k24_replicas_list_at_once_what_another_wrote =>
            "a key is retired although another process has just stored tokens of a new integration",
    ]
}
