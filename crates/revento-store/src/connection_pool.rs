//! The connections of a store that reaches its engine over a network.
//!
//! A driver's own pool often takes a connection back in a task of its own, and asks before each use whether it still works: a round trip.
//! This one spawns no task and asks nothing: a call whose connection was lost is made again on another one.

mod rollbacks;

use std::{
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, sleep, timeout, timeout_at},
};

pub use self::rollbacks::Rollbacks;

/// A connection that nobody has used for this long is closed at the next call: a firewall may have forgotten it without a word.
const MAX_IDLE: Duration = Duration::from_secs(10 * 60);
/// A connection is closed after its use if it is older, so that connections spread over the addresses of a name.
const MAX_AGE: Duration = Duration::from_secs(30 * 60);
/// The pause before a server that does not accept connections is tried again.
const RECONNECT_PAUSE: Duration = Duration::from_millis(100);
/// How long a connection may take to say goodbye.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);

/// Opens connections and closes them.
pub trait Connect: Send + Sync + 'static {
    /// A connection. If it is dropped, the engine rolls its transaction back.
    type Connection: Send + 'static;
    /// Why none could be opened.
    type Error: Send;

    /// Opens a connection.
    fn open(&self) -> impl Future<Output = Result<Self::Connection, Self::Error>> + Send;

    /// Tells the engine that the connection is closed. Dropping it has to be enough.
    fn close(&self, connection: Self::Connection) -> impl Future<Output = ()> + Send;

    /// Whether a server that did not accept the connection may do so soon: it restarts, or has too many.
    fn may_pass(&self, error: &Self::Error) -> bool;
}

/// There is no connection for a call.
#[derive(Debug)]
pub enum NotAcquired<E> {
    /// None was free, or could be opened, in time.
    TimedOut,
    /// The pool is closed.
    Closed,
    /// The engine refused one.
    Refused(E),
}

/// Up to a number of connections. A clone is another handle to the same ones.
pub struct ConnectionPool<C: Connect>(Arc<Shared<C>>);

struct Shared<C: Connect> {
    connect: C,
    acquire_timeout: Duration,
    size: u32,
    permits: Arc<Semaphore>,
    /// The one that was used last is at the end, and is used first.
    idle: Mutex<Vec<Idle<C::Connection>>>,
    closed: AtomicBool,
}

struct Idle<T> {
    connection: T,
    opened_at: Instant,
    used_at: Instant,
}

impl<C: Connect> ConnectionPool<C> {
    /// Opens none yet. `acquire_timeout` is how long a call waits for one, also while the server restarts.
    pub fn new(connect: C, size: u32, acquire_timeout: Duration) -> Self {
        Self(Arc::new(Shared {
            connect,
            acquire_timeout,
            size,
            permits: Arc::new(Semaphore::new(
                usize::try_from(size).unwrap_or(Semaphore::MAX_PERMITS),
            )),
            idle: Mutex::default(),
            closed: AtomicBool::new(false),
        }))
    }

    /// Whether [`close`](Self::close) was called.
    pub fn is_closed(&self) -> bool {
        self.0.closed.load(Ordering::Acquire)
    }

    /// The most connections at once.
    pub fn size(&self) -> u32 {
        self.0.size
    }

    /// How long a call waits for a connection.
    pub fn acquire_timeout(&self) -> Duration {
        self.0.acquire_timeout
    }

    /// Waits for a connection, and opens one if none is idle. A server that restarts is waited for. Takes the time that it has waited from
    /// `patience`, so that a call that needs several connections does not wait the whole time for each.
    ///
    /// # Errors
    /// There is none in time.
    pub async fn acquire(&self, patience: &mut Duration) -> Result<Checkout<C>, NotAcquired<C::Error>> {
        let begun = Instant::now();
        let acquired = self.acquire_until(begun + *patience).await;
        *patience = patience.saturating_sub(begun.elapsed());
        acquired
    }

