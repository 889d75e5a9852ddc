//! Each rule is needed: without it a property fails. So the model can tell.

use std::collections::BTreeSet;

use stateright::{Checker, HasDiscoveries, Model};

use super::{Bounds, RACED, SENT_TWICE, USED_EARLY};

fn fails(property: &'static str, bounds: Bounds) {
    let found = HasDiscoveries::AnyOf(BTreeSet::from([property]));
    let checker = bounds.checker().threads(2).finish_when(found).spawn_bfs().join();
    assert!(
        checker.discovery(property).is_some(),
        "nothing breaks {property:?}"
    );
}

#[test]
fn model_without_the_claim_a_token_is_sent_twice() {
    let mut bounds = Bounds::replicas(2);
    bounds.rules.exclusive = false;
    fails(SENT_TWICE, bounds);
}

#[test]
fn model_without_the_second_look_a_token_is_sent_twice() {
    let mut bounds = Bounds::replicas(2);
    bounds.rules.versions = false;
    fails(SENT_TWICE, bounds);
}

#[test]
fn model_without_the_fence_two_sendings_race() {
    let mut bounds = Bounds::replicas(2);
    bounds.runs = 2;
    bounds.rules.fences = false;
    fails(RACED, bounds);
}

#[test]
fn model_if_a_paused_holder_sent_a_token_would_be_sent_twice() {
    let mut bounds = Bounds::replicas(2);
    bounds.looks_at_the_clock = false;
    fails(SENT_TWICE, bounds);
}

#[test]
fn model_with_a_store_that_lies_a_token_is_used_that_nobody_has() {
    let mut bounds = Bounds::replicas(2);
    bounds.rules.durable = false;
    fails(USED_EARLY, bounds);
}
