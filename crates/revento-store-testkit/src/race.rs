//! Runs many calls at once.

use std::sync::Arc;

use revento_store::StoreError;
use tokio::{sync::Barrier, task::JoinSet};

use crate::{
    expect::{NotPassed, fail},
    panics::contained,
};

/// The number of callers in a race.
pub(crate) const CALLERS: usize = 50;
/// The number of times a race runs; a fault that shows only sometimes needs several.
pub(crate) const ROUNDS: usize = 4;

/// Starts all calls at the same moment and returns their results in the order of the callers.
pub(crate) async fn race<T, F>(call: impl Fn(usize) -> F) -> Result<Vec<T>, NotPassed>
where
    T: Send + 'static,
    F: Future<Output = Result<T, StoreError>> + Send + 'static,
{
    let start = Arc::new(Barrier::new(CALLERS));
    let calls = (0..CALLERS).map(|caller| {
        let (start, answer) = (start.clone(), call(caller));
        async move {
            start.wait().await;
            answer.await
        }
    });
    all(calls).await
}

/// Makes `count` calls, [`CALLERS`] at a time.
pub(crate) async fn in_batches<F>(count: usize, call: impl Fn(usize) -> F) -> Result<(), NotPassed>
where
    F: Future<Output = Result<(), StoreError>> + Send + 'static,
{
    let numbers: Vec<usize> = (0..count).collect();
    for batch in numbers.chunks(CALLERS) {
        all(batch.iter().map(|number| call(*number))).await?;
    }
    Ok(())
}

/// Makes calls in tasks of their own, which end with the check.
async fn all<T, F>(calls: impl Iterator<Item = F>) -> Result<Vec<T>, NotPassed>
where
    T: Send + 'static,
    F: Future<Output = Result<T, StoreError>> + Send + 'static,
{
    let mut tasks = JoinSet::new();
    for (caller, call) in calls.enumerate() {
        tasks.spawn(async move { (caller, contained(call).await) });
    }
    let mut answers = Vec::with_capacity(tasks.len());
    while let Some(ended) = tasks.join_next().await {
        match ended {
            Ok((caller, Ok(answer))) => answers.push((caller, answer?)),
            Ok((_, Err(panic))) => return fail(format!("a call panicked: {panic}")),
            Err(cancelled) => return fail(format!("a call did not end: {cancelled}")),
        }
    }
    answers.sort_by_key(|(caller, _)| *caller);
    Ok(answers.into_iter().map(|(_, answer)| answer).collect())
}
