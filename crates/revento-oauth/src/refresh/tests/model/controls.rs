//! Each rule is needed: without it a property fails, which shows that the model checks it.

use std::collections::BTreeSet;

use stateright::{Checker, HasDiscoveries, Model};

use super::{Bounds, PAIR_LOST, RACED, SENT_TWICE, USED_EARLY};

fn fails(rule: &str, property: &'static str, bounds: Bounds) {
    let found = HasDiscoveries::AnyOf(BTreeSet::from([property]));
    let checker = bounds.checker().threads(2).finish_when(found).spawn_bfs().join();
    assert!(
        checker.discovery(property).is_some(),
        "nothing breaks {property:?}"
    );
    println!("without {rule}: {property:?} breaks, as it must");
}

#[test]
fn model_without_the_claim_a_token_is_sent_twice() {
    let mut bounds = Bounds::replicas(2);
    bounds.rules.exclusive = false;
    fails("the claim", SENT_TWICE, bounds);
}

#[test]
fn model_without_the_second_look_a_token_is_sent_twice() {
    let mut bounds = Bounds::replicas(2);
    bounds.rules.versions = false;
    fails("the second look", SENT_TWICE, bounds);
}

#[test]
fn model_without_the_fence_two_sendings_race() {
    let mut bounds = Bounds::replicas(2);
    bounds.runs = 2;
    bounds.rules.fences = false;
    fails("the fence", RACED, bounds);
}

#[test]
fn model_if_a_paused_holder_sent_a_token_would_be_sent_twice() {
    let mut bounds = Bounds::replicas(2);
    bounds.looks_at_the_clock = false;
    fails("the look at the clock", SENT_TWICE, bounds);
}

#[test]
fn model_with_a_store_that_lies_an_unstored_token_is_used() {
    let mut bounds = Bounds::replicas(2);
    bounds.rules.durable = false;
    fails("durability", USED_EARLY, bounds);
}

#[test]
fn model_without_versions_and_fences_an_old_answer_spoils_a_new_consent() {
    let mut bounds = Bounds::replicas(1);
    bounds.consents = 1;
    bounds.rules.versions = false;
    bounds.rules.fences = false;
    fails("versions and fences", PAIR_LOST, bounds);
}
