//! Group commit for stores of your own: calls that arrive while a transaction runs share the next one, and its one sync.
//!
//! No task is spawned. Each call puts its [`Job`] into the queue and waits until it is part of a batch, or until it gets a turn. Who
//! gets a turn makes a batch of the jobs that wait. All callers of a batch drive it, so that it goes on when one of them goes away. One
//! caller alone waits for nobody.

use std::{
    collections::VecDeque,
    fmt,
    panic::AssertUnwindSafe,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use futures_util::future::{FutureExt as _, Shared};
use tokio::sync::oneshot;

/// What a call asks of a transaction.
pub trait Job: Send + 'static {
    /// Whether the other job must not be in one transaction with this one.
    fn excludes(&self, other: &Self) -> bool;

    /// About how many bytes the job adds to its transaction. The default does not count them.
    fn size(&self) -> usize {
        0
    }
}

/// How much is in one batch.
#[derive(Debug, Clone, Copy)]
pub struct BatchLimits {
    /// The number of jobs, at least one.
    pub jobs: usize,
    /// The sum of their [sizes](Job::size). A larger job has a batch of its own.
    pub size: usize,
}

/// The batch of a call has ended without an answer to it, because the code that ran it panicked. The batch may have taken effect. A queue
/// converts this into its own error type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BatchLost;

/// The answers of a batch. Each is taken by its caller.
type Answers<A, E> = Arc<Mutex<Vec<Option<Result<A, E>>>>>;
type Batch<A, E> = Shared<Pin<Box<dyn Future<Output = Answers<A, E>> + Send>>>;
/// Tells a caller the batch of its job, and the job's place in it.
type Membership<A, E> = oneshot::Receiver<(Batch<A, E>, usize)>;

/// A job that waits to become part of a batch.
struct Waiting<J, A, E> {
    job: J,
    /// Tells the caller of its batch, and of its place in it.
    joined: oneshot::Sender<(Batch<A, E>, usize)>,
}

/// The jobs that wait, in the order of arrival. A clone is another handle to the same queue.
pub struct GroupCommit<J, A, E> {
    waiting: Arc<Mutex<VecDeque<Waiting<J, A, E>>>>,
    limits: BatchLimits,
}

impl<J, A, E> GroupCommit<J, A, E>
where
    J: Job,
    A: Send + 'static,
    E: From<BatchLost> + Send + 'static,
{
    /// An empty queue.
    pub fn new(limits: BatchLimits) -> Self {
        Self {
            waiting: Arc::default(),
            limits,
        }
    }

    /// Runs a job, in one transaction with others that wait.
    ///
    /// `turn` waits for the right to run a transaction, for which there are as many as transactions may run at once. `transact` runs
    /// the jobs and gives an answer for each, in their order; it is called if this caller gets a turn first. It runs even if this
    /// caller goes away, as long as one of its callers stays; if all go away, it is dropped.
    ///
    /// # Errors
    /// The error that `transact` gave for the job, or [`BatchLost`]. Or the error of `turn`: then the job never runs.
    pub async fn run<T, W, B>(
        &self,
        job: J,
        turn: impl Fn() -> W + Send,
        transact: impl Fn(T, Vec<J>) -> B + Send,
    ) -> Result<A, E>
    where
        T: Send,
        W: Future<Output = Result<T, E>> + Send,
        B: Future<Output = Vec<Result<A, E>>> + Send + 'static,
    {
        let (joined, mut membership) = oneshot::channel();
        self.lock().push_back(Waiting { job, joined });
        let (batch, place) = loop {
            tokio::select! {
                biased;
                joined = &mut membership => break joined.map_err(|_| BatchLost)?,
                turn = turn() => match turn {
                    Ok(turn) => {
                        // The callers of the batch before come back now, and share this one.
                        tokio::task::yield_now().await;
                        self.lead(|jobs| transact(turn, jobs));
                    }
                    Err(error) => match self.leave(&mut membership) {
                        Some(joined) => break joined,
                        None => return Err(error),
                    },
                },
            }
        };
        let answers = batch.await;
        let answer = answers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get_mut(place)
            .and_then(Option::take);
        answer.unwrap_or_else(|| Err(BatchLost.into()))
    }

    /// Takes a job back, so that it never runs. If it is part of a batch already, returns its place.
    fn leave(&self, membership: &mut Membership<A, E>) -> Option<(Batch<A, E>, usize)> {
        let _nobody_leads = self.lock();
        let joined = membership.try_recv().ok();
        membership.close();
        joined
    }

    /// Makes a batch of the jobs that wait, and tells their callers. The jobs of earlier callers come first, so this caller's own
    /// may have to wait for the next batch. The queue is locked until each caller knows, see [`leave`](Self::leave).
    fn lead<B>(&self, transact: impl FnOnce(Vec<J>) -> B)
    where
        B: Future<Output = Vec<Result<A, E>>> + Send + 'static,
    {
        let mut waiting = self.lock();
        let (jobs, callers): (Vec<J>, Vec<_>) = self
            .take(&mut waiting)
            .into_iter()
            .map(|waiting| (waiting.job, waiting.joined))
            .unzip();
        if jobs.is_empty() {
            return;
        }
        // A shared future that panics wakes nobody and is not dropped: the other callers would wait for ever, and with them the turn.
        let answers = AssertUnwindSafe(transact(jobs)).catch_unwind().map(|answers| {
            let answers = answers.unwrap_or_default();
            Arc::new(Mutex::new(answers.into_iter().map(Some).collect()))
        });
        let batch: Pin<Box<dyn Future<Output = Answers<A, E>> + Send>> = Box::pin(answers);
        let batch = batch.shared();
        for (place, caller) in callers.into_iter().enumerate() {
            // A caller that has gone away leaves the batch to the others.
            let _ = caller.send((batch.clone(), place));
        }
        drop(waiting);
    }

    /// Takes the jobs for one transaction. A job that must not be in it with an earlier one stays.
    fn take(&self, waiting: &mut VecDeque<Waiting<J, A, E>>) -> Vec<Waiting<J, A, E>> {
        let (mut taken, mut left) = (Vec::<Waiting<J, A, E>>::new(), VecDeque::new());
        let mut size = 0_usize;
        while taken.len() < self.limits.jobs.max(1)
            && let Some(next) = waiting.pop_front()
        {
            if next.joined.is_closed() {
                continue; // Its caller has gone away: it never happens.
            }
            let sum = size.saturating_add(next.job.size());
            if taken.iter().any(|earlier| earlier.job.excludes(&next.job)) {
                left.push_back(next);
            } else if !taken.is_empty() && sum > self.limits.size {
                left.push_back(next);
                break;
            } else {
                size = sum;
                taken.push(next);
            }
        }
        left.append(waiting);
        *waiting = left;
        taken
    }
}

impl<J, A, E> GroupCommit<J, A, E> {
    fn lock(&self) -> MutexGuard<'_, VecDeque<Waiting<J, A, E>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<J, A, E> Clone for GroupCommit<J, A, E> {
    fn clone(&self) -> Self {
        Self {
            waiting: Arc::clone(&self.waiting),
            limits: self.limits,
        }
    }
}

impl<J, A, E> fmt::Debug for GroupCommit<J, A, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GroupCommit")
            .field("waiting", &self.lock().len())
            .field("limits", &self.limits)
            .finish()
    }
}

#[cfg(test)]
mod tests;