    async fn acquire_until(&self, deadline: Instant) -> Result<Checkout<C>, NotAcquired<C::Error>> {
        let permit = timeout_at(deadline, Arc::clone(&self.0.permits).acquire_owned())
            .await
            .map_err(|_| NotAcquired::TimedOut)?
            .map_err(|_| NotAcquired::Closed)?;
        if self.is_closed() {
            return Err(NotAcquired::Closed);
        }
        let idle = self.pop_idle();
        let (connection, opened_at) = match idle {
            Some(idle) => (idle.connection, idle.opened_at),
            None => (self.open(deadline).await?, Instant::now()),
        };
        Ok(Checkout {
            connection,
            opened_at,
            shared: Arc::clone(&self.0),
            _permit: permit,
        })
    }

    /// The idle connection that was used last. Closes those that have been idle for too long.
    fn pop_idle(&self) -> Option<Idle<C::Connection>> {
        let now = Instant::now();
        let mut idle = self.0.idle();
        idle.retain(|idle| now.duration_since(idle.used_at) < MAX_IDLE);
        idle.pop()
    }

    async fn open(&self, deadline: Instant) -> Result<C::Connection, NotAcquired<C::Error>> {
        loop {
            let opened = timeout_at(deadline, self.0.connect.open()).await;
            match opened.map_err(|_| NotAcquired::TimedOut)? {
                Ok(connection) => return Ok(connection),
                Err(error)
                    if self.0.connect.may_pass(&error) && Instant::now() + RECONNECT_PAUSE < deadline =>
                {
                    sleep(RECONNECT_PAUSE).await;
                }
                Err(error) => return Err(NotAcquired::Refused(error)),
            }
        }
    }

    /// Closes the connections that nobody uses: they were probably lost together with another one.
    pub fn discard_idle(&self) {
        self.0.idle().clear();
    }

    /// Waits for running calls and closes the connections.
    pub async fn close(&self) {
        self.0.closed.store(true, Ordering::Release);
        // The semaphore is never closed before.
        let all = self.0.permits.acquire_many(self.0.size).await;
        let idle = std::mem::take(&mut *self.0.idle());
        for idle in idle {
            // The socket is closed in any case.
            let _ = timeout(CLOSE_TIMEOUT, self.0.connect.close(idle.connection)).await;
        }
        drop(all);
        self.0.permits.close();
    }
}

impl<C: Connect> Shared<C> {
    fn idle(&self) -> MutexGuard<'_, Vec<Idle<C::Connection>>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<C: Connect> Clone for ConnectionPool<C> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<C: Connect> fmt::Debug for ConnectionPool<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectionPool")
            .field("size", &self.0.size)
            .field("closed", &self.is_closed())
            .finish_non_exhaustive()
    }
}

/// A connection in use. [Give it back](Self::give_back) only after its transaction has ended. Dropped earlier, because a call failed or its
/// future was dropped, it is closed, and the server rolls back or has committed.
pub struct Checkout<C: Connect> {
    connection: C::Connection,
    opened_at: Instant,
    shared: Arc<Shared<C>>,
    _permit: OwnedSemaphorePermit,
}

impl<C: Connect> Checkout<C> {
    /// The connection.
    pub fn connection(&mut self) -> &mut C::Connection {
        &mut self.connection
    }

    /// Lets another call use the connection.
    pub fn give_back(self) {
        let now = Instant::now();
        if now.duration_since(self.opened_at) < MAX_AGE {
            self.shared.idle().push(Idle {
                connection: self.connection,
                opened_at: self.opened_at,
                used_at: now,
            });
        }
    }
}

impl<C: Connect> fmt::Debug for Checkout<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Checkout").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A server that does not accept connections.
    struct Stopped;

    impl Connect for Stopped {
        type Connection = ();
        type Error = ();

        async fn open(&self) -> Result<(), ()> {
            Err(())
        }

        async fn close(&self, (): ()) {}

        fn may_pass(&self, (): &()) -> bool {
            true
        }
    }

    #[tokio::test]
    async fn the_time_to_wait_for_connections_is_shared_by_the_attempts_of_a_call() {
        let pool = ConnectionPool::new(Stopped, 1, Duration::from_millis(300));
        let mut patience = pool.acquire_timeout();
        assert!(pool.acquire(&mut patience).await.is_err());
        // It gives up when the next attempt would be too late.
        assert!(patience < RECONNECT_PAUSE, "{patience:?}");
        assert!(pool.acquire(&mut patience).await.is_err());
    }
}
