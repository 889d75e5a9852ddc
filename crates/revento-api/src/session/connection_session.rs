//! One connection's session: gives out its token, and lets any number of callers share one refresh.

use std::{
    panic::AssertUnwindSafe,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use futures_util::{
    FutureExt,
    future::{BoxFuture, Shared},
};
use revento_core::{ConnectionKey, Timestamp};
use revento_oauth::refresh::RefreshReason;

use super::{cached_token::CachedToken, refresher::Refresher, token_cache::TokenCache};
use crate::{
    error::SessionError,
    tasks::{Task, TaskQueue},
};

/// The tokens of one connection.
pub(crate) struct Session {
    cache: TokenCache,
    refresh: Mutex<Option<SharedRefresh>>,
    /// When a token was last asked for, in seconds since 1970.
    used: AtomicI64,
    refresher: Arc<Refresher>,
    tasks: TaskQueue,
}

/// A refresh that any number of callers wait for. It continues with the next caller when one goes away.
pub(crate) type SharedRefresh = Shared<BoxFuture<'static, Result<Arc<CachedToken>, SessionError>>>;

/// Sessions that nobody asked for a token for this long are idle.
const IDLE_AFTER: Duration = Duration::from_secs(3600);
/// Refreshes of connections that began together spread out over this time.
const SPREAD: Duration = Duration::from_secs(120);
/// How long to wait before an unsaved pair is stored again.
const SAVE_AGAIN: Duration = Duration::from_secs(2);

impl Session {
    pub(super) fn new(key: ConnectionKey, refresher: Arc<Refresher>, tasks: TaskQueue) -> Arc<Self> {
        let runtime = &refresher.runtime;
        Arc::new(Self {
            cache: TokenCache::new(key, runtime.jitter(SPREAD)),
            refresh: Mutex::default(),
            used: AtomicI64::new(runtime.now().unix_seconds()),
            refresher,
            tasks,
        })
    }

    pub(crate) fn key(&self) -> &ConnectionKey {
        &self.cache.key
    }

    /// A token that is usable for a while. The cached path touches neither the store nor a lock.
    pub(crate) async fn token(self: &Arc<Self>) -> Result<Arc<CachedToken>, SessionError> {
        let now = self.refresher.runtime.now();
        self.note_use(now);
        if let Some(token) = &*self.cache.peek() {
            if now < token.trusted_until {
                return Ok(Arc::clone(token));
            }
            // The background worker refreshes it, and no caller waits while the token is still usable.
            if now < token.usable_until && self.tasks.has_worker() {
                drop(self.refresh(RefreshReason::TokenRequested));
                return Ok(Arc::clone(token));
            }
        }
        self.refresh(RefreshReason::TokenRequested).await
    }

    /// A token after the platform has answered `token_expired` to this one. However many callers were
    /// refused, one refresh is sent.
    pub(crate) async fn token_after(
        self: &Arc<Self>,
        refused: &CachedToken,
    ) -> Result<Arc<CachedToken>, SessionError> {
        let generation = refused.generation;
        loop {
            match &*self.cache.peek() {
                Some(token) if token.generation != generation => return Ok(Arc::clone(token)),
                _ => {}
            }
            // A refresh that began before the refusal may still give the refused token: ask again.
            let token = self.refresh(RefreshReason::TokenRejected { generation }).await?;
            if token.generation != generation {
                return Ok(token);
            }
        }
    }

    /// Drops the cached token: the store knows a newer state.
    pub(crate) fn drop_cached(&self) {
        self.cache.clear();
    }

    /// Starts a refresh, or joins the one that is under way.
    pub(crate) fn refresh(self: &Arc<Self>, reason: RefreshReason) -> SharedRefresh {
        let mut slot = self.refresh.lock().unwrap_or_else(PoisonError::into_inner);
        match &*slot {
            Some(refresh) if refresh.peek().is_none() => refresh.clone(),
            _ => {
                let session = Arc::clone(self);
                let refresh = async move { session.run(reason).await }.boxed().shared();
                self.tasks.push(self.task(refresh.clone()));
                slot.insert(refresh).clone()
            }
        }
    }

    async fn run(&self, reason: RefreshReason) -> Result<Arc<CachedToken>, SessionError> {
        let run = self.refresher.run(&self.cache, reason);
        // A dependency that panics must not make every later call panic as well.
        match AssertUnwindSafe(run).catch_unwind().await {
            Ok(result) => result,
            Err(_) => Err(self.panicked()),
        }
    }

    /// What the background worker does for a refresh: it drives it to its end, and starts another one while a new pair
    /// is not stored.
    fn task(self: &Arc<Self>, refresh: SharedRefresh) -> Task {
        let is_unsaved = |end: &Result<_, _>| matches!(end, Err(SessionError::Unsaved { .. }));
        let (session, runtime) = (Arc::downgrade(self), self.refresher.runtime.clone());
        let watched = refresh.clone();
        let work = async move {
            if is_unsaved(&refresh.await) {
                runtime.sleep(SAVE_AGAIN).await;
                if let Some(session) = session.upgrade() {
                    drop(session.refresh(RefreshReason::TokenRequested));
                }
            }
        };
        Task::new(work.boxed(), move || {
            watched.peek().is_some_and(|end| !is_unsaved(end))
        })
    }

    fn panicked(&self) -> SessionError {
        let unfinished = self.cache.unfinished();
        let request_id = unfinished.sent.clone();
        let error = match unfinished.unsaved {
            Some(_) => SessionError::Unsaved {
                request_id,
                source: None,
            },
            None => SessionError::Panicked {
                sent: request_id.is_some(),
                request_id,
            },
        };
        tracing::error!(connection = %self.cache.key, %error, "a refresh panicked");
        error
    }

    /// Whether the session was not used for an hour, and its eviction loses nothing: no refresh is under way, and no
    /// pair is unsaved.
    pub(super) fn is_idle(&self, now: Timestamp) -> bool {
        let used = Timestamp::from_unix_seconds(self.used.load(Ordering::Relaxed));
        let is_refreshing = || {
            let refresh = self.refresh.lock().unwrap_or_else(PoisonError::into_inner);
            refresh.as_ref().is_some_and(|refresh| refresh.peek().is_none())
        };
        now.saturating_since(used) >= IDLE_AFTER
            && !is_refreshing()
            && self.cache.unfinished().unsaved.is_none()
    }

    /// Written once a second at most, so that many threads can share the cached path.
    fn note_use(&self, now: Timestamp) {
        let now = now.unix_seconds();
        if self.used.load(Ordering::Relaxed) != now {
            self.used.store(now, Ordering::Relaxed);
        }
    }

    /// How many bytes of memory the session takes, itself included.
    pub(super) fn size_in_memory(&self) -> usize {
        size_of::<Self>() + self.cache.heap_bytes()
    }
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session")
            .field("key", &self.cache.key)
            .finish_non_exhaustive()
    }
}
