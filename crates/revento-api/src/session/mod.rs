//! One connection's tokens: a cache, and at most one run of the refresh machine at a time.

mod driver;
mod error;

pub use error::SessionError;

use std::{
    panic::AssertUnwindSafe,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use arc_swap::ArcSwapOption;
use futures_util::{
    FutureExt,
    future::{BoxFuture, Shared as SharedFuture},
};
use revento_core::{AccessToken, Connection, ConnectionKey, Status, Timestamp};
use revento_oauth::refresh::{LoadedConnection, RefreshReason, Timing, Unsaved};

use crate::client::Shared;

/// The tokens of one connection.
pub(crate) struct Session {
    pub(crate) key: ConnectionKey,
    timing: Timing,
    live: ArcSwapOption<Live>,
    flight: Mutex<Option<Flight>>,
    unsaved: Mutex<Option<Unsaved>>,
    /// When a token was last asked for, in seconds since 1970.
    used: AtomicI64,
}

/// A run that any number of callers wait for. It goes on where it stood when a caller goes away.
pub(crate) type Flight = SharedFuture<BoxFuture<'static, Result<Arc<Live>, SessionError>>>;

/// An access token that can be used.
pub(crate) struct Live {
    pub(crate) access: AccessToken,
    pub(crate) generation: u64,
    /// Up to here nobody has to ask the store.
    trusted_until: Timestamp,
    /// Up to here the platform takes it, as far as we know.
    pub(crate) usable_until: Timestamp,
}

/// How long to trust a token that is close to its end while another replica is refreshing it.
const LOOK_AGAIN: Duration = Duration::from_secs(5);
/// Who was not asked for a token for so long is forgotten when room is needed.
const IDLE: Duration = Duration::from_secs(3600);
/// Over how long the proactive refreshes of connections that began together spread out.
const SPREAD: Duration = Duration::from_secs(120);

impl Session {
    pub(crate) fn new(key: ConnectionKey, client: &Arc<Shared>) -> Arc<Self> {
        let mut timing = client.timing;
        timing.lead_time = timing.lead_time.saturating_add(client.share_of(SPREAD));
        Arc::new(Self {
            key,
            timing,
            live: ArcSwapOption::empty(),
            flight: Mutex::default(),
            unsaved: Mutex::default(),
            used: AtomicI64::new(client.clock.now().unix_seconds()),
        })
    }

    /// A token that is good for a while. The cached path touches neither the store nor a lock.
    pub(crate) async fn token(self: &Arc<Self>, client: &Arc<Shared>) -> Result<Arc<Live>, SessionError> {
        let now = client.clock.now();
        self.note_use(now);
        if let Some(live) = &*self.live.load() {
            if now < live.trusted_until {
                return Ok(Arc::clone(live));
            }
            // Close to its end it is refreshed, but as long as it works nobody waits for that.
            if now < live.usable_until && client.backlog.is_driven() {
                drop(self.flight(client, RefreshReason::TokenRequested));
                return Ok(Arc::clone(live));
            }
        }
        self.flight(client, RefreshReason::TokenRequested).await
    }

    /// A token after the platform has answered `token_expired` to this one. However many callers were
    /// refused, one refresh is sent.
    pub(crate) async fn token_after(
        self: &Arc<Self>,
        client: &Arc<Shared>,
        refused: &Live,
    ) -> Result<Arc<Live>, SessionError> {
        let generation = refused.generation;
        loop {
            match &*self.live.load() {
                Some(live) if live.generation != generation => return Ok(Arc::clone(live)),
                _ => {}
            }
            // A run that began before the refusal may still give the refused token: look again.
            let live = self
                .flight(client, RefreshReason::TokenRejected { generation })
                .await?;
            if live.generation != generation {
                return Ok(live);
            }
        }
    }

    /// Forgets what is cached: the store knows better.
    pub(crate) fn forget(&self) {
        self.live.store(None);
    }

    /// Whether it was not used for an hour, and nothing would be lost with it: no run is under way, no pair is left to
    /// store.
    pub(crate) fn is_idle(&self, now: Timestamp) -> bool {
        let used = Timestamp::from_unix_seconds(self.used.load(Ordering::Relaxed));
        let is_flying = || {
            let flight = self.flight.lock().unwrap_or_else(PoisonError::into_inner);
            flight.as_ref().is_some_and(|flight| flight.peek().is_none())
        };
        let is_unsaved = || {
            self.unsaved
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .is_some()
        };
        now.saturating_since(used) >= IDLE && !is_flying() && !is_unsaved()
    }

    /// Written once a second at most, so that many threads can share the cached path.
    fn note_use(&self, now: Timestamp) {
        let now = now.unix_seconds();
        if self.used.load(Ordering::Relaxed) != now {
            self.used.store(now, Ordering::Relaxed);
        }
    }

    /// How many bytes of memory it takes, itself included.
    pub(crate) fn size_in_memory(&self) -> usize {
        let live = self.live.load();
        let token = live.as_ref().map_or(0, |live| live.access.expose().len());
        size_of::<Self>() + size_of::<Live>() + token + self.key.to_string().len()
    }

    /// Starts a run, or joins the one that is under way.
    pub(crate) fn flight(self: &Arc<Self>, client: &Arc<Shared>, why: RefreshReason) -> Flight {
        let mut slot = self.flight.lock().unwrap_or_else(PoisonError::into_inner);
        match &*slot {
            Some(flight) if flight.peek().is_none() => flight.clone(),
            _ => {
                let run = Arc::clone(self).run(Arc::clone(client), why);
                // A store or transport that panics must not make every later call panic as well.
                let run = AssertUnwindSafe(run).catch_unwind();
                let flight = run
                    .map(|run| run.unwrap_or_else(|_| Err(panicked())))
                    .boxed()
                    .shared();
                client.backlog.add(self, &flight);
                slot.insert(flight).clone()
            }
        }
    }

    fn keep(&self, snapshot: &LoadedConnection, now: Timestamp) -> Option<Arc<Live>> {
        let tokens = snapshot.tokens.as_ref()?;
        let live = Arc::new(Live {
            access: tokens.access.clone(),
            generation: snapshot.connection.generation,
            trusted_until: self.trusted_until(&snapshot.connection, now),
            usable_until: self.usable_until(&snapshot.connection),
        });
        self.live.store(Some(Arc::clone(&live)));
        Some(live)
    }

    /// What is cached, if the platform still takes it: a store that is down must not stop what works.
    fn carry_on(&self, why: RefreshReason, now: Timestamp) -> Option<Arc<Live>> {
        let live = self.live.load_full()?;
        let refused =
            matches!(why, RefreshReason::TokenRejected { generation } if generation == live.generation);
        if refused || now >= live.usable_until {
            return None;
        }
        let again = Arc::new(Live {
            access: live.access.clone(),
            generation: live.generation,
            trusted_until: now.saturating_add(LOOK_AGAIN).min(live.usable_until),
            usable_until: live.usable_until,
        });
        self.live.store(Some(Arc::clone(&again)));
        Some(again)
    }

    fn usable_until(&self, connection: &Connection) -> Timestamp {
        connection
            .access_expires_at
            .saturating_sub(self.timing.clock_skew)
    }

    fn trusted_until(&self, connection: &Connection, now: Timestamp) -> Timestamp {
        let usable = self.usable_until(connection);
        let lead = self.timing.lead_time_for(connection);
        let due = connection.access_expires_at.saturating_sub(lead);
        match connection.status {
            // Nothing may be sent before its end, so there is nothing to ask for.
            Status::InDoubt => usable,
            _ => due.max(now.saturating_add(LOOK_AGAIN)).min(usable),
        }
    }
}

fn panicked() -> SessionError {
    SessionError::Store {
        trouble: "the store, the sealer or the transport panicked".into(),
    }
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session")
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}
