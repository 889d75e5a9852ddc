//! Paused holders, skewed clocks, and conflicting swaps.

use revento_core::{ConnectionStatus, Timestamp};

use super::sim::{Fault, Sim, connection, given, name, pair};
use crate::refresh::{Refresh, RefreshOutcome, RefreshReason, Step};

#[test]
fn t3_a_holder_that_was_paused_does_not_send() {
    let mut sim = Sim::before_its_end(0);
    let start = sim.start();
    let paused = sim.until(start, "send");
    sim.now += 30;
    let step = sim.advance(paused, Fault::Fine);
    assert_eq!(name(&step), "release");
    assert_eq!(
        sim.finish(step),
        RefreshOutcome::Busy,
        "its patience is over as well"
    );
    assert_eq!(sim.platform.calls, 0);
    assert!(!sim.store.is_claimed(), "and there is no doubt");
}

#[test]
fn a_clock_that_went_back_stops_a_sending_but_not_the_run() {
    let mut sim = Sim::before_its_end(0);
    let start = sim.start();
    let step = sim.until(start, "send");
    sim.now -= 11;
    let step = sim.advance(step, Fault::Fine);
    assert_eq!(name(&step), "release");
    assert_eq!(sim.platform.calls, 0);
    sim.now += 11;
    assert_eq!(given(&sim.finish(step)), Some(2));
}

#[test]
fn t3_a_late_answer_is_salvaged_over_a_doubt() {
    for left in [300, 0] {
        let mut sim = Sim::before_its_end(left);
        let start = sim.start();
        let late = sim.until(start, "swap");
        sim.now += 61;
        let start = sim.start();
        let other = sim.until(start, "swap");
        sim.advance(other, Fault::Fine);
        assert_eq!(sim.connection().status, ConnectionStatus::InDoubt);
        assert_eq!(given(&sim.finish(late)), Some(2));
        assert_eq!(sim.connection().status, ConnectionStatus::Connected);
        assert_eq!(sim.platform.calls, 1);
    }
}

#[test]
fn a_holder_whose_clock_is_behind_has_time_to_store() {
    let mut sim = Sim::before_its_end(0);
    // By all other clocks, its claim has expired before it is granted.
    let now = sim.now;
    sim.now -= 120;
    let start = sim.start();
    let mut behind = sim.until(start, "claim");
    behind = sim.advance(behind, Fault::Fine);
    let in_flight = match behind {
        Step::Send(sending) => sending.start(sim.at()).unwrap(),
        other => panic!("{other:?}"),
    };
    sim.now = now;
    let start = sim.start();
    let other = sim.until(start, "wait");
    let token = in_flight.refresh_token().expose().to_owned();
    let answer = sim.platform.refresh(&token);
    sim.now -= 120;
    let stored = in_flight.replied(crate::refresh::Reply::Answered(answer), sim.at());
    assert_eq!(given(&sim.finish(stored)), Some(2));
    sim.now = now;
    assert_eq!(given(&sim.finish(other)), Some(2));
    assert_eq!(sim.platform.calls, 1);
}

#[test]
fn t6_a_swap_that_meets_another_write_is_salvaged() {
    let mut sim = Sim::before_its_end(0);
    let start = sim.start();
    let step = sim.until(start, "swap");
    sim.store.touch();
    assert_eq!(given(&sim.finish(step)), Some(2));
    assert_eq!(sim.store.row().tokens, Some(pair(2)));
    assert!(!sim.store.is_claimed());
}

#[test]
fn t6_a_pair_of_the_same_generation_stays() {
    let mut sim = Sim::before_its_end(0);
    let start = sim.start();
    let late = sim.until(start, "swap");
    let mut stored = sim.connection().clone();
    stored.generation = 2;
    stored.access_expires_at = sim.at().saturating_add(super::sim::ACCESS_LIFE);
    sim.store.replace(stored.clone(), Some(pair(9)));
    let RefreshOutcome::Use(used) = sim.finish(late.clone()) else {
        panic!("use")
    };
    assert_eq!(used.tokens, Some(pair(9)));
    assert_eq!(sim.store.row().tokens, Some(pair(9)));
    // A connection that needs consent gives no token, whatever it still has.
    stored.status = ConnectionStatus::NeedsConsent;
    sim.store.replace(stored, Some(pair(9)));
    assert!(matches!(sim.finish(late), RefreshOutcome::Ended(_)));
    assert_eq!(sim.store.row().tokens, Some(pair(9)));
}

#[test]
fn t14_a_pair_that_comes_after_the_end_is_not_stored() {
    let mut sim = Sim::before_its_end(0);
    let start = sim.start();
    let step = sim.until(start, "swap");
    let mut revoked = sim.connection().clone();
    revoked.status = ConnectionStatus::Revoked;
    sim.store.replace(revoked, None);
    assert!(matches!(sim.finish(step), RefreshOutcome::Ended(_)));
    assert_eq!(sim.store.row().tokens, None);
}

#[test]
fn a_late_pair_never_harms_a_newer_consent() {
    let mut sim = Sim::before_its_end(0);
    let start = sim.start();
    let late = sim.until(start, "swap");
    // The new consent replaces the old record and continues its count.
    let mut newer = connection();
    newer.consented_at = sim.at();
    newer.generation = 2;
    newer.access_expires_at = sim.at().saturating_add(super::sim::ACCESS_LIFE);
    sim.store.replace(newer.clone(), Some(pair(2)));
    assert_eq!(given(&sim.finish(late.clone())), Some(2));
    assert_eq!(sim.store.row().connection, newer);
    // The record is removed and created again, and starts at 1.
    newer.generation = 1;
    sim.store.replace(newer.clone(), Some(pair(1)));
    assert_eq!(given(&sim.finish(late.clone())), Some(1));
    assert_eq!(sim.store.row().connection, newer);
    // The record is removed.
    sim.store.remove();
    assert_eq!(sim.finish(late), RefreshOutcome::NotConnected);
}

#[test]
fn a_refused_token_of_an_older_record_does_not_reject_the_new_one() {
    let sim = Sim::connected();
    let step = Refresh::start(
        RefreshReason::TokenRejected { generation: 7 },
        super::sim::TIMING,
        Timestamp::UNIX_EPOCH,
    );
    assert_eq!(given(&sim.clone().finish(step)), Some(1));
}
