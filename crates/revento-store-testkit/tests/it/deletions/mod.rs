//! Deletion stores with one fault each: the suite has to find each fault.

mod engine;
mod faulty;

use std::{sync::Arc, time::Duration};

use revento_store::{DeletionStore, memory::MemoryDeletions};
use revento_store_testkit::{DeletionStoreSuite, Report, Subject};

use engine::{Call, EngineFault, FaultyEngine, Field, Read};
use faulty::{Fault, Faulty};

use crate::{assert_fails, text_change::TextChange, until_it_fails};

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
        (Fault::IdsWithoutCase, "k8_texts_survive_in_every_field"),
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
        let report = until_it_fails(|| run(check, fault)).await;
        assert_fails(&report, check, &fault);
    }
}

async fn is_found(fault: EngineFault, check: &str) {
    let suite = || {
        DeletionStoreSuite::new(move || async move {
            let store = Arc::new(FaultyEngine::new(fault));
            let first = Arc::clone(&store);
            let open = move || std::future::ready(Ok(Arc::new(first.replica()) as Arc<dyn DeletionStore>));
            Ok(Subject::new(store as Arc<dyn DeletionStore>).with_replicas(open))
        })
    };
    let report = until_it_fails(|| suite().only(check).run()).await;
    assert_fails(&report, check, &fault);
}

#[tokio::test(flavor = "multi_thread")]
async fn k8_every_way_to_alter_a_text_is_found_in_every_field() {
    for field in [Field::Event, Field::Organization, Field::Reason, Field::Note] {
        for change in TextChange::SHORT.into_iter().chain(TextChange::CUTS) {
            is_found(
                EngineFault::Text(field, change),
                "k8_texts_survive_in_every_field",
            )
            .await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn q17_every_fault_of_an_engine_is_found() {
    let alike = "k8_no_call_touches_a_duty_that_looks_alike";
    let replicas = "k24_replicas_read_at_once_what_another_wrote";
    for (fault, check) in [
        (EngineFault::WithoutCase(Call::Duty), alike),
        (EngineFault::WithoutCase(Call::Reminder), alike),
        (EngineFault::WithoutCase(Call::Deletion), alike),
        (EngineFault::IdsInOrderWithoutCase, alike),
        (
            EngineFault::TimesAsTexts,
            "q17_deadlines_are_in_order_to_both_ends_of_time",
        ),
        (
            EngineFault::ListCapped,
            "q17_hundreds_of_open_duties_are_all_listed",
        ),
        (
            EngineFault::ReminderInTwoSteps,
            "q17_reminders_and_a_deletion_at_once_lose_nothing",
        ),
        (
            EngineFault::SameReminderIsNone,
            "q17_a_reminder_is_noted_and_nothing_else",
        ),
        (EngineFault::Stale(Read::Duty), replicas),
        (EngineFault::Stale(Read::Open), replicas),
    ] {
        is_found(fault, check).await;
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
    assert_eq!(
        failed,
        [
            "k24_replicas_read_at_once_what_another_wrote",
            "q17_the_ledger_is_there_after_reopening",
            "q17_nothing_is_lost_by_a_restart",
        ]
    );
}
