//! The usual courses of a refresh.

use std::time::Duration;

use revento_core::{ConnectionStatus, StatusReason};

use super::sim::{Fault, Platform, Sim, TIMING, given, name, pair};
use crate::{
    TokenAnswer,
    refresh::{RefreshOutcome, Reply, Step, Timing},
    token::OAuthErrorCode,
};

#[test]
fn t1_a_good_token_costs_no_call_and_the_threshold_is_exact() {
    for (left, calls) in [(3600, 0), (601, 0), (600, 1), (10, 1), (0, 1), (-5000, 1)] {
        let mut sim = Sim::before_its_end(left);
        let outcome = sim.run();
        assert_eq!(sim.platform.calls, calls, "{left} s before its end");
        assert_eq!(given(&outcome), Some(1 + u64::from(calls)));
    }
}

#[test]
fn t1_a_refresh_starts_both_lives_anew() {
    let mut sim = Sim::before_its_end(60);
    let RefreshOutcome::Refreshed(snapshot) = sim.run() else {
        panic!("refreshed")
    };
    let (connection, now) = (&snapshot.connection, sim.at());
    assert_eq!(connection.access_expires_at.saturating_since(now).as_secs(), 3600);
    assert_eq!(
        connection.refresh_expires_at.saturating_since(now).as_secs(),
        90 * 86_400
    );
    assert_eq!(sim.connection(), connection);
    assert!(!sim.store.is_claimed());
}

#[test]
fn t12_no_refresh_outlives_the_consent() {
    let mut sim = Sim::connected();
    sim.now = 360 * 86_400;
    sim.run();
    assert_eq!(
        sim.connection().refresh_expires_at,
        sim.connection().consent_expires_at
    );
}

#[test]
fn t1_short_lived_tokens_are_not_refreshed_without_end() {
    let mut sim = Sim::before_its_end(0);
    sim.platform = Platform::with_access_life(Duration::from_secs(120));
    sim.run();
    sim.now += 59;
    assert!(matches!(sim.run(), RefreshOutcome::Use(_)));
    sim.now += 1;
    assert!(matches!(sim.run(), RefreshOutcome::Refreshed(_)));
}

#[test]
fn t2_the_loser_of_a_race_takes_the_winners_token() {
    let mut sim = Sim::before_its_end(0);
    let (first, second) = (sim.start(), sim.start());
    let first = sim.until(first, "send");
    let second = sim.until(second, "wait");
    assert_eq!(given(&sim.finish(first)), Some(2));
    assert_eq!(given(&sim.finish(second)), Some(2));
    assert_eq!(sim.platform.calls, 1);
}

#[test]
fn t2_a_claim_with_an_old_version_reads_again() {
    let mut sim = Sim::before_its_end(0);
    let (first, second) = (sim.start(), sim.start());
    let second = sim.until(second, "claim");
    sim.finish(first);
    let moved = sim.advance(second, Fault::Fine);
    assert_eq!(name(&moved), "load");
    assert_eq!(given(&sim.finish(moved)), Some(2));
    assert_eq!(sim.platform.calls, 1);
}

#[test]
fn t2_a_valid_token_is_used_while_another_replica_refreshes() {
    let mut sim = Sim::before_its_end(300);
    let first = sim.start();
    let _holder = sim.until(first, "send");
    let (second, before) = (sim.start(), sim.now);
    assert_eq!(given(&sim.finish(second)), Some(1));
    assert_eq!(sim.now, before);
}

#[test]
fn t4_the_wait_for_another_replica_ends() {
    let mut sim = Sim::before_its_end(0);
    let first = sim.start();
    let _holder = sim.until(first, "send");
    let before = sim.now;
    assert_eq!(sim.run(), RefreshOutcome::Busy);
    assert_eq!(sim.now - before, 30);
}

#[test]
fn t13_a_refused_token_is_refreshed_though_the_clock_calls_it_valid() {
    let mut sim = Sim::connected();
    let step = sim.rejected(1);
    assert_eq!(given(&sim.finish(step)), Some(2));
    // Another caller that was refused with the same token takes the new one.
    let step = sim.rejected(1);
    assert_eq!(given(&sim.finish(step)), Some(2));
    assert_eq!(sim.platform.calls, 1);
}

#[test]
fn t8_invalid_grant_ends_a_connection_for_good() {
    let mut sim = Sim::before_its_end(300);
    sim.platform.revoked = true;
    for _ in 0..3 {
        let RefreshOutcome::Ended(connection) = sim.run() else {
            panic!("ended")
        };
        assert_eq!(connection.status, ConnectionStatus::NeedsConsent);
        assert_eq!(connection.reason, Some(StatusReason::RefreshRejected));
    }
    assert_eq!(sim.platform.calls, 1);
    assert_eq!(sim.store.row().tokens, None);
}

#[test]
fn t8_invalid_grant_ends_the_run_even_if_the_store_fails() {
    let mut sim = Sim::before_its_end(0);
    sim.platform.revoked = true;
    let outcome = sim.run_with("swap", Fault::Store { took_effect: false });
    assert!(matches!(outcome, RefreshOutcome::Ended(_)));
}

