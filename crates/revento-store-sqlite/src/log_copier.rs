//! Copies the write-ahead log back into the file while others write, on a connection of its own.
//!
//! Without it the commit that makes the log too long copies all of it, a thousand pages with two syncs, and every caller waits. With it
//! little is left for that commit. The commit has to copy the rest, because the log begins anew only after a copy during which nobody
//! wrote.

use std::{
    pin::Pin,
    sync::{Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
};

use sqlx::{ConnectOptions as _, Connection as _, SqliteConnection, sqlite::SqliteConnectOptions};

/// After how many written pages a copy begins. SQLite copies the log in a commit when it has a thousand.
const PAGES: usize = 250;

/// A copy in progress. Returns its connection, unless that is of no more use.
type Copy = Pin<Box<dyn Future<Output = Option<SqliteConnection>> + Send>>;

/// Copies the log of one file. It opens its connection when it is first needed.
pub(crate) struct LogCopier {
    options: SqliteConnectOptions,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// About how many pages were written since the last copy began.
    pages: usize,
    connection: Option<SqliteConnection>,
    copy: Option<Copy>,
}

impl LogCopier {
    pub(crate) fn new(options: SqliteConnectOptions) -> Self {
        Self {
            options,
            state: Mutex::default(),
        }
    }

    /// Counts written pages, and begins a copy if they are many. Does not wait for it: the connection's thread works alone, and the
    /// next call learns whether it has ended.
    pub(crate) fn wrote(&self, pages: usize) {
        let mut state = self.lock();
        state.pages = state.pages.saturating_add(pages);
        state.poll();
        if state.copy.is_none() && state.pages >= PAGES {
            state.pages = 0;
            state.copy = Some(Box::pin(copy(self.options.clone(), state.connection.take())));
            state.poll();
        }
    }

    /// Waits for a copy in progress: only one connection at a time may copy.
    pub(crate) async fn pause(&self) {
        let copy = self.lock().copy.take();
        if let Some(copy) = copy {
            let connection = copy.await;
            self.lock().connection = connection;
        }
    }

    /// Waits for a copy in progress and closes the connection.
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
    /// Sends what the copy has to send, and takes the connection back if it has ended.
    fn poll(&mut self) {
        let context = &mut Context::from_waker(Waker::noop());
        if let Some(copy) = &mut self.copy
            && let Poll::Ready(connection) = copy.as_mut().poll(context)
        {
            self.connection = connection;
            self.copy = None;
        }
    }
}

/// A failure harms nothing: the log stays, and the next commit beyond a thousand pages reports what is wrong.
async fn copy(
    options: SqliteConnectOptions,
    connection: Option<SqliteConnection>,
) -> Option<SqliteConnection> {
    let mut connection = match connection {
        Some(connection) => connection,
        None => options.connect().await.ok()?,
    };
    let copied = sqlx::query("PRAGMA wal_checkpoint(PASSIVE)")
        .execute(&mut connection)
        .await;
    copied.is_ok().then_some(connection)
}
