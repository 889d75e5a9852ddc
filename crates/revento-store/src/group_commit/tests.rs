//! Batches over an engine that counts its transactions.

use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;

use super::*;

#[derive(Debug, Clone, PartialEq, Eq)]
enum Failure {
    Lost,
    Odd(u32),
    Closed,
}

impl From<BatchLost> for Failure {
    fn from(_: BatchLost) -> Self {
        Self::Lost
    }
}

impl Job for u32 {
    fn excludes(&self, other: &Self) -> bool {
        self == other
    }

    fn size(&self) -> usize {
        usize::try_from(*self).unwrap_or(usize::MAX)
    }
}

/// Doubles even numbers and refuses odd ones.
#[derive(Clone)]
struct Engine {
    queue: GroupCommit<u32, u32, Failure>,
    turns: Arc<Semaphore>,
    transactions: Arc<Mutex<Vec<Vec<u32>>>>,
    running: Arc<AtomicUsize>,
    at_once: usize,
}

impl Engine {
    fn new(jobs: usize, size: usize, turns: usize) -> Self {
        Self {
            queue: GroupCommit::new(BatchLimits { jobs, size }),
            turns: Arc::new(Semaphore::new(turns)),
            transactions: Arc::default(),
            running: Arc::default(),
            at_once: turns,
        }
    }

    async fn double(&self, number: u32) -> Result<u32, Failure> {
        let turn = || {
            let turns = Arc::clone(&self.turns);
            async move { turns.acquire_owned().await.map_err(|_| Failure::Closed) }
        };
        let transact = |turn: OwnedSemaphorePermit, jobs: Vec<u32>| {
            let engine = self.clone();
            async move {
                let running = engine.running.fetch_add(1, Ordering::SeqCst);
                assert!(running < engine.at_once, "more transactions than turns");
                for _ in 0..10 {
                    tokio::task::yield_now().await;
                }
                engine.running.fetch_sub(1, Ordering::SeqCst);
                let odd = |job: &u32| {
                    if job % 2 == 1 {
                        Err(Failure::Odd(*job))
                    } else {
                        Ok(job * 2)
                    }
                };
                let answers = jobs.iter().map(odd).collect();
                engine.transactions.lock().unwrap().push(jobs);
                drop(turn);
                answers
            }
        };
        self.queue.run(number, turn, transact).await
    }

    fn transactions(&self) -> Vec<Vec<u32>> {
        self.transactions.lock().unwrap().clone()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_caller_gets_its_own_answer_and_few_transactions_run() {
    let engine = Engine::new(64, usize::MAX, 1);
    let mut callers = JoinSet::new();
    for number in 0..400 {
        let engine = engine.clone();
        callers.spawn(async move { (number, engine.double(number).await) });
    }
    for (number, answer) in callers.join_all().await {
        let expected = if number % 2 == 1 {
            Err(Failure::Odd(number))
        } else {
            Ok(number * 2)
        };
        assert_eq!(answer, expected);
    }
    let transactions = engine.transactions();
    assert!(transactions.iter().all(|jobs| jobs.len() <= 64));
    assert_eq!(transactions.iter().map(Vec::len).sum::<usize>(), 400);
}

#[tokio::test]
async fn those_that_wait_share_a_transaction_and_equal_ones_do_not() {
    let engine = Engine::new(64, usize::MAX, 1);
    let held = Arc::clone(&engine.turns).acquire_owned().await.unwrap();
    let mut callers = JoinSet::new();
    for number in [2, 4, 2, 6, 4] {
        let engine = engine.clone();
        callers.spawn(async move { engine.double(number).await.unwrap() });
    }
    while engine.queue.lock().len() < 5 {
        tokio::task::yield_now().await;
    }
    drop(held);
    callers.join_all().await;
    let mut sorted = engine.transactions();
    sorted.iter_mut().for_each(|jobs| jobs.sort_unstable());
    assert_eq!(sorted, [vec![2, 4, 6], vec![2, 4]]);
}

#[tokio::test]
async fn a_batch_has_a_size() {
    let engine = Engine::new(64, 10, 1);
    let held = Arc::clone(&engine.turns).acquire_owned().await.unwrap();
    let mut callers = JoinSet::new();
    for number in [4, 6, 2, 100, 8] {
        let caller = engine.clone();
        callers.spawn(async move { caller.double(number).await.unwrap() });
        while engine.queue.lock().back().is_none_or(|last| last.job != number) {
            tokio::task::yield_now().await;
        }
    }
    drop(held);
    callers.join_all().await;
    assert_eq!(engine.transactions(), [vec![4, 6], vec![2], vec![100], vec![8]]);
}

#[tokio::test(flavor = "multi_thread")]
async fn callers_that_go_away_do_not_take_others_along() {
    for round in 0..50 {
        let engine = Engine::new(8, usize::MAX, 2);
        let (mut leaving, mut staying) = (JoinSet::new(), JoinSet::new());
        for number in 0..40 {
            let engine = engine.clone();
            let callers = if number % 3 == 0 {
                &mut leaving
            } else {
                &mut staying
            };
            callers.spawn(async move { engine.double(number * 2).await });
        }
        for _ in 0..round {
            tokio::task::yield_now().await;
        }
        leaving.abort_all();
        assert!(staying.join_all().await.iter().all(Result::is_ok));
        while leaving.join_next().await.is_some() {}
        assert_eq!(engine.turns.available_permits(), 2);
    }
}

#[tokio::test]
async fn the_error_of_a_turn_is_the_callers() {
    let engine = Engine::new(8, usize::MAX, 1);
    engine.turns.close();
    assert_eq!(engine.double(2).await, Err(Failure::Closed));
    assert_eq!(engine.double(4).await, Err(Failure::Closed));
}

#[tokio::test]
async fn after_a_panic_each_caller_of_the_batch_hears_that_it_was_lost() {
    let engine = Engine::new(8, usize::MAX, 1);
    let turn = || async { Ok(()) };
    let transact = |(), jobs: Vec<u32>| async move {
        tokio::task::yield_now().await;
        assert!(jobs.is_empty(), "planted");
        Vec::new()
    };
    let (one, other) = tokio::join!(
        engine.queue.run(2, turn, transact),
        engine.queue.run(4, turn, transact)
    );
    assert_eq!((one, other), (Err(Failure::Lost), Err(Failure::Lost)));
    assert_eq!(engine.double(6).await, Ok(12));
}

#[tokio::test]
async fn a_turn_that_fails_after_the_job_joined_a_batch_does_not_count() {
    let engine = Engine::new(8, usize::MAX, 1);
    let turn = || async {
        // As if another caller made its batch at this moment.
        engine
            .queue
            .lead(|jobs| async move { jobs.iter().map(|job| Ok(job * 2)).collect() });
        Err::<(), _>(Failure::Closed)
    };
    let transact = |(), _: Vec<u32>| async { Vec::new() };
    assert_eq!(engine.queue.run(2, turn, transact).await, Ok(4));
}
