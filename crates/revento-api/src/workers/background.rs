//! What a client needs beside its calls: finishes work whose callers have gone away, and keeps idle connections alive.

use std::{fmt, future::Future, pin::pin};

use futures_util::stream::{FuturesUnordered, StreamExt};

use super::RefreshIdle;
use crate::tasks::{Task, TaskQueue, TaskReceiver};

/// Finishes refreshes and code exchanges when their callers have gone away, stores new tokens as soon as a store that
/// had failed works again, and refreshes connections that nobody uses. See
/// [`Client::background`](crate::Client::background).
#[must_use = "it does nothing until it runs"]
pub struct Background {
    tasks: Option<TaskReceiver>,
    idle: Option<RefreshIdle>,
}

impl Background {
    pub(crate) fn new(queue: &TaskQueue, idle: RefreshIdle) -> Self {
        Self {
            tasks: queue.take_worker(),
            idle: Some(idle),
        }
    }

    /// Refreshes idle connections with these settings instead of the default ones.
    ///
    /// ```
    /// # fn example(client: &revento_api::Client) -> revento_api::Background {
    /// let idle = client.refresh_idle().on_consent_ending(|ending| println!("{} days left", ending.days));
    /// client.background().with_refresh_idle(idle)
    /// # }
    /// ```
    pub fn with_refresh_idle(mut self, idle: RefreshIdle) -> Self {
        self.idle = Some(idle);
        self
    }

    /// Does not refresh idle connections: another process does, or a schedule that runs
    /// [`Client::refresh_idle`](crate::Client::refresh_idle). If nothing does, a connection that nobody reads ends after
    /// 90 days.
    pub fn without_refresh_idle(mut self) -> Self {
        self.idle = None;
        self
    }

    /// Runs until `stop` resolves or the last handle of the client is dropped. After that it finishes what is under way:
    /// a refresh that is cut short brings its connection into doubt.
    ///
    /// A token pair that the store does not accept keeps it running after `stop`, because dropping the pair loses the
    /// connection. Put a time limit around it to end anyway.
    ///
    /// One worker runs for each client. Another one ends at once.
    pub async fn run(self, stop: impl Future<Output = ()>) {
        let Some(tasks) = self.tasks else { return };
        match self.idle {
            // What an idle refresh leaves behind is finished like everything else: it ends before the tasks do.
            Some(idle) => finish_tasks(tasks, idle.run(stop)).await,
            None => finish_tasks(tasks, stop).await,
        }
    }
}

/// Runs tasks until `stop` resolves or no handle of the client is left, and finishes those that are under way.
async fn finish_tasks(mut tasks: TaskReceiver, stop: impl Future<Output = ()>) {
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

impl fmt::Debug for Background {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Background")
    }
}
