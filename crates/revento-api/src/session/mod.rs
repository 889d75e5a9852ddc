//! The tokens of each connection: a cached access token, and at most one refresh at a time.
//!
//! A token is cached in `cached_token`, refreshed in `refresher`, and found by its connection in `sessions`.
//! May use `sealed_tokens`, `token_endpoint`, `tasks`, `idle_map`, `http` (metrics), `runtime` and `error`.

mod cached_token;
mod refresher;
mod scopes_changed;
mod sessions;

pub use self::scopes_changed::ScopesChanged;
pub(crate) use self::{
    cached_token::CachedToken, refresher::Refresher, scopes_changed::OnScopesChanged, sessions::Sessions,
};

use std::{
    panic::AssertUnwindSafe,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use arc_swap::ArcSwapOption;
use futures_util::{
    FutureExt,
    future::{BoxFuture, Shared},
};
use revento_core::{ConnectionKey, RequestId, Timestamp};
use revento_oauth::refresh::{LoadedConnection, RefreshReason, Timing, Unsaved};

use crate::{
    error::SessionError,
    tasks::{Task, TaskQueue},
};

/// The tokens of one connection.
pub(crate) struct Session {
    key: ConnectionKey,
    /// How much earlier than the others this session refreshes, so that connections that began together spread out.
    extra_lead_time: Duration,
    cached: ArcSwapOption<CachedToken>,
    refresh: Mutex<Option<SharedRefresh>>,
    /// What a panic or a failed store would otherwise lose.
    salvage: Mutex<Salvage>,
    /// When a token was last asked for, in seconds since 1970.
    used: AtomicI64,
    refresher: Arc<Refresher>,
    tasks: TaskQueue,
}

/// A refresh that any number of callers wait for. It continues with the next caller when one goes away.
pub(crate) type SharedRefresh = Shared<BoxFuture<'static, Result<Arc<CachedToken>, SessionError>>>;

/// What outlives a run that panics.
#[derive(Default)]
struct Salvage {
    /// A new pair that the store does not have.
    unsaved: Option<Unsaved>,
    /// The id of the refresh request, once the run has sent it.
    sent: Option<RequestId>,
}

/// Sessions that nobody asked for a token for this long are idle.
const IDLE_AFTER: Duration = Duration::from_secs(3600);
/// The largest `extra_lead_time`.
const SPREAD: Duration = Duration::from_secs(120);
/// How long to wait before an unsaved pair is stored again.
const SAVE_AGAIN: Duration = Duration::from_secs(2);

impl Session {
    fn new(key: ConnectionKey, refresher: Arc<Refresher>, tasks: TaskQueue) -> Arc<Self> {
        let runtime = &refresher.runtime;
        Arc::new(Self {
            key,
            extra_lead_time: runtime.jitter(SPREAD),
            cached: ArcSwapOption::empty(),
            refresh: Mutex::default(),
            salvage: Mutex::default(),
            used: AtomicI64::new(runtime.now().unix_seconds()),
            refresher,
            tasks,
        })
    }

    pub(crate) fn key(&self) -> &ConnectionKey {
        &self.key
    }

    /// A token that is usable for a while. The cached path touches neither the store nor a lock.
    pub(crate) async fn token(self: &Arc<Self>) -> Result<Arc<CachedToken>, SessionError> {
        let now = self.refresher.runtime.now();
        self.note_use(now);
        if let Some(token) = &*self.cached.load() {
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
            match &*self.cached.load() {
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
        self.cached.store(None);
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
        let run = self.refresher.run(self, reason);
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
        let salvage = self.salvage();
        let request_id = salvage.sent.clone();
        let error = match salvage.unsaved {
            Some(_) => SessionError::Unsaved {
                request_id,
                source: None,
            },
            None => SessionError::Panicked {
                sent: request_id.is_some(),
                request_id,
            },
        };
        tracing::error!(connection = %self.key, %error, "a refresh panicked");
        error
    }

    fn cache(&self, loaded: &LoadedConnection, now: Timestamp) -> Option<Arc<CachedToken>> {
        let token = Arc::new(CachedToken::new(loaded, &self.timing(), now)?);
        self.cached.store(Some(Arc::clone(&token)));
        Some(token)
    }

    /// The cached token, if the platform still accepts it: a store that is down must not stop what works.
    fn still_usable(&self, reason: RefreshReason, now: Timestamp) -> Option<Arc<CachedToken>> {
        let token = self.cached.load_full()?;
        let was_refused =
            matches!(reason, RefreshReason::TokenRejected { generation } if generation == token.generation);
        if was_refused || now >= token.usable_until {
            return None;
        }
        let again = Arc::new(token.trusted_a_little_longer(now));
        self.cached.store(Some(Arc::clone(&again)));
        Some(again)
    }

    fn timing(&self) -> Timing {
        let mut timing = self.refresher.timing;
        timing.lead_time = timing.lead_time.saturating_add(self.extra_lead_time);
        timing
    }

    fn salvage(&self) -> MutexGuard<'_, Salvage> {
        self.salvage.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the session was not used for an hour, and its eviction loses nothing: no refresh is under way, and no
    /// pair is unsaved.
    fn is_idle(&self, now: Timestamp) -> bool {
        let used = Timestamp::from_unix_seconds(self.used.load(Ordering::Relaxed));
        let is_refreshing = || {
            let refresh = self.refresh.lock().unwrap_or_else(PoisonError::into_inner);
            refresh.as_ref().is_some_and(|refresh| refresh.peek().is_none())
        };
        now.saturating_since(used) >= IDLE_AFTER && !is_refreshing() && self.salvage().unsaved.is_none()
    }

    /// Written once a second at most, so that many threads can share the cached path.
    fn note_use(&self, now: Timestamp) {
        let now = now.unix_seconds();
        if self.used.load(Ordering::Relaxed) != now {
            self.used.store(now, Ordering::Relaxed);
        }
    }

    /// How many bytes of memory the session takes, itself included.
    fn size_in_memory(&self) -> usize {
        let cached = self.cached.load();
        let token = cached.as_ref().map_or(0, |token| token.access.expose().len());
        size_of::<Self>() + size_of::<CachedToken>() + token + self.key.to_string().len()
    }
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session")
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}
