//! The suite finds each fault of a faulty store of use-once marks.

use std::{collections::HashMap, sync::Arc, sync::Mutex, time::Duration};

use async_trait::async_trait;
use revento_core::Timestamp;
use revento_store::{Clock, Once, StoreError, SystemClock, memory::MemoryOnce};
use revento_store_testkit::{OnceSuite, Report, Subject};

crate::faults! {
    enum Fault {
        NeverTaken TakenForEver LooksFirst TakesWhatEnded EndsLate EndsEarly WholeSeconds RefusalExtends RefusalShortens
        OwnClock ExpiresByOwnClock ForgetsOldest ForgetsAllBefore WithoutCase Trimmed CutIds CutAtNul MarkFirst OneProcess
        Decomposed Forgets SameEndIsTaken
    }
}

/// Marks that a faulty store keeps, with one injected fault.
#[derive(Debug)]
struct Faulty {
    fault: Fault,
    marks: Arc<Mutex<HashMap<String, Timestamp>>>,
}

impl Faulty {
    fn new(fault: Fault) -> Self {
        Self {
            fault,
            marks: Arc::default(),
        }
    }

    /// Another handle to the same marks.
    fn replica(&self) -> Self {
        let is_alone = matches!(self.fault, Fault::OneProcess | Fault::Forgets);
        Self {
            fault: self.fault,
            marks: if is_alone {
                Arc::default()
            } else {
                Arc::clone(&self.marks)
            },
        }
    }

    fn id(&self, id: &str) -> String {
        match self.fault {
            Fault::WithoutCase => id.to_lowercase(),
            Fault::Trimmed => id.trim_end_matches(' ').to_owned(),
            Fault::CutIds => id.chars().take(255).collect(),
            Fault::CutAtNul => id.split('\0').next().unwrap_or_default().to_owned(),
            Fault::Decomposed => id.replace("á", "a\u{301}"),
            _ => id.to_owned(),
        }
    }

    fn end(&self, id: &str) -> Option<Timestamp> {
        self.marks.lock().unwrap().get(id).copied()
    }

    fn set(&self, id: &str, until: Timestamp) {
        self.marks.lock().unwrap().insert(id.to_owned(), until);
    }

    fn is_free(&self, end: Option<Timestamp>, now: Timestamp) -> bool {
        let Some(end) = end else { return true };
        match self.fault {
            Fault::NeverTaken => true,
            Fault::TakenForEver => false,
            Fault::EndsLate => end < now,
            Fault::EndsEarly => end.unix_micros().saturating_sub(1) <= now.unix_micros(),
            Fault::WholeSeconds => end.unix_seconds() <= now.unix_seconds(),
            Fault::OwnClock => end <= SystemClock.now(),
            _ => end <= now,
        }
    }

    fn forget(&self, now: Timestamp) {
        let mut marks = self.marks.lock().unwrap();
        match self.fault {
            Fault::ForgetsOldest if marks.len() >= 40 => {
                let oldest = marks.iter().min_by_key(|(_, end)| **end).unwrap().0.clone();
                marks.remove(&oldest);
            }
            Fault::ForgetsAllBefore => {
                let soon = now.saturating_add(Duration::from_secs(10));
                marks.retain(|_, end| *end > soon);
            }
            // As an engine whose keys expire by its clock.
            Fault::ExpiresByOwnClock => marks.retain(|_, end| *end > SystemClock.now()),
            _ => {}
        }
    }
}

#[async_trait]
impl Once for Faulty {
    async fn take(&self, id: &str, now: Timestamp, until: Timestamp) -> Result<bool, StoreError> {
        let id = self.id(id);
        self.forget(now);
        if self.fault == Fault::MarkFirst {
            // The id first, its end later.
            let end = self.end(&id);
            if self.is_free(end, now) {
                self.set(&id, Timestamp::from_unix_micros(i64::MAX));
                crate::between_the_steps().await;
                self.set(&id, until);
                return Ok(true);
            }
            return Ok(false);
        }
        if self.fault == Fault::LooksFirst || self.fault == Fault::TakesWhatEnded {
            let end = self.end(&id);
            let is_known = end.is_some();
            if !self.is_free(end, now) {
                return Ok(false);
            }
            if self.fault == Fault::LooksFirst || is_known {
                crate::between_the_steps().await;
                self.set(&id, until);
                return Ok(true);
            }
        }
        let mut marks = self.marks.lock().unwrap();
        let end = marks.get(&id).copied();
        if self.is_free(end, now) {
            marks.insert(id, until);
            // As an engine that counts changed rows only.
            return Ok(self.fault != Fault::SameEndIsTaken || end != Some(until));
        }
        match self.fault {
            Fault::RefusalExtends => marks.insert(id, end.unwrap().max(until)),
            Fault::RefusalShortens => marks.insert(id, end.unwrap().min(until)),
            _ => None,
        };
        Ok(false)
    }
}

