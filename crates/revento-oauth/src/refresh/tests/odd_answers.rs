//! Answers with tokens that break the contract (invariant T4, case T11).

use std::time::Duration;

use revento_core::{ConnectionStatus, Scopes, StatusReason};

use super::sim::{Sim, issued, pair};
use crate::{
    TokenAnswer, TokenPair,
    refresh::{RefreshOutcome, Reply, Step},
    token::IssuedTokens,
};

/// Runs a refresh with this answer.
fn answered(sim: &mut Sim, change: impl FnOnce(&mut IssuedTokens)) -> RefreshOutcome {
    let start = sim.start();
    let Step::Send(sending) = sim.until(start, "send") else {
        panic!("send")
    };
    let mut answer = issued(2);
    change(&mut answer);
    let reply = Reply::Answered(TokenAnswer::Issued(Box::new(answer)));
    let step = sending.start(sim.at()).unwrap().replied(reply, sim.at());
    sim.finish(step)
}

#[test]
fn t4_an_answer_that_is_bound_elsewhere_is_kept_flagged_and_not_used() {
    let changes: [fn(&mut IssuedTokens); 5] = [
        |answer| answer.event_id = Some("evt_2".into()),
        |answer| answer.organization_id = Some("org_2".into()),
        |answer| answer.access_token = "rev_user_2".into(),
        |answer| answer.scope = Some(Scopes::parse("event.read program.read")),
        |answer| answer.token_type = Some("mac".into()),
    ];
    for change in changes {
        let mut sim = Sim::before_its_end(300);
        let RefreshOutcome::Ended(connection) = answered(&mut sim, change) else {
            panic!("ended")
        };
        assert_eq!(connection.reason, Some(StatusReason::AnswerMismatch));
        assert_eq!(sim.connection().status, ConnectionStatus::NeedsConsent);
        let kept = sim.store.row().tokens.as_ref().unwrap();
        assert_eq!(kept.refresh.as_ref().unwrap().expose(), "rev_refresh_2");
        assert!(matches!(sim.run(), RefreshOutcome::Ended(_)));
    }
}

#[test]
fn t11_a_narrower_scope_is_taken_over() {
    let mut sim = Sim::before_its_end(0);
    let narrower = Scopes::parse("event.read");
    let outcome = answered(&mut sim, |answer| answer.scope = Some(narrower.clone()));
    assert!(matches!(outcome, RefreshOutcome::Refreshed(_)));
    assert_eq!(sim.connection().scopes, narrower);
}

#[test]
fn t11_an_organization_that_was_unknown_is_taken_over() {
    let mut sim = Sim::before_its_end(0);
    let mut before = sim.connection().clone();
    before.organization_id = None;
    let tokens = sim.store.row().tokens.clone();
    sim.store.replace(before, tokens);
    let outcome = answered(&mut sim, |answer| answer.organization_id = Some("org_1".into()));
    assert!(matches!(outcome, RefreshOutcome::Refreshed(_)));
    assert_eq!(sim.connection().organization_id, Some("org_1".into()));
}

#[test]
fn t11_fields_that_an_answer_lacks_stay_as_they_were() {
    let mut sim = Sim::before_its_end(0);
    let before = sim.connection().clone();
    let outcome = answered(&mut sim, |answer| {
        answer.scope = None;
        answer.event_id = None;
        answer.organization_id = None;
        answer.expires_in = None;
        answer.access_token = "opaque".into();
    });
    assert!(matches!(outcome, RefreshOutcome::Refreshed(_)));
    let after = sim.connection();
    assert_eq!(
        (&after.scopes, &after.organization_id),
        (&before.scopes, &before.organization_id)
    );
    assert_eq!(after.access_expires_at.saturating_since(sim.at()).as_secs(), 3600);
}

#[test]
fn t7_an_answer_without_a_refresh_token_leaves_the_old_one_in_doubt() {
    let mut sim = Sim::before_its_end(0);
    let outcome = answered(&mut sim, |answer| answer.refresh_token = None);
    assert!(
        matches!(outcome, RefreshOutcome::Refreshed(_)),
        "the new access token works"
    );
    assert_eq!(sim.connection().status, ConnectionStatus::InDoubt);
    sim.now += 3500;
    assert!(matches!(sim.run(), RefreshOutcome::Use(_)));
    assert_eq!(
        sim.platform.calls, 0,
        "the old one is not sent while there is something to lose"
    );
    sim.now += 100;
    assert!(matches!(sim.run(), RefreshOutcome::Refreshed(_)));
    assert_eq!(sim.connection().status, ConnectionStatus::Connected);
}

#[test]
fn h1_a_connection_without_a_refresh_token_lasts_as_long_as_its_access_token() {
    let mut sim = Sim::before_its_end(300);
    let tokens = TokenPair {
        refresh: None,
        ..pair(1)
    };
    sim.store.replace(sim.connection().clone(), Some(tokens));
    assert!(matches!(sim.run(), RefreshOutcome::Use(_)));
    sim.now += 300;
    let RefreshOutcome::Ended(connection) = sim.run() else {
        panic!("ended")
    };
    assert_eq!(connection.status, ConnectionStatus::NeedsConsent);
    assert_eq!(connection.reason, Some(StatusReason::NoRefreshToken));
    assert_eq!(sim.platform.calls, 0, "there is nothing to send");
    assert_eq!(sim.connection().status, ConnectionStatus::NeedsConsent);
}

#[test]
fn h31_the_platforms_lifetime_of_a_refresh_token_counts() {
    let mut sim = Sim::before_its_end(0);
    let week = Duration::from_secs(7 * 86_400);
    answered(&mut sim, |answer| answer.refresh_expires_in = Some(week));
    assert_eq!(
        sim.connection().refresh_expires_at.saturating_since(sim.at()),
        week
    );
    let mut sim = Sim::before_its_end(0);
    answered(&mut sim, |answer| answer.refresh_expires_in = Some(200 * week));
    assert_eq!(
        sim.connection().refresh_expires_at,
        sim.connection().consent_expires_at
    );
}
