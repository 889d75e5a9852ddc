//! Deletion stores with one fault each: the suite has to find each fault.

mod faulty;

use std::{sync::Arc, time::Duration};

use revento_store::{DeletionStore, memory::MemoryDeletions};
use revento_store_testkit::{DeletionStoreSuite, Report, Subject};

use faulty::{Fault, Faulty};

async fn run(check: &str, fault: Fault) -> Report {
    let suite = DeletionStoreSuite::new(move || {
        let store: Arc<dyn DeletionStore> = Arc::new(Faulty::new(fault));
        let same = store.clone();
        let subject = Subject::new(store).with_replicas(move || std::future::ready(Ok(same.clone())));
        std::future::ready(Ok(subject))
    });
    suite.only(check).time_limit(Duration::from_secs(5)).run().await
}

#[tokio::test(flavor = "multi_thread")]
async fn q17_every_faulty_ledger_is_found() {
    let as_recorded = "q17_a_duty_comes_back_as_it_was_recorded";
    let one_duty = "q17_the_same_webhook_is_one_duty";
    let urgent = "q17_the_most_urgent_duty_is_first";
    let reminder = "q17_a_reminder_is_noted_and_nothing_else";
    let faults = [
        (Fault::AbsentIsEmpty, as_recorded),
        (Fault::WholeSeconds, as_recorded),
        (Fault::RecordsAsOpen, as_recorded),
        (Fault::IdsWithoutCase, "k8_odd_duties_survive"),
        (Fault::RecordOverwrites, one_duty),
        (Fault::RecordReopens, one_duty),
        (
            Fault::RecordInTwoSteps,
            "q17_of_many_simultaneous_records_one_is_new",
        ),
        (
            Fault::OneDutyForAnEvent,
            "q17_the_duties_of_one_event_are_separate",
        ),
        (Fault::ClosesByEvent, "q17_the_duties_of_one_event_are_separate"),
        (Fault::OpenInOrderOfIds, urgent),
        (Fault::OpenUnlimited, urgent),
        (Fault::OpenListsDone, urgent),
        (
            Fault::OpenByOwnClock,
            "k22_no_deadline_is_judged_by_the_stores_clock",
        ),
        (Fault::ReminderLost, reminder),
        (Fault::ReminderOfDone, reminder),
        (Fault::ReminderCloses, reminder),
        (Fault::ProofOverwritten, "q17_the_first_proof_stays"),
        (Fault::DoneIsRemoved, "q17_the_first_proof_stays"),
        (Fault::UnknownIsDone, "q17_an_unknown_duty_is_not_marked_deleted"),
        (
            Fault::CloseInTwoSteps,
            "q17_of_many_simultaneous_deletions_one_is_the_proof",
        ),
        (
            Fault::RecordMarksFirst,
            "q17_a_dropped_call_is_whole_or_never_was",
        ),
    ];
    assert_eq!(faults.len(), Fault::ALL.len(), "each fault is listed");
    for (fault, check) in faults {
        let report = run(check, fault).await;
        let failed: Vec<_> = report.failures().map(|finding| finding.name).collect();
        assert!(
            failed.contains(&check),
            "{fault:?} has to fail {check}, and failed {failed:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn q17_a_ledger_that_forgets_is_found() {
    let suite = DeletionStoreSuite::new(|| async {
        let empty = || std::future::ready(Ok(Arc::new(MemoryDeletions::new()) as Arc<dyn DeletionStore>));
        Ok(Subject::deletions(MemoryDeletions::new()).with_replicas(empty))
    });
    let report = suite.run().await;
    let failed: Vec<_> = report.failures().map(|finding| finding.name).collect();
    assert_eq!(failed, ["q17_the_ledger_is_there_after_reopening"]);
}