async fn run(check: &str, fault: Fault) -> Report {
    let suite = OnceSuite::new(move || async move {
        let store = Arc::new(Faulty::new(fault));
        let origin = Arc::clone(&store);
        let open = move || std::future::ready(Ok(Arc::new(origin.replica()) as Arc<dyn Once>));
        Ok(Subject::new(store as Arc<dyn Once>).with_replicas(open))
    });
    suite.only(check).time_limit(Duration::from_secs(10)).run().await
}

#[tokio::test(flavor = "multi_thread")]
async fn o21_every_faulty_store_of_marks_is_found() {
    let (taken_once, at_once) = (
        "o21_a_mark_is_taken_once",
        "o21_of_many_simultaneous_takers_one_has_it",
    );
    let (ends, odd) = ("o21_a_mark_ends_at_its_time", "k8_every_id_is_a_mark_of_its_own");
    let (own_clock, forgotten) = (
        "k22_no_end_is_judged_by_the_stores_clock",
        "h14_what_has_ended_is_forgotten_and_nothing_else",
    );
    let faults = [
        (Fault::NeverTaken, taken_once),
        (Fault::TakenForEver, ends),
        (Fault::LooksFirst, at_once),
        (
            Fault::TakesWhatEnded,
            "o21_marks_that_ended_are_taken_again_at_once",
        ),
        (Fault::EndsLate, ends),
        (Fault::EndsEarly, ends),
        (Fault::WholeSeconds, ends),
        (Fault::RefusalExtends, "o21_a_refusal_changes_nothing"),
        (Fault::RefusalShortens, "o21_a_refusal_changes_nothing"),
        (Fault::SameEndIsTaken, ends),
        (Fault::OwnClock, own_clock),
        (Fault::ExpiresByOwnClock, own_clock),
        (Fault::ForgetsOldest, forgotten),
        (Fault::ForgetsAllBefore, forgotten),
        (Fault::WithoutCase, odd),
        (Fault::Trimmed, odd),
        (Fault::CutAtNul, odd),
        (Fault::Decomposed, odd),
        (Fault::CutIds, "h25_ids_of_any_length_are_told_apart"),
        (Fault::MarkFirst, "o21_a_dropped_call_takes_the_mark_or_does_not"),
        (Fault::OneProcess, "o21_replicas_share_their_marks"),
        (Fault::Forgets, "o21_a_mark_is_there_after_reopening"),
    ];
    assert_eq!(faults.len(), Fault::ALL.len(), "each fault is listed");
    for (fault, check) in faults {
        let report = crate::until_it_fails(|| run(check, fault)).await;
        let failed: Vec<_> = report.failures().map(|finding| finding.name).collect();
        assert_eq!(failed, [check], "{fault:?} has to fail this check");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn o21_replicas_without_common_marks_are_found_in_a_race() {
    let report = run("o21_of_many_replicas_at_once_one_has_it", Fault::OneProcess).await;
    assert!(!report.is_passed());
}

#[tokio::test(flavor = "multi_thread")]
async fn o21_the_memory_marks_pass() {
    let suite = OnceSuite::new(|| async {
        let store: Arc<dyn Once> = Arc::new(MemoryOnce::new());
        let same = Arc::clone(&store);
        Ok(Subject::new(store).with_replicas(move || std::future::ready(Ok(Arc::clone(&same)))))
    });
    let report = suite.run().await;
    report.assert_passed();
    let is_passed = |finding: &revento_store_testkit::Finding| {
        finding.outcome == revento_store_testkit::CheckOutcome::Passed
    };
    assert!(report.findings().iter().all(is_passed), "{report}");
}
