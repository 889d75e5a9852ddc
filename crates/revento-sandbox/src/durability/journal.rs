//! The queue between the state and the data file. Without a file everything is durable at once.

use std::sync::atomic::{AtomicU64, Ordering};

use sqlx::SqliteConnection;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use super::file;
use crate::platform::table::Change;

/// The data file could not be written, so an answer must not claim what it would not survive.
#[derive(Debug, Clone, thiserror::Error)]
#[error(
    "the sandbox could not write its data file ({0}); free some disk space or check its permissions, then try again"
)]
pub(crate) struct Unwritten(String);

/// What the file is told.
#[derive(Debug)]
pub(crate) enum Entry {
    Changes(Vec<Change>),
    Clear,
}

#[derive(Debug, Clone, Default)]
struct Progress {
    durable: u64,
    failure: Option<String>,
}

/// Takes changes in order and tells when they are durable.
#[derive(Debug)]
pub(crate) struct Journal {
    entries: Option<mpsc::UnboundedSender<(u64, Entry)>>,
    progress: watch::Receiver<Progress>,
    latest: AtomicU64,
}

impl Journal {
    /// A journal for a sandbox that lives in memory.
    pub(crate) fn none() -> Self {
        let (_, progress) = watch::channel(Progress::default());
        Self {
            entries: None,
            progress,
            latest: AtomicU64::new(0),
        }
    }

    /// A journal into a file, and the task that writes it. The task ends when the journal is dropped.
    pub(crate) fn into_file(connection: SqliteConnection) -> (Self, JoinHandle<()>) {
        let (entries, inbox) = mpsc::unbounded_channel();
        let (report, progress) = watch::channel(Progress::default());
        let task = tokio::spawn(write_on(connection, inbox, report));
        (
            Self {
                entries: Some(entries),
                progress,
                latest: AtomicU64::new(0),
            },
            task,
        )
    }

    /// Hands changes over. Call it under the lock of the state: order is meaning.
    pub(crate) fn submit(&self, changes: Vec<Change>) -> u64 {
        if changes.is_empty() {
            self.latest()
        } else {
            self.push(Entry::Changes(changes))
        }
    }

    /// Whether there is a file behind it.
    pub(crate) fn keeps(&self) -> bool {
        self.entries.is_some()
    }

    /// Empties the file.
    pub(crate) fn clear(&self) -> u64 {
        self.push(Entry::Clear)
    }

    fn push(&self, entry: Entry) -> u64 {
        let Some(entries) = &self.entries else { return 0 };
        let ticket = self.latest.fetch_add(1, Ordering::SeqCst) + 1;
        // The writer outlives the journal; were it gone, `settled` would say so.
        let _ = entries.send((ticket, entry));
        ticket
    }

    /// The ticket of the newest change.
    pub(crate) fn latest(&self) -> u64 {
        self.latest.load(Ordering::SeqCst)
    }

    /// Waits until a ticket's changes are durable.
    pub(crate) async fn settled(&self, ticket: u64) -> Result<(), Unwritten> {
        if self.entries.is_none() {
            return Ok(());
        }
        let mut progress = self.progress.clone();
        let seen = progress
            .wait_for(|progress| progress.durable >= ticket || progress.failure.is_some())
            .await
            .map_err(|_| Unwritten("its writer has stopped".to_owned()))?;
        match &seen.failure {
            Some(failure) if seen.durable < ticket => Err(Unwritten(failure.clone())),
            _ => Ok(()),
        }
    }
}

/// Writes what has gathered in one transaction after the other. What could not be written is kept and written with
/// the next change, so that the file never has gaps.
async fn write_on(
    mut connection: SqliteConnection,
    mut inbox: mpsc::UnboundedReceiver<(u64, Entry)>,
    report: watch::Sender<Progress>,
) {
    let mut waiting: Vec<Entry> = Vec::new();
    while let Some((mut ticket, entry)) = inbox.recv().await {
        waiting.push(entry);
        while let Ok((next, entry)) = inbox.try_recv() {
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
