//! Many callers at once.

use std::sync::Arc;

use revento_store::StoreError;
use tokio::sync::Barrier;

use crate::expect::{NotPassed, fail};

/// How many callers race.
pub(crate) const CALLERS: usize = 50;
/// How often a race is run: one that a store loses now and then should be lost here.
pub(crate) const ROUNDS: usize = 4;

/// Starts all calls at the same moment and gives their answers in the order of the callers.
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

/// Makes many calls, as many at once as there are callers.
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