#[test]
fn t8_other_refusals_spend_nothing() {
    for (left, usable) in [(300, true), (0, false)] {
        let mut sim = Sim::before_its_end(left);
        let start = sim.start();
        let Step::Send(sending) = sim.until(start, "send") else {
            panic!("send")
        };
        let refusal = TokenAnswer::Refused {
            status: http::StatusCode::UNAUTHORIZED,
            error: OAuthErrorCode::InvalidClient,
            description: None,
        };
        let step = sending
            .start(sim.at())
            .unwrap()
            .replied(Reply::Answered(refusal), sim.at());
        assert_eq!(name(&step), "release");
        match sim.finish(step) {
            RefreshOutcome::Use(_) => assert!(usable),
            RefreshOutcome::Refused { error, .. } => {
                assert_eq!(error, OAuthErrorCode::InvalidClient);
                assert!(!usable);
            }
            other => panic!("{other:?}"),
        }
        assert_eq!(sim.connection().status, ConnectionStatus::Connected);
        assert_eq!(given(&sim.run()), Some(2), "the token is as good as before");
    }
}

#[test]
fn t7_a_request_that_was_never_sent_spends_nothing() {
    let mut sim = Sim::before_its_end(0);
    assert_eq!(
        sim.run_with("send", Fault::NeverSent),
        RefreshOutcome::Unreachable
    );
    assert_eq!(given(&sim.run()), Some(2));
    assert!(!sim.platform.revoked);
}

#[test]
fn t5_the_pair_is_stored_before_it_is_given_out() {
    let mut sim = Sim::before_its_end(0);
    let step = sim.start();
    let step = sim.until(step, "swap");
    assert_eq!(sim.platform.current, 2);
    assert_eq!(sim.connection().generation, 1);
    let done = sim.advance(step, Fault::Fine);
    assert_eq!(sim.store.row().tokens, Some(pair(2)));
    assert_eq!(name(&done), "done");
}

#[test]
fn t6_a_pair_that_cannot_be_stored_is_kept_until_it_can() {
    for took_effect in [false, true] {
        let mut sim = Sim::before_its_end(0);
        let step = sim.start();
        let mut step = sim.until(step, "swap");
        step = sim.advance(step, Fault::Store { took_effect });
        for _ in 0..5 {
            assert_eq!(name(&step), "unsaved");
            step = sim.until(step, "load");
            step = sim.advance(step, Fault::Store { took_effect: false });
        }
        // The store is back hours later.
        sim.now += 3 * 3600;
        assert!(given(&sim.finish(step)) == Some(2));
        assert_eq!(sim.store.row().tokens, Some(pair(2)));
        assert_eq!(sim.platform.calls, 1);
    }
}

#[test]
fn a_store_that_is_down_before_anything_was_sent_costs_nothing() {
    let down = Fault::Store { took_effect: false };
    for kind in ["load", "claim"] {
        let mut sim = Sim::before_its_end(0);
        assert_eq!(sim.run_with(kind, down), RefreshOutcome::StoreFailed);
        assert_eq!(sim.platform.calls, 0);
        assert_eq!(given(&sim.run()), Some(2));
    }
    // While the token is valid, the failure has no effect.
    let mut sim = Sim::before_its_end(300);
    assert_eq!(given(&sim.run_with("claim", down)), Some(1));
}

#[test]
fn a_removed_or_ended_connection_costs_no_call() {
    let mut sim = Sim::before_its_end(0);
    for status in [
        ConnectionStatus::NeedsConsent,
        ConnectionStatus::Revoked,
        ConnectionStatus::Deleted,
    ] {
        let mut connection = sim.connection().clone();
        connection.status = status;
        sim.store.replace(connection, Some(pair(1)));
        assert!(matches!(sim.run(), RefreshOutcome::Ended(_)));
    }
    sim.store.remove();
    assert_eq!(sim.run(), RefreshOutcome::NotConnected);
    assert_eq!(sim.platform.calls, 0);
    assert_eq!(TIMING.lead_time_for(&super::sim::connection()), TIMING.lead_time);
}

#[test]
fn a_swap_says_what_it_stores() {
    let swapping = |revoked| {
        let mut sim = Sim::before_its_end(300);
        sim.platform.revoked = revoked;
        let step = sim.start();
        let Step::Swap(swapping) = sim.until(step, "swap") else {
            panic!("swap")
        };
        swapping
    };
    let (pair, end) = (swapping(false), swapping(true));
    assert!(!pair.is_rejection() && pair.tokens().is_some() && pair.as_unsaved().is_some());
    assert!(end.is_rejection() && end.tokens().is_none() && end.as_unsaved().is_none());
}

#[test]
fn each_setting_of_the_timing_is_its_own() {
    let seconds = Duration::from_secs;
    let timing = Timing::default()
        .lead_time(seconds(1))
        .clock_skew(seconds(2))
        .claim_ttl(seconds(3))
        .poll_interval(seconds(4))
        .max_wait(seconds(5))
        .doubt_pause(seconds(6));
    let expected = Timing {
        lead_time: seconds(1),
        clock_skew: seconds(2),
        claim_ttl: seconds(3),
        poll_interval: seconds(4),
        max_wait: seconds(5),
        doubt_pause: seconds(6),
    };
    assert_eq!(timing, expected);
}
