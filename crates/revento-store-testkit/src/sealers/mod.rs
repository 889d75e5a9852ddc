//! The checks for [`Sealer`](revento_store::Sealer).

mod opening;
mod sealing;

use revento_store::Sealer;

use crate::check::{Check, checks};

pub(crate) fn checks() -> Vec<Check<dyn Sealer>> {
    checks![
        sealing::k8_everything_comes_back =>
            "tokens that cannot be opened again are a lost connection",
        sealing::k21_nothing_of_the_plaintext_shows =>
            "a stolen backup contains usable tokens",
        sealing::k21_no_two_seals_are_equal =>
            "a repeated nonce breaks the encryption, and equal tokens are recognizable",
        sealing::k8_many_callers_seal_and_open_at_once =>
            "concurrent refreshes store tokens that cannot be opened",
        opening::k21_another_context_does_not_open =>
            "an attacker with write access to the database swaps the tokens of two organizers",
        opening::k21_no_altered_byte_opens =>
            "an attacker with write access to the database changes sealed data",
        opening::k21_nothing_cut_or_extended_opens =>
            "a value that the database truncated causes a panic or opens to a partial token",
        opening::k21_foreign_bytes_are_refused_without_a_panic =>
            "a damaged row crashes the service",
        opening::k21_what_was_sealed_before_opens_after_a_restart =>
            "every connection is lost after a restart",
    ]
}
