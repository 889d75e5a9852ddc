//! Calls that arrive while a transaction runs share the next one, and its one sync ([`GroupCommit`]).

use std::{fmt, sync::Arc};

use revento_store::group_commit::{BatchLimits, BatchLost, GroupCommit};

use super::{
    job::{Answer, Job},
    script,
};
use crate::{SqliteStore, error::is_refused, writer::Turn};

/// How much shares a transaction.
const LIMITS: BatchLimits = BatchLimits {
    jobs: 64,
    size: usize::MAX,
};

/// The jobs that wait for a transaction.
pub(crate) type Queue = GroupCommit<Job, Answer, SharedError>;

pub(crate) fn queue() -> Queue {
    GroupCommit::new(LIMITS)
}

/// An engine's error that several callers get.
#[derive(Debug, Clone)]
pub(crate) struct SharedError(Arc<sqlx::Error>);

impl SharedError {
    pub(crate) fn engine(&self) -> &sqlx::Error {
        &self.0
    }
}

impl fmt::Display for SharedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for SharedError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source()
    }
}

impl From<sqlx::Error> for SharedError {
    fn from(error: sqlx::Error) -> Self {
        Self(Arc::new(error))
    }
}

impl From<BatchLost> for SharedError {
    fn from(_: BatchLost) -> Self {
        sqlx::Error::WorkerCrashed.into()
    }
}

impl SqliteStore {
    /// Runs a job, in one transaction with others that wait.
    pub(super) async fn run(&self, job: Job) -> Result<Answer, SharedError> {
        let turn = || async { Ok(self.writer.turn().await?) };
        self.queue.run(job, turn, answer_all).await
    }
}

async fn answer_all(mut turn: Turn, jobs: Vec<Job>) -> Vec<Result<Answer, SharedError>> {
    match script::run(&mut turn, &jobs).await {
        Ok(answers) => {
            turn.end_written(jobs.iter().map(Job::pages).sum());
            answers
                .into_iter()
                .map(|answer| answer.map_err(SharedError::from))
                .collect()
        }
        // The engine may refuse one job for its values, so each has a transaction of its own.
        Err(error) if jobs.len() > 1 && is_refused(&error) => one_by_one(turn, &jobs).await,
        Err(error) => {
            let error = SharedError::from(error);
            jobs.iter().map(|_| Err(error.clone())).collect()
        }
    }
}

async fn one_by_one(mut turn: Turn, jobs: &[Job]) -> Vec<Result<Answer, SharedError>> {
    let mut answers = Vec::with_capacity(jobs.len());
    for job in jobs {
        if let Err(error) = turn.clean().await {
            let error = SharedError::from(error);
            answers.resize_with(jobs.len(), || Err(error.clone()));
            return answers;
        }
        let answered = script::run(&mut turn, std::slice::from_ref(job)).await;
        answers.push(match answered.map(|mut one| one.pop()) {
            Ok(Some(answer)) => answer.map_err(SharedError::from),
            Ok(None) => Err(sqlx::Error::WorkerCrashed.into()),
            Err(error) => Err(error.into()),
        });
    }
    if turn.clean().await.is_ok() {
        turn.end();
    }
    answers
}
