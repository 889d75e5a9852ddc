//! What a [`Sealer`](revento_store::Sealer) has to honour.

mod opening;
mod sealing;

use revento_store::Sealer;

use crate::check::{Check, checks};

pub(crate) fn checks() -> Vec<Check<dyn Sealer>> {
    checks![
        sealing::k8_everything_comes_back =>
            "a pair of tokens that cannot be opened is a lost connection",
        sealing::k21_nothing_of_the_plaintext_shows =>
            "a stolen backup is a stolen connection",
        sealing::k21_no_two_seals_are_equal =>
            "a repeated nonce gives the key's stream away, and equal tokens can be told",
        sealing::k8_many_callers_seal_and_open_at_once =>
            "a burst of refreshes ends in garbage",
        opening::k21_another_context_does_not_open =>
            "somebody who can write to the database swaps two organizers' tokens",
        opening::k21_no_altered_byte_opens =>
            "somebody who can write to the database changes what was sealed",
        opening::k21_nothing_cut_or_extended_opens =>
            "a value that the database cut ends in a panic, or in half a token",
        opening::k21_foreign_bytes_are_refused_without_a_panic =>
            "one damaged row stops the service",
        opening::k21_what_was_sealed_before_opens_after_a_restart =>
            "after a restart every connection is lost",
    ]
}
