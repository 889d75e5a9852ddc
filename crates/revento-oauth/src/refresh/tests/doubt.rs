//! Lost answers, and claims whose holder is gone (invariant T1, case T7).

use revento_core::{ConnectionStatus, StatusReason};

use super::sim::{Fault, Sim, given, name};
use crate::refresh::{RefreshOutcome, Step};

const LOST: Fault = Fault::Lost { arrived: true };
const NEVER_ARRIVED: Fault = Fault::Lost { arrived: false };

#[test]
fn t7_in_doubt_the_access_token_is_used_to_its_end() {
    for fault in [LOST, NEVER_ARRIVED] {
        let mut sim = Sim::before_its_end(300);
        assert_eq!(given(&sim.run_with("send", fault)), Some(1));
        assert_eq!(sim.connection().status, ConnectionStatus::InDoubt);
        assert_eq!(sim.connection().reason, Some(StatusReason::AnswerLost));
        let calls = sim.platform.calls;
        for left in [200, 100, 11] {
            sim.now = 3600 - left;
            assert_eq!(given(&sim.run()), Some(1));
        }
        assert_eq!(sim.platform.calls, calls);
    }
}

#[test]
fn t7_at_its_end_the_refresh_token_is_tried_once_more() {
    let mut sim = Sim::before_its_end(300);
    sim.run_with("send", NEVER_ARRIVED);
    // The end is 10 s early, because clocks differ.
    sim.now = 3590;
    let step = sim.start();
    let Step::Send(sending) = sim.until(step, "send") else {
        panic!("send")
    };
    assert!(sending.clone().start(sim.at()).unwrap().is_deliberate_retry());
    assert_eq!(given(&sim.finish(Step::Send(sending))), Some(2));
    assert_eq!(sim.connection().status, ConnectionStatus::Connected);
    assert_eq!(sim.connection().reason, None);
    assert_eq!(sim.connection().status_since, sim.at());
}

#[test]
fn t7_if_the_first_request_arrived_the_retry_ends_the_connection() {
    let mut sim = Sim::before_its_end(300);
    sim.run_with("send", LOST);
    sim.now = 3600;
    assert!(matches!(sim.run(), RefreshOutcome::Ended(_)));
    assert_eq!(sim.connection().status, ConnectionStatus::NeedsConsent);
}

#[test]
fn t7_without_a_usable_token_the_retry_waits_for_the_pause() {
    let mut sim = Sim::before_its_end(0);
    let before = sim.now;
    assert_eq!(given(&sim.run_with("send", NEVER_ARRIVED)), Some(2));
    assert_eq!(sim.now - before, 5);
    assert_eq!(sim.platform.calls, 1);
}

#[test]
fn t7_a_run_retries_once_and_then_says_when_to_come_again() {
    let mut sim = Sim::before_its_end(0);
    let start = sim.start();
    let mut step = sim.until(start, "send");
    step = sim.advance(step, NEVER_ARRIVED);
    step = sim.until(step, "send");
    step = sim.advance(step, NEVER_ARRIVED);
    let RefreshOutcome::InDoubt { retry_at } = sim.finish(step) else {
        panic!("in doubt")
    };
    assert_eq!(
        sim.run(),
        RefreshOutcome::InDoubt { retry_at },
        "not before its time"
    );
    sim.now = retry_at.unix_seconds();
    assert_eq!(given(&sim.run()), Some(2));
}

#[test]
fn t7_only_one_of_many_retries() {
    let mut sim = Sim::before_its_end(300);
    sim.run_with("send", NEVER_ARRIVED);
    sim.now = 3600;
    let runs = [sim.start(), sim.start(), sim.start()].map(|step| {
        let mut sim = sim.clone();
        sim.until(step, "claim")
    });
    let mut given_out = Vec::new();
    for step in runs {
        given_out.push(given(&sim.finish(step)));
    }
    assert_eq!(given_out, [Some(2); 3]);
    assert_eq!(sim.platform.calls, 1);
}

#[test]
fn t7_a_doubt_that_could_not_be_stored_comes_back_as_an_abandoned_claim() {
    let mut sim = Sim::before_its_end(300);
    let start = sim.start();
    let step = sim.until(start, "send");
    let step = sim.advance(step, NEVER_ARRIVED);
    let done = sim.advance(step, Fault::Store { took_effect: false });
    assert_eq!(given(&sim.finish(done)), Some(1));
    assert_eq!(sim.connection().status, ConnectionStatus::Connected);
    sim.now += 61;
    assert_eq!(given(&sim.run()), Some(1));
    assert_eq!(sim.connection().reason, Some(StatusReason::HolderGone));
    assert_eq!(sim.platform.calls, 0);
}

#[test]
fn t7_a_definite_refusal_of_the_retry_leaves_the_doubt() {
    let mut sim = Sim::before_its_end(300);
    sim.run_with("send", NEVER_ARRIVED);
    sim.now = 3600;
    assert_eq!(
        sim.run_with("send", Fault::NeverSent),
        RefreshOutcome::Unreachable
    );
    assert_eq!(sim.connection().status, ConnectionStatus::InDoubt);
    assert_eq!(given(&sim.run()), Some(2));
}

#[test]
fn t3_an_abandoned_claim_is_a_doubt() {
    let mut sim = Sim::before_its_end(300);
    let start = sim.start();
    let _crashed = sim.until(start, "send");
    sim.now += 61;
    assert_eq!(given(&sim.run()), Some(1));
    assert_eq!(sim.connection().status, ConnectionStatus::InDoubt);
    assert_eq!(sim.connection().reason, Some(StatusReason::HolderGone));
    sim.now = 3600;
    assert_eq!(given(&sim.run()), Some(2));
}

#[test]
fn t3_an_abandoned_token_is_not_sent_again_blindly() {
    let mut sim = Sim::before_its_end(0);
    let start = sim.start();
    let _crashed = sim.until(start, "send");
    sim.now += 61;
    let start = sim.start();
    let step = sim.until(start, "swap");
    assert_eq!(sim.platform.calls, 0, "the doubt is stored first");
    let before = sim.now;
    assert_eq!(given(&sim.finish(step)), Some(2));
    assert_eq!(sim.now - before, 5, "and the pause is kept");
}

#[test]
fn t3_a_retry_that_crashes_too_is_retried_after_another_pause() {
    let mut sim = Sim::before_its_end(0);
    for _ in 0..3 {
        let start = sim.start();
        let _crashed = sim.until(start, "send");
        sim.now += 61;
    }
    assert_eq!(given(&sim.run()), Some(2));
    assert_eq!(sim.platform.calls, 1);
}

#[test]
fn a_claim_whose_answer_was_lost_causes_a_doubt_and_no_loss() {
    let mut sim = Sim::before_its_end(300);
    let outcome = sim.run_with("claim", Fault::Store { took_effect: true });
    assert_eq!(given(&outcome), Some(1));
    sim.now += 61;
    assert_eq!(given(&sim.run()), Some(1));
    assert_eq!(sim.connection().status, ConnectionStatus::InDoubt);
    sim.now = 3600;
    assert_eq!(given(&sim.run()), Some(2));
    assert_eq!(name(&sim.start()), "load");
}
