//! The checks for [`BudgetStore`](revento_store::BudgetStore).

mod compare_and_swap;

use revento_store::BudgetStore;

use crate::check::{Check, checks};

pub(crate) fn checks() -> Vec<Check<dyn BudgetStore>> {
    checks![
        compare_and_swap::a17_only_the_expected_bytes_are_replaced =>
            "a replica overwrites what another has spent, and the platform answers 429",
        compare_and_swap::a17_an_absent_key_meets_any_expectation =>
            "after a store loses its budgets, no replica can count its calls",
        compare_and_swap::a17_of_many_swaps_one_wins =>
            "two replicas spend the same call of the budget, and the platform answers 429",
        compare_and_swap::a17_many_counters_lose_nothing =>
            "counted calls are lost, and the platform answers 429",
        compare_and_swap::k8_any_bytes_come_back =>
            "what was spent is altered, and no replica can count its calls",
        compare_and_swap::k8_every_key_has_bytes_of_its_own =>
            "an integration with an unusual id cannot make any call, or spends the budget of another one",
        compare_and_swap::a18_budgets_are_kept_to_both_ends_of_time =>
            "a budget without an end cannot be stored",
        compare_and_swap::h25_keys_of_any_length_are_told_apart =>
            "an integration with a long id cannot make any call",
        compare_and_swap::a17_replicas_see_each_other =>
            "each replica spends the whole budget, and the platform answers 429",
        compare_and_swap::a18_what_is_not_idle_is_kept =>
            "the store drops spent budgets, and the platform answers 429",
    ]
}
