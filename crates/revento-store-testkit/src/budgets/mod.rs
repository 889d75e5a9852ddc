//! What a [`BudgetStore`](revento_store::BudgetStore) has to honour.

mod compare_and_swap;

use revento_store::BudgetStore;

use crate::check::{Check, checks};

pub(crate) fn checks() -> Vec<Check<dyn BudgetStore>> {
    checks![
        compare_and_swap::a17_only_what_is_there_is_replaced =>
            "a replica overwrites what another has spent, and the platform answers 429",
        compare_and_swap::a17_where_nothing_is_any_expectation_is_met =>
            "after a store has lost its budgets no replica can count any more",
        compare_and_swap::a17_of_many_exchanges_one_wins =>
            "two replicas take the same place, and the platform answers 429",
        compare_and_swap::a17_many_counters_lose_nothing =>
            "calls that were counted are not counted",
        compare_and_swap::k8_any_key_and_any_bytes_come_back =>
            "one integration's odd id, or one state, stops its reads",
        compare_and_swap::a17_replicas_see_each_other =>
            "each replica counts for itself",
        compare_and_swap::a18_what_is_not_idle_is_kept =>
            "spent budgets are forgotten, and the platform answers 429",
    ]
}
