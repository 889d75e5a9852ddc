//! The queue between the state and the data file. Without a file, every change counts as durable at once.

use std::sync::atomic::{AtomicU64, Ordering};

use sqlx::SqliteConnection;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use super::entry::Entry;
use super::error::WriteError;
use super::file;
use crate::platform::table::Change;

#[derive(Debug, Clone, Default)]
struct Progress {
    /// The newest ticket whose changes are in the file.
    durable: u64,
    failure: Option<String>,
}

/// Takes changes in order and reports when they are durable.
#[derive(Debug)]
pub(crate) struct Journal {
    entries: Option<mpsc::UnboundedSender<(u64, Entry)>>,
    progress: watch::Receiver<Progress>,
    latest: AtomicU64,
}

impl Journal {
    /// A journal without a file.
    pub(crate) fn in_memory() -> Self {
        let (_, progress) = watch::channel(Progress::default());
        Self {
            entries: None,
            progress,
            latest: AtomicU64::new(0),
        }
    }

    /// A journal into a file, and the task that writes it. The task ends when the journal is dropped.
    pub(crate) fn into_file(connection: SqliteConnection) -> (Self, JoinHandle<()>) {
        let (entries, queue) = mpsc::unbounded_channel();
        let (report, progress) = watch::channel(Progress::default());
        let task = tokio::spawn(write_entries(connection, queue, report));
        (
            Self {
                entries: Some(entries),
                progress,
                latest: AtomicU64::new(0),
            },
            task,
        )
    }

    /// Queues changes and returns their ticket. Call it under the lock of the state, so that the file receives the
    /// changes in their order.
    pub(crate) fn submit(&self, changes: Vec<Change>) -> u64 {
        if changes.is_empty() {
            self.latest()
        } else {
            self.push(Entry::Changes(changes))
        }
    }

    /// Whether the journal writes a file.
    pub(crate) fn has_file(&self) -> bool {
        self.entries.is_some()
    }

    /// Empties the file.
    pub(crate) fn clear(&self) -> u64 {
        self.push(Entry::Clear)
    }

    fn push(&self, entry: Entry) -> u64 {
        let Some(entries) = &self.entries else { return 0 };
        let ticket = self.latest.fetch_add(1, Ordering::SeqCst) + 1;
        // If the writer task has ended, `wait_durable` reports it.
        let _ = entries.send((ticket, entry));
        ticket
    }

    /// The ticket of the newest change.
    pub(crate) fn latest(&self) -> u64 {
        self.latest.load(Ordering::SeqCst)
    }

    /// Waits until a ticket's changes are durable.
    pub(crate) async fn wait_durable(&self, ticket: u64) -> Result<(), WriteError> {
        if self.entries.is_none() {
            return Ok(());
        }
        let mut progress = self.progress.clone();
        let seen = progress
            .wait_for(|progress| progress.durable >= ticket || progress.failure.is_some())
            .await
            .map_err(|_| WriteError("its writer has stopped".to_owned()))?;
        match &seen.failure {
            Some(failure) if seen.durable < ticket => Err(WriteError(failure.clone())),
            _ => Ok(()),
        }
    }
}

/// Writes all queued entries in one transaction, again and again. It keeps entries that could not be written and
/// writes them with the next ones, so that the file never has gaps.
async fn write_entries(
    mut connection: SqliteConnection,
    mut queue: mpsc::UnboundedReceiver<(u64, Entry)>,
    report: watch::Sender<Progress>,
) {
    let mut waiting: Vec<Entry> = Vec::new();
    while let Some((mut ticket, entry)) = queue.recv().await {
        waiting.push(entry);
        while let Ok((next, entry)) = queue.try_recv() {
            ticket = next;
            waiting.push(entry);
        }
        match file::write(&mut connection, &waiting).await {
            Ok(()) => {
                waiting.clear();
                report.send_replace(Progress {
                    durable: ticket,
                    failure: None,
                });
            }
            Err(error) => {
                tracing::error!(%error, "the data file could not be written");
                report.send_modify(|progress| progress.failure = Some(error.to_string()));
            }
        }
    }
    if let Err(error) = sqlx::Connection::close(connection).await {
        tracing::warn!(%error, "the data file was not closed cleanly");
    }
}
