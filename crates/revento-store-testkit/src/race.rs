//! Runs many calls at once.

use std::sync::Arc;

use revento_store::StoreError;
use tokio::sync::Barrier;

use crate::expect::{NotPassed, fail};

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
    let callers: Vec<_> = (0..CALLERS)
        .map(|caller| {
            let (start, answer) = (start.clone(), call(caller));
            tokio::spawn(async move {
                start.wait().await;
                answer.await
            })
        })
        .collect();
    let mut answers = Vec::with_capacity(CALLERS);
    for caller in callers {
        match caller.await {
            Ok(answer) => answers.push(answer?),
            Err(error) => return fail(format!("a caller panicked: {error}")),
        }
    }
    Ok(answers)
}

/// Makes `count` calls, [`CALLERS`] at a time.
pub(crate) async fn in_batches<F>(count: usize, call: impl Fn(usize) -> F) -> Result<(), NotPassed>
where
    F: Future<Output = Result<(), StoreError>> + Send + 'static,
{
    let numbers: Vec<usize> = (0..count).collect();
    for batch in numbers.chunks(CALLERS) {
        let calls: Vec<_> = batch.iter().map(|number| tokio::spawn(call(*number))).collect();
        for call in calls {
            match call.await {
                Ok(done) => done?,
                Err(error) => return fail(format!("a caller panicked: {error}")),
            }
        }
    }
    Ok(())
}
