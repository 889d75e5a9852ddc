//! Group commit: calls that arrive while a transaction runs share the next one, and its one sync.
//!
//! No task is spawned. Each call puts its job into the queue and waits until it is part of a batch, or until it gets the connection.
//! Who gets the connection makes a batch of the jobs that wait. All callers of a batch drive it, so that it goes on when one of them
//! goes away. One caller alone waits for nobody.

use std::{
    collections::VecDeque,
    fmt,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use futures_util::future::{FutureExt as _, Shared};
use tokio::sync::oneshot;

use super::{
    job::{Answer, Job},
    script,
};
use crate::{SqliteStore, error::is_refused, writer::Turn};

/// How many jobs share a transaction.
const MAX_JOBS: usize = 64;

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

/// The answers of a batch. Each is taken by its caller.
type Answers = Arc<Mutex<Vec<Option<Result<Answer, SharedError>>>>>;
type Batch = Shared<Pin<Box<dyn Future<Output = Answers> + Send>>>;

/// A job that waits to become part of a batch.
struct Waiting {
    job: Job,
    /// Tells the caller of its batch, and of its place in it.
    joined: oneshot::Sender<(Batch, usize)>,
}

/// The jobs that wait, in the order of arrival.
#[derive(Clone, Default)]
pub(crate) struct Queue(Arc<Mutex<VecDeque<Waiting>>>);

impl Queue {
    fn lock(&self) -> MutexGuard<'_, VecDeque<Waiting>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the jobs for one transaction. A job that must not be in it with an earlier one stays.
    fn take(&self) -> Vec<Waiting> {
        let mut waiting = self.lock();
        let (mut taken, mut left) = (Vec::<Waiting>::new(), VecDeque::new());
        while taken.len() < MAX_JOBS
            && let Some(next) = waiting.pop_front()
        {
            if next.joined.is_closed() {
                continue; // Its caller has gone away: it never happens.
            }
            if taken.iter().any(|earlier| earlier.job.excludes(&next.job)) {
                left.push_back(next);
            } else {
                taken.push(next);
            }
        }
        left.append(&mut waiting);
        *waiting = left;
        taken
    }
}

impl SqliteStore {
    /// Runs a job, in one transaction with others that wait.
    pub(super) async fn run(&self, job: Job) -> Result<Answer, SharedError> {
        let (joined, mut membership) = oneshot::channel();
        self.queue.lock().push_back(Waiting { job, joined });
        loop {
            let (batch, place) = tokio::select! {
                biased;
                joined = &mut membership => joined.map_err(|_| sqlx::Error::WorkerCrashed)?,
                turn = self.writer.turn() => {
                    self.lead(turn?);
                    continue;
                }
            };
            let answers = batch.await;
            let answer = answers
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .get_mut(place)
                .and_then(Option::take);
            return answer.unwrap_or_else(|| Err(sqlx::Error::WorkerCrashed.into()));
        }
    }

    /// Makes a batch of the jobs that wait, and tells their callers. The jobs of earlier callers come first, so this caller's own
    /// may have to wait for the next batch.
    fn lead(&self, turn: Turn) {
        let (jobs, callers): (Vec<Job>, Vec<_>) = self
            .queue
            .take()
            .into_iter()
            .map(|waiting| (waiting.job, waiting.joined))
            .unzip();
        let batch: Pin<Box<dyn Future<Output = Answers> + Send>> = Box::pin(answer_all(turn, jobs));
        let batch = batch.shared();
        for (place, caller) in callers.into_iter().enumerate() {
            // A caller that has gone away leaves the batch to the others.
            let _ = caller.send((batch.clone(), place));
        }
    }
}

async fn answer_all(mut turn: Turn, jobs: Vec<Job>) -> Answers {
    let answers = match script::run(&mut turn, &jobs).await {
        Ok(answers) => {
            turn.end();
            answers
                .into_iter()
                .map(|answer| Some(answer.map_err(SharedError::from)))
                .collect()
        }
        // The engine may refuse one job for its values, so each has a transaction of its own.
        Err(error) if jobs.len() > 1 && is_refused(&error) => one_by_one(turn, &jobs).await,
        Err(error) => {
            let error = SharedError::from(error);
            jobs.iter().map(|_| Some(Err(error.clone()))).collect()
        }
    };
    Arc::new(Mutex::new(answers))
}

async fn one_by_one(mut turn: Turn, jobs: &[Job]) -> Vec<Option<Result<Answer, SharedError>>> {
    let mut answers = Vec::with_capacity(jobs.len());
    for job in jobs {
        if let Err(error) = turn.clean().await {
            let error = SharedError::from(error);
            answers.resize_with(jobs.len(), || Some(Err(error.clone())));
            return answers;
        }
        let answered = script::run(&mut turn, std::slice::from_ref(job)).await;
        answers.push(match answered {
            Ok(mut one) => one.pop().map(|answer| answer.map_err(SharedError::from)),
            Err(error) => Some(Err(error.into())),
        });
    }
    if turn.clean().await.is_ok() {
        turn.end();
    }
    answers
}
