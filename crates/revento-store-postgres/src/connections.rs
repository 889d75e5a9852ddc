//! The connections of a store.
//!
//! Not the driver's pool: that one takes a connection back in a task of its own, after a round trip that asks whether it still works.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use sqlx::{ConnectOptions as _, Connection as _, PgConnection, postgres::PgConnectOptions};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, sleep, timeout_at},
};

use crate::error::is_passing_refusal;

/// A connection that nobody has used for this long is closed at the next call: a firewall may have forgotten it without a word.
const MAX_IDLE: Duration = Duration::from_secs(10 * 60);
/// A connection is closed after its use if it is older, so that connections spread over the addresses of a name.
const MAX_AGE: Duration = Duration::from_secs(30 * 60);
/// The pause before a server that does not accept connections is tried again.
const RECONNECT_PAUSE: Duration = Duration::from_millis(100);

/// Up to a number of connections. A clone is another handle to the same ones.
#[derive(Clone)]
pub(crate) struct Connections(Arc<Shared>);

struct Shared {
    options: PgConnectOptions,
    acquire_timeout: Duration,
    size: u32,
    permits: Arc<Semaphore>,
    /// The one that was used last is at the end, and is used first.
    idle: Mutex<Vec<Idle>>,
    closed: AtomicBool,
}

struct Idle {
    connection: PgConnection,
    opened_at: Instant,
    used_at: Instant,
}

impl Connections {
    /// Opens none yet.
    pub(crate) fn new(options: PgConnectOptions, size: u32, acquire_timeout: Duration) -> Self {
        Self(Arc::new(Shared {
            options,
            acquire_timeout,
            size,
            permits: Arc::new(Semaphore::new(
                usize::try_from(size).unwrap_or(Semaphore::MAX_PERMITS),
            )),
            idle: Mutex::default(),
            closed: AtomicBool::new(false),
        }))
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.0.closed.load(Ordering::Acquire)
    }

    pub(crate) fn size(&self) -> u32 {
        self.0.size
    }

    pub(crate) fn acquire_timeout(&self) -> Duration {
        self.0.acquire_timeout
    }

    /// Waits for a connection, and opens one if none is idle. A server that restarts is waited for. Takes the time that it has waited from
    /// `patience`, so that a call that needs several connections does not wait the whole time for each.
    pub(crate) async fn acquire(&self, patience: &mut Duration) -> Result<Checkout, sqlx::Error> {
        let begun = Instant::now();
        let acquired = self.acquire_until(begun + *patience).await;
        *patience = patience.saturating_sub(begun.elapsed());
        acquired
    }

    async fn acquire_until(&self, deadline: Instant) -> Result<Checkout, sqlx::Error> {
        let permit = timeout_at(deadline, Arc::clone(&self.0.permits).acquire_owned())
            .await
            .map_err(|_| sqlx::Error::PoolTimedOut)?
            .map_err(|_| sqlx::Error::PoolClosed)?;
        if self.is_closed() {
            return Err(sqlx::Error::PoolClosed);
        }
        let idle = self.pop_idle();
        let (connection, opened_at) = match idle {
            Some(idle) => (idle.connection, idle.opened_at),
            None => (self.open(deadline).await?, Instant::now()),
        };
        Ok(Checkout {
            connection: Some(connection),
            opened_at,
            shared: Arc::clone(&self.0),
            _permit: permit,
        })
    }

    /// The idle connection that was used last. Closes those that have been idle for too long.
    fn pop_idle(&self) -> Option<Idle> {
        let now = Instant::now();
        let mut idle = self.idle();
        idle.retain(|idle| now.duration_since(idle.used_at) < MAX_IDLE);
        idle.pop()
    }

    async fn open(&self, deadline: Instant) -> Result<PgConnection, sqlx::Error> {
        loop {
            let opened = timeout_at(deadline, self.0.options.connect()).await;
            match opened.map_err(|_| sqlx::Error::PoolTimedOut)? {
                Err(error) if is_passing_refusal(&error) && Instant::now() + RECONNECT_PAUSE < deadline => {
                    sleep(RECONNECT_PAUSE).await;
                }
                opened => return opened,
            }
        }
    }

    /// Closes the connections that nobody uses: they were probably lost together with another one.
    pub(crate) fn discard_idle(&self) {
        self.idle().clear();
    }

    /// Waits for running calls and closes the connections.
    pub(crate) async fn close(&self) {
        self.0.closed.store(true, Ordering::Release);
        // The semaphore is never closed before.
        let all = self.0.permits.acquire_many(self.0.size).await;
        let idle = std::mem::take(&mut *self.idle());
        for idle in idle {
            // The socket is closed in any case.
            let _ = idle.connection.close().await;
        }
        drop(all);
        self.0.permits.close();
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Idle>> {
        self.0.idle()
    }
}

impl Shared {
    fn idle(&self) -> MutexGuard<'_, Vec<Idle>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection in use. It goes back only after its transaction has ended. Dropped earlier, because a call failed or its future was
/// dropped, it is closed, and the server rolls back or has committed.
pub(crate) struct Checkout {
    connection: Option<PgConnection>,
    opened_at: Instant,
    shared: Arc<Shared>,
    _permit: OwnedSemaphorePermit,
}

impl Checkout {
    pub(crate) fn connection(&mut self) -> Result<&mut PgConnection, sqlx::Error> {
        self.connection.as_mut().ok_or(sqlx::Error::PoolClosed)
    }

    pub(crate) fn give_back(mut self) {
        let now = Instant::now();
        if let Some(connection) = self.connection.take()
            && now.duration_since(self.opened_at) < MAX_AGE
        {
            self.shared.idle().push(Idle {
                connection,
                opened_at: self.opened_at,
                used_at: now,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_time_to_wait_for_connections_is_shared_by_the_attempts_of_a_call() {
        let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = nobody.local_addr().unwrap().port();
        drop(nobody);
        let options = PgConnectOptions::new().host("127.0.0.1").port(port);
        let connections = Connections::new(options, 1, Duration::from_millis(300));
        let mut patience = connections.acquire_timeout();
        assert!(connections.acquire(&mut patience).await.is_err());
        // It gives up when the next attempt would be too late.
        assert!(patience < RECONNECT_PAUSE, "{patience:?}");
        assert!(connections.acquire(&mut patience).await.is_err());
    }
}
