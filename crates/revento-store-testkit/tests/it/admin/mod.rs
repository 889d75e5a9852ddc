//! Stores with one fault each in what they tell operators: the suites have to find each fault.

mod inbox;
mod tokens;

use std::time::Duration;

use revento_store_testkit::{CheckOutcome, InboxAdminSuite, Report, Subject, TokenAdminSuite};

use self::{
    inbox::{Fault, FaultyInbox},
    tokens::{FaultyTokens, TokenFault},
};

const TIME_LIMIT: Duration = Duration::from_secs(5);

fn has_failed(report: &Report) -> bool {
    matches!(report.findings()[0].outcome, CheckOutcome::Failed(_))
}

#[tokio::test(flavor = "multi_thread")]
async fn every_faulty_inbox_is_found() {
    let faults = [
        (Fault::BehindIsNotDue, "every_delivery_is_counted_in_its_state"),
        (Fault::LapsedIsLeased, "every_delivery_is_counted_in_its_state"),
        (Fault::DoneForEver, "every_delivery_is_counted_in_its_state"),
        (Fault::OldestIsDone, "every_delivery_is_counted_in_its_state"),
        (Fault::BuriedRetries, "failures_are_counted_by_type"),
        (Fault::UnknownHasDetails, "an_empty_inbox_has_no_numbers"),
        (Fault::BodyForEver, "details_follow_the_life_of_a_delivery"),
        (Fault::BehindForEver, "details_follow_the_life_of_a_delivery"),
        (Fault::PagesOverlap, "what_has_a_body_is_listed_page_by_page"),
        (Fault::FailedUnlisted, "what_has_a_body_is_listed_page_by_page"),
        (Fault::ErrorUnchecked, "only_the_expected_bytes_are_replaced"),
        (Fault::AlwaysReplaced, "only_the_expected_bytes_are_replaced"),
        (Fault::ResealEndsLeases, "a_lease_outlives_it"),
        (Fault::ResealInTwoSteps, "of_many_at_once_one_wins"),
    ];
    for (fault, check) in faults {
        let suite =
            InboxAdminSuite::new(move || async move { Ok(Subject::inbox_admin(FaultyInbox::new(fault))) });
        let report = suite.only(check).time_limit(TIME_LIMIT).run().await;
        assert!(has_failed(&report), "{fault:?} passes {check}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_faulty_token_store_is_found() {
    let faults = [
        (TokenFault::OneForEachRecord, "every_client_is_listed_once"),
        (TokenFault::OnlyTheFirst, "every_client_is_listed_once"),
        (TokenFault::IdsAreCut, "odd_clients_are_listed"),
    ];
    for (fault, check) in faults {
        let suite =
            TokenAdminSuite::new(move || async move { Ok(Subject::token_admin(FaultyTokens::new(fault))) });
        let report = suite.only(check).time_limit(TIME_LIMIT).run().await;
        assert!(has_failed(&report), "{fault:?} passes {check}");
    }
}
