//! Work that a background worker finishes when its caller has gone away. Uses no other module of this crate.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicBool, Ordering},
};

use futures_core::future::BoxFuture;
use tokio::sync::mpsc;

/// Queues tasks for the background worker. Clones are handles to one queue.
#[derive(Clone)]
pub(crate) struct TaskQueue {
    sender: mpsc::UnboundedSender<Task>,
    worker: Arc<WorkerSide>,
}

/// The side of the queue that the background worker takes.
struct WorkerSide {
    receiver: Mutex<Option<mpsc::UnboundedReceiver<Task>>>,
    is_running: AtomicBool,
}

/// One piece of work.
pub(crate) struct Task {
    work: BoxFuture<'static, ()>,
    is_done: Box<dyn Fn() -> bool + Send>,
}

impl Task {
    /// `is_done` says whether others have finished the work, so that the queue can drop it.
    pub(crate) fn new(work: BoxFuture<'static, ()>, is_done: impl Fn() -> bool + Send + 'static) -> Self {
        Self {
            work,
            is_done: Box::new(is_done),
        }
    }

    pub(crate) async fn run(self) {
        self.work.await;
    }
}

impl Default for TaskQueue {
    fn default() -> Self {
        let (sender, receiver) = mpsc::unbounded_channel();
        Self {
            sender,
            worker: Arc::new(WorkerSide {
                receiver: Mutex::new(Some(receiver)),
                is_running: AtomicBool::new(false),
            }),
        }
    }
}

impl TaskQueue {
    /// Queues a task. When no worker runs, those who wait for the work's result drive it.
    pub(crate) fn push(&self, task: Task) {
        self.drop_done();
        // This fails when the worker has ended: then the callers drive the work.
        let _ = self.sender.send(task);
    }

    /// Whether a worker runs: then queued work makes progress without a caller.
    pub(crate) fn has_worker(&self) -> bool {
        self.worker.is_running.load(Ordering::Relaxed)
    }

    /// The worker's side; `None` when a worker has taken it before. It holds no sender, so the receiver ends when the
    /// last queue handle is dropped.
    pub(crate) fn take_worker(&self) -> Option<TaskReceiver> {
        let receiver = self.lock().take()?;
        let worker = Arc::clone(&self.worker);
        Some(TaskReceiver { receiver, worker })
    }

    /// Drops what others have finished: without a worker it would pile up.
    fn drop_done(&self) {
        let mut receiver = self.lock();
        let Some(waiting) = &mut *receiver else { return };
        for _ in 0..waiting.len() {
            if let Ok(task) = waiting.try_recv()
                && !(task.is_done)()
            {
                let _ = self.sender.send(task);
            }
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<mpsc::UnboundedReceiver<Task>>> {
        self.worker
            .receiver
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// Receives tasks. Dropping it ends the worker.
pub(crate) struct TaskReceiver {
    receiver: mpsc::UnboundedReceiver<Task>,
    worker: Arc<WorkerSide>,
}

impl TaskReceiver {
    /// Says that the worker runs from now on.
    pub(crate) fn start(&self) {
        self.worker.is_running.store(true, Ordering::Relaxed);
    }

    /// The next task; `None` when all handles of the queue are gone.
    pub(crate) async fn next(&mut self) -> Option<Task> {
        self.receiver.recv().await
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.receiver.is_empty()
    }
}

impl Drop for TaskReceiver {
    fn drop(&mut self) {
        self.worker.is_running.store(false, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[test]
    fn a18_finished_tasks_do_not_pile_up_where_no_worker_runs() {
        let queue = TaskQueue::default();
        let task = |is_done: bool| Task::new(std::future::pending().boxed(), move || is_done);
        queue.push(task(false));
        for _ in 0..100 {
            queue.push(task(true));
        }
        let waiting = queue.lock();
        // The unfinished one and the last one.
        assert_eq!(waiting.as_ref().unwrap().len(), 2);
    }

    #[test]
    fn there_is_one_worker_and_its_end_is_noticed() {
        let queue = TaskQueue::default();
        let worker = queue.take_worker().unwrap();
        assert!(queue.take_worker().is_none());
        worker.start();
        assert!(queue.has_worker());
        drop(worker);
        assert!(!queue.has_worker());
    }
}
