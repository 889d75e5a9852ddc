//! Runs passive checkpoints while others write, on a connection of its own.
//!
//! SQLite's own checkpoint runs in the commit that makes the write-ahead log too long. That commit copies a thousand pages with two syncs,
//! and every caller waits. After passive checkpoints little is left for it. Something is always left, because SQLite starts the log anew
//! only after a checkpoint during which nobody wrote.

use std::{
    pin::Pin,
    sync::{Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
};

use sqlx::{ConnectOptions as _, Connection as _, SqliteConnection, sqlite::SqliteConnectOptions};

/// After how many written pages a checkpoint begins. SQLite's own checkpoint begins in a commit, at a thousand.
const PAGES: usize = 250;

/// A checkpoint in progress. Returns its connection, unless that failed.
type Checkpoint = Pin<Box<dyn Future<Output = Option<SqliteConnection>> + Send>>;

/// Runs the checkpoints of one file. It opens its connection when it is first needed.
pub(crate) struct Checkpointer {
    options: SqliteConnectOptions,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// About how many pages were written since the last checkpoint began.
    pages: usize,
    connection: Option<SqliteConnection>,
    checkpoint: Option<Checkpoint>,
}

impl Checkpointer {
    pub(crate) fn new(options: SqliteConnectOptions) -> Self {
        Self {
            options,
            state: Mutex::default(),
        }
    }

    /// Counts written pages, and begins a checkpoint if they are many. Does not wait for it: the connection's thread works alone, and the
    /// next call learns whether it has ended.
    pub(crate) fn wrote(&self, pages: usize) {
        let mut state = self.lock();
        state.pages = state.pages.saturating_add(pages);
        state.poll();
        if state.checkpoint.is_none() && state.pages >= PAGES {
            state.pages = 0;
            state.checkpoint = Some(Box::pin(checkpoint(
                self.options.clone(),
                state.connection.take(),
            )));
            state.poll();
        }
    }

    /// Waits for a checkpoint in progress: only one connection at a time can run one.
    pub(crate) async fn pause(&self) {
        let checkpoint = self.lock().checkpoint.take();
        if let Some(checkpoint) = checkpoint {
            let connection = checkpoint.await;
            self.lock().connection = connection;
        }
    }

    /// Waits for a checkpoint in progress and closes the connection.
    pub(crate) async fn close(&self) {
        self.pause().await;
        let connection = self.lock().connection.take();
        if let Some(connection) = connection {
            // It is closed in any case, and has nothing to lose.
            let _ = connection.close().await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Sends what the checkpoint has to send, and takes the connection back if it has ended.
    fn poll(&mut self) {
        let context = &mut Context::from_waker(Waker::noop());
        if let Some(checkpoint) = &mut self.checkpoint
            && let Poll::Ready(connection) = checkpoint.as_mut().poll(context)
        {
            self.connection = connection;
            self.checkpoint = None;
        }
    }
}

/// A failure harms nothing: the log stays, and the next commit beyond a thousand pages reports what is wrong.
async fn checkpoint(
    options: SqliteConnectOptions,
    connection: Option<SqliteConnection>,
) -> Option<SqliteConnection> {
    let mut connection = match connection {
        Some(connection) => connection,
        None => options.connect().await.ok()?,
    };
    let done = sqlx::query("PRAGMA wal_checkpoint(PASSIVE)")
        .execute(&mut connection)
        .await;
    done.is_ok().then_some(connection)
}
