//! Calls that arrive while other transactions run share the next one, and its one sync ([`GroupCommit`]).

use std::sync::Arc;

use revento_store::group_commit::{BatchLimits, GroupCommit};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

use super::{
    job::{Answer, Job},
    script,
};
use crate::{
    MySqlStore,
    error::{Failure, is_of_a_value},
};

/// How much shares a transaction.
const LIMITS: BatchLimits = BatchLimits {
    jobs: 128,
    size: 4 << 20,
};
/// How many of these transactions run at once: while one is synced, the server works on the next.
const MAX_AT_ONCE: usize = 2;

/// The jobs that wait for a transaction.
#[derive(Debug, Clone)]
pub(crate) struct Batches {
    queue: GroupCommit<Job, Answer, Failure>,
    turns: Arc<Semaphore>,
}

impl Default for Batches {
    fn default() -> Self {
        Self {
            queue: GroupCommit::new(LIMITS),
            turns: Arc::new(Semaphore::new(MAX_AT_ONCE)),
        }
    }
}

impl MySqlStore {
    /// Runs a job, in one transaction with others that wait.
    pub(super) async fn run(&self, job: Job) -> Result<Answer, Failure> {
        let transact = |turn, jobs| answer_all(self.clone(), turn, jobs);
        self.batches.queue.run(job, || self.turn(), transact).await
    }

    async fn turn(&self) -> Result<OwnedSemaphorePermit, Failure> {
        let turn = Arc::clone(&self.batches.turns).acquire_owned();
        let turn = timeout(self.connections.acquire_timeout(), turn).await;
        turn.map_err(|_| Failure::without_effect(sqlx::Error::PoolTimedOut))?
            .map_err(|_| Failure::without_effect(sqlx::Error::PoolClosed))
    }
}

/// If the server refuses one job for its values, or another transaction has just inserted its delivery, the others are tried without it, by
/// halves.
async fn answer_all(
    store: MySqlStore,
    turn: OwnedSemaphorePermit,
    jobs: Vec<Job>,
) -> Vec<Result<Answer, Failure>> {
    let mut answers = Vec::with_capacity(jobs.len());
    let mut parts = vec![jobs.as_slice()];
    while let Some(part) = parts.pop() {
        match script::run(&store, part).await {
            Ok(part) => answers.extend(part.into_iter().map(Ok)),
            Err(failure) if part.len() > 1 && is_of_a_value(&failure.error) => {
                let (first, second) = part.split_at(part.len() / 2);
                parts.extend([second, first]);
            }
            Err(failure) => answers.extend(part.iter().map(|_| Err(failure.clone()))),
        }
    }
    drop(turn);
    answers
}
