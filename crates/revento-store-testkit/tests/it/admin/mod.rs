//! Stores with one fault each in what they tell operators: the suites have to find each fault.

mod inbox;
mod tokens;

use std::{sync::Arc, time::Duration};

use revento_store::{InboxAdmin, TokenAdmin};
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
        (
            Fault::DetailsWithoutCase,
            "no_call_touches_a_delivery_that_looks_alike",
        ),
        (
            Fault::ResealWithoutCase,
            "no_call_touches_a_delivery_that_looks_alike",
        ),
        (
            Fault::BytesWithoutCase,
            "no_call_touches_a_delivery_that_looks_alike",
        ),
        (
            Fault::SameBytesAreRefused,
            "no_call_touches_a_delivery_that_looks_alike",
        ),
        (Fault::TypesWithoutCase, "texts_are_read_as_they_were_stored"),
        (Fault::ErrorsAreCut, "texts_are_read_as_they_were_stored"),
        (Fault::SealedAreCapped, "all_of_a_thousand_bodies_are_listed"),
        (Fault::OldestFrom1970, "times_are_counted_to_both_ends"),
        (
            Fault::StaleDetails,
            "k24_replicas_read_at_once_what_another_wrote",
        ),
        (Fault::StaleStats, "k24_replicas_read_at_once_what_another_wrote"),
        (Fault::StaleSealed, "k24_replicas_read_at_once_what_another_wrote"),
    ];
    for (fault, check) in faults {
        let suite = InboxAdminSuite::new(move || async move {
            let store = Arc::new(FaultyInbox::new(fault));
            let first = Arc::clone(&store);
            let open = move || std::future::ready(Ok(Arc::new(first.replica()) as Arc<dyn InboxAdmin>));
            Ok(Subject::new(store as Arc<dyn InboxAdmin>).with_replicas(open))
        });
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
        (TokenFault::WithoutCase, "odd_clients_are_listed"),
        (TokenFault::Stale, "k24_replicas_list_at_once_what_another_wrote"),
    ];
    for (fault, check) in faults {
        let suite = TokenAdminSuite::new(move || async move {
            let store: Arc<dyn TokenAdmin> = Arc::new(FaultyTokens::new(fault));
            let same = Arc::clone(&store);
            let open = move || std::future::ready(Ok(Arc::clone(&same)));
            Ok(Subject::new(store).with_replicas(open))
        });
        let report = suite.only(check).time_limit(TIME_LIMIT).run().await;
        assert!(has_failed(&report), "{fault:?} passes {check}");
    }
}
