//! The properties hold in the whole state space.

use stateright::{Checker, Model};

use super::{Bounds, world::World};

/// Whether to search deeply: a test run takes seconds, `cargo xtask model` searches further.
fn is_deep() -> bool {
    std::env::var_os("REVENTO_MODEL").is_some_and(|depth| depth == "deep")
}

fn check(name: &str, mut bounds: Bounds) {
    if is_deep() {
        // Three replicas have as many states in a shorter time.
        bounds.start = if bounds.clocks.len() == 2 { 0 } else { 1 };
        bounds.horizon = if bounds.clocks.len() == 2 { 5 } else { 4 };
    }
    let mut builder = bounds.clone().checker().threads(2);
    if bounds.clocks.iter().all(|clock| *clock == 0) {
        builder = builder.symmetry_fn(World::representative);
    }
    let checker = builder.spawn_dfs().join();
    let (states, depth) = (checker.unique_state_count(), checker.max_depth());
    assert!(checker.is_done());
    checker.assert_properties();
    println!("{name}: {states} states, up to {depth} steps: every property holds");
}

#[test]
fn model_two_replicas_that_crash_and_lose_answers() {
    let mut bounds = Bounds::replicas(2);
    bounds.crashes = 1;
    bounds.losses = 1;
    check("two replicas that crash and lose answers", bounds);
}

#[test]
fn model_two_replicas_and_a_store_that_fails() {
    let mut bounds = Bounds::replicas(2);
    bounds.store_faults = 1;
    bounds.losses = u8::from(is_deep());
    check("two replicas and a store that fails", bounds);
}

#[test]
fn model_two_replicas_and_conflicts() {
    let mut bounds = Bounds::replicas(2);
    bounds.touches = 1;
    bounds.crashes = 1;
    check("two replicas and conflicts", bounds);
}

#[test]
fn model_two_replicas_and_everything() {
    let mut bounds = Bounds::replicas(2);
    bounds.crashes = 1;
    bounds.losses = 1;
    bounds.store_faults = 1;
    bounds.start = 2;
    check("two replicas and everything", bounds);
}

#[test]
fn model_two_replicas_whose_clocks_differ() {
    let mut bounds = Bounds::replicas(2);
    bounds.clocks = vec![0, 1];
    bounds.losses = u8::from(is_deep());
    check("two replicas whose clocks differ", bounds);
}

#[test]
fn model_three_replicas() {
    let mut bounds = Bounds::replicas(3);
    bounds.start = 2;
    bounds.losses = u8::from(is_deep());
    check("three replicas", bounds);
}

#[test]
fn model_two_replicas_and_a_refused_token() {
    let mut bounds = Bounds::replicas(2);
    bounds.refusals = 1;
    bounds.crashes = 1;
    bounds.losses = u8::from(is_deep());
    check("two replicas and a refused access token", bounds);
}

#[test]
fn model_two_replicas_and_a_new_consent() {
    let mut bounds = Bounds::replicas(2);
    bounds.consents = 1;
    bounds.losses = 1;
    bounds.start = 2;
    bounds.crashes = u8::from(is_deep());
    check("two replicas and a new consent", bounds);
}
