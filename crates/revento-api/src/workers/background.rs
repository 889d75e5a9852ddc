//! Finishes work whose callers have gone away.

use std::{fmt, pin::pin};

use futures_util::stream::{FuturesUnordered, StreamExt};

use crate::tasks::{Task, TaskQueue, TaskReceiver};

/// Finishes refreshes and code exchanges when their callers have gone away, and stores new tokens as soon as a store
/// that had failed works again. See [`Client::background`](crate::Client::background).
#[must_use = "it does nothing until it runs"]
pub struct Background {
    tasks: Option<TaskReceiver>,
}

impl Background {
    pub(crate) fn new(queue: &TaskQueue) -> Self {
        Self {
            tasks: queue.take_worker(),
        }
    }

    /// Runs until `stop` resolves or the last handle of the client is dropped. After that it finishes what is under way:
    /// a refresh that is cut short brings its connection into doubt.
    ///
    /// A token pair that the store does not accept keeps it running after `stop`, because dropping the pair loses the
    /// connection. Put a time limit around it to end anyway.
    ///
    /// One worker runs for each client. Another one ends at once.
    pub async fn run(self, stop: impl Future<Output = ()>) {
        let Some(mut tasks) = self.tasks else { return };
        tasks.start();
        let mut stop = pin!(stop);
        let (mut is_open, mut is_stopped) = (true, false);
        let mut running = FuturesUnordered::new();
        loop {
            if (is_stopped || !is_open) && running.is_empty() && tasks.is_empty() {
                return;
            }
            tokio::select! {
                task = tasks.next(), if is_open => match task {
                    Some(task) => running.push(Task::run(task)),
                    None => is_open = false,
                },
                Some(()) = running.next(), if !running.is_empty() => {}
                () = &mut stop, if !is_stopped => is_stopped = true,
            }
        }
    }
}

impl fmt::Debug for Background {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Background")
    }
}
