//! Mistakes that people make when they write a store for an SQL database. The suites have to find each of them, with a message that
//! names its cause.
//!
//! `store` is a store as a user writes it, and the suites pass. `lists` has the mistakes: most change one line of its SQL.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may panic"
)]

mod lists;
mod mistake;
mod store;

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use revento_store::{BudgetStore, DeletionStore, InboxStore, Once, TokenStore};
use revento_store_testkit::{BoxError, CheckOutcome, Finding, Report, StoreTrait, Subject, Suite};
use tokio::task::JoinSet;

use mistake::Mistake;
use store::SqlStore;

/// How many suites run at once.
const AT_ONCE: usize = 4;

/// The suite of a trait on a new file for each check.
fn suite<S>(mistake: &Arc<Mistake>, as_trait: fn(SqlStore) -> Arc<S>) -> Suite<S>
where
    S: StoreTrait + Send + Sync + ?Sized + 'static,
{
    let mistake = mistake.clone();
    Suite::new(move || {
        let mistake = mistake.clone();
        async move {
            let folder = tempfile::tempdir()?;
            let path = folder.path().join("store");
            let store = SqlStore::open(&path, mistake.clone()).await?;
            let dumped = store.clone();
            let replica = move || {
                let (path, mistake) = (path.clone(), mistake.clone());
                async move { Ok::<_, BoxError>(as_trait(SqlStore::open(&path, mistake).await?)) }
            };
            let dump = move || {
                let store = dumped.clone();
                async move { Ok(store.dump().await?) }
            };
            let subject = Subject::new(as_trait(store));
            Ok(subject.with_replicas(replica).with_dump(dump).guarded_by(folder))
        }
    })
    .time_limit(Duration::from_secs(300))
}

fn tokens(mistake: &Arc<Mistake>) -> Suite<dyn TokenStore> {
    suite(mistake, |store| Arc::new(store))
}

fn inbox(mistake: &Arc<Mistake>) -> Suite<dyn InboxStore> {
    suite(mistake, |store| Arc::new(store))
}

fn deletions(mistake: &Arc<Mistake>) -> Suite<dyn DeletionStore> {
    suite(mistake, |store| Arc::new(store))
}

fn budgets(mistake: &Arc<Mistake>) -> Suite<dyn BudgetStore> {
    suite(mistake, |store| Arc::new(store))
}

fn once(mistake: &Arc<Mistake>) -> Suite<dyn Once> {
    suite(mistake, |store| Arc::new(store))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_store_without_a_mistake_passes() {
    let none = Arc::new(Mistake::none());
    tokens(&none).concurrency(AT_ONCE).run().await.assert_complete();
    inbox(&none).concurrency(AT_ONCE).run().await.assert_complete();
    deletions(&none)
        .concurrency(AT_ONCE)
        .run()
        .await
        .assert_complete();
    budgets(&none).concurrency(AT_ONCE).run().await.assert_complete();
    once(&none).concurrency(AT_ONCE).run().await.assert_complete();
}

/// Runs the check that has to find each mistake, and fails with all mistakes that are not found.
async fn are_found<S>(mistakes: Vec<Mistake>, suite: fn(&Arc<Mistake>) -> Suite<S>)
where
    S: StoreTrait + Send + Sync + ?Sized + 'static,
{
    let mistakes: Arc<Vec<_>> = Arc::new(mistakes.into_iter().map(Arc::new).collect());
    let next = Arc::new(AtomicUsize::new(0));
    let mut workers = JoinSet::new();
    for _ in 0..AT_ONCE {
        let (mistakes, next) = (mistakes.clone(), next.clone());
        workers.spawn(async move {
            let mut missed = Vec::new();
            while let Some(mistake) = mistakes.get(next.fetch_add(1, Ordering::Relaxed)) {
                missed.extend(complaint_of(mistake, suite).await);
            }
            missed
        });
    }
    let missed = workers.join_all().await.concat();
    assert!(
        missed.is_empty(),
        "{} mistakes of {}:\n{}",
        missed.len(),
        mistakes.len(),
        missed.join("\n")
    );
}

/// What is wrong with the reports about a mistake. A store that lacks a transaction does not lose every race, so it gets some.
async fn complaint_of<S>(mistake: &Arc<Mistake>, suite: fn(&Arc<Mistake>) -> Suite<S>) -> Option<String>
where
    S: StoreTrait + Send + Sync + ?Sized + 'static,
{
    let mut last = None;
    for _ in 0..mistake.races() {
        let report = suite(mistake).only(mistake.check).run().await;
        last = complaint(mistake, &report);
        if last.is_none() {
            break;
        }
    }
    last
}

/// What is wrong with the report about a mistake; `None` if it names the cause.
fn complaint(mistake: &Mistake, report: &Report) -> Option<String> {
    let all: String = report.failures().map(text).collect();
    let missing: Vec<_> = mistake
        .words
        .iter()
        .filter(|word| !all.contains(**word))
        .collect();
    let (name, check) = (mistake.name, mistake.check);
    if all.is_empty() {
        return Some(format!("- {name:?} passes {check}"));
    }
    if !missing.is_empty() {
        return Some(format!(
            "- {name:?}: {check} does not say {missing:?}, but: {all}"
        ));
    }
    (!mistake.is_reached()).then(|| format!("- {name:?} is not in what {check} runs, but it fails: {all}"))
}

/// What the author of the store reads.
fn text(finding: &Finding) -> String {
    match &finding.outcome {
        CheckOutcome::Failed(texts) => format!("{} {}", finding.name, texts.join("\n")),
        _ => String::new(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn mistakes_in_a_token_store_are_found() {
    are_found(lists::tokens(), tokens).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mistakes_in_an_inbox_are_found() {
    are_found(lists::inbox(), inbox).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mistakes_in_a_deletion_store_are_found() {
    are_found(lists::deletions(), deletions).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mistakes_in_a_budget_store_are_found() {
    are_found(lists::budgets(), budgets).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mistakes_in_a_store_of_marks_are_found() {
    are_found(lists::once(), once).await;
}
