//! What a session keeps in memory of its connection.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use arc_swap::ArcSwapOption;
use revento_core::{ConnectionKey, RequestId, Timestamp};
use revento_oauth::refresh::{LoadedConnection, RefreshReason, Timing, Unsaved};

use super::cached_token::{CachedToken, TokenAge};

/// The access token of one connection, and what outlives a refresh that fails.
pub(super) struct TokenCache {
    pub(super) key: ConnectionKey,
    /// How much earlier than the others this session refreshes, so that connections that began together spread out.
    extra_lead_time: Duration,
    token: ArcSwapOption<CachedToken>,
    unfinished: Mutex<UnfinishedRefresh>,
}

/// What a failed store or a panic would otherwise lose.
#[derive(Default)]
pub(super) struct UnfinishedRefresh {
    /// A new pair that the store does not have.
    pub(super) unsaved: Option<Unsaved>,
    /// The id of the refresh request, once the refresh has sent it.
    pub(super) sent: Option<RequestId>,
    /// The generation whose refresh token the platform rejected, if the store does not have that.
    pub(super) rejected: Option<u64>,
}

impl TokenCache {
    pub(super) fn new(key: ConnectionKey, extra_lead_time: Duration) -> Self {
        Self {
            key,
            extra_lead_time,
            token: ArcSwapOption::empty(),
            unfinished: Mutex::default(),
        }
    }

    /// The token as it is, valid or not.
    pub(super) fn peek(&self) -> arc_swap::Guard<Option<Arc<CachedToken>>> {
        self.token.load()
    }

    /// `None` when the connection has no tokens.
    pub(super) fn store(
        &self,
        loaded: &LoadedConnection,
        age: TokenAge,
        timing: &Timing,
        now: Timestamp,
    ) -> Option<Arc<CachedToken>> {
        let token = Arc::new(CachedToken::new(loaded, age, timing, now)?);
        self.token.store(Some(Arc::clone(&token)));
        Some(token)
    }

    pub(super) fn clear(&self) {
        self.token.store(None);
    }

    /// The token, if the platform still accepts it: a store that is down must not stop what works.
    pub(super) fn still_usable(&self, reason: RefreshReason, now: Timestamp) -> Option<Arc<CachedToken>> {
        let token = self.token.load_full()?;
        let was_refused = matches!(
            reason,
            RefreshReason::TokenRejected { generation } if generation == token.generation
        );
        if was_refused || now >= token.usable_until {
            return None;
        }
        let again = Arc::new(token.trusted_a_little_longer(now));
        self.token.store(Some(Arc::clone(&again)));
        Some(again)
    }

    /// The durations for this connection.
    pub(super) fn timing(&self, mut timing: Timing) -> Timing {
        timing.lead_time = timing.lead_time.saturating_add(self.extra_lead_time);
        timing
    }

    pub(super) fn unfinished(&self) -> MutexGuard<'_, UnfinishedRefresh> {
        self.unfinished.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many bytes of memory the token and the key take beside the cache itself.
    pub(super) fn heap_bytes(&self) -> usize {
        let token = self.token.load();
        let token = token.as_ref().map_or(0, |token| token.access.expose().len());
        size_of::<CachedToken>() + token + self.key.to_string().len()
    }
}
