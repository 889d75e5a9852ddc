//! Keeps every token's calls below its budgets (contract §3.6, invariant C1): drives [`revento_core::pacing`].

mod lane;
mod permit;
mod sharing;

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use revento_core::{
    ConnectionKey, Timestamp, TokenKind,
    limits::RateLimits,
    pacing::{LimitedBy, Remaining},
};
use revento_store::BudgetStore;

pub(crate) use self::permit::Permit;
use self::{lane::Lane, sharing::Sharing};
use crate::{client::Shared, kept::Kept};

/// How calls are paced. The default keeps the contract's budgets in this process alone.
///
/// # Who goes first
/// Within a process the calls of one token go in the order in which they were asked for. Between replicas that
/// [share](Self::shared) a budget there is no order but turns: whoever has spent of it lets the others go first, so that
/// queues of equal length are done at about the same time, and no replica starves. Nobody waits without an end:
/// see [`longest_wait`](Self::longest_wait) and [`longest_queue`](Self::longest_queue).
///
/// # What is not paced
/// The list of [installations](crate::Client::installations), which no token pays for, and what you do yourself with an
/// [`access_token`](crate::EventClient::access_token).
#[derive(Clone)]
pub struct Pacing {
    on: bool,
    installation: RateLimits,
    user: RateLimits,
    longest_wait: Duration,
    longest_queue: usize,
    shared: Option<Arc<dyn BudgetStore>>,
}

impl Default for Pacing {
    fn default() -> Self {
        Self {
            on: true,
            installation: RateLimits::of(TokenKind::Installation),
            user: RateLimits::of(TokenKind::User),
            longest_wait: Duration::from_secs(2 * 60 * 60),
            longest_queue: 10_000,
            shared: None,
        }
    }
}

impl Pacing {
    /// No pacing: calls go at once, and the platform's 429 is all there is. For load tests against a platform that
    /// counts nothing.
    pub fn off() -> Self {
        Self {
            on: false,
            ..Self::default()
        }
    }

    /// The longest that one call waits for its turn, two hours unless told (the budget of an
    /// hour that is used up is back within the hour). A call that is known to wait for longer
    /// fails at once with [`Error::Paced`](crate::Error::Paced).
    #[must_use]
    pub fn longest_wait(mut self, wait: Duration) -> Self {
        self.longest_wait = wait;
        self
    }

    /// How many calls may wait for one token, 10 000 unless told; one more fails with
    /// [`Error::QueueFull`](crate::Error::QueueFull).
    #[must_use]
    pub fn longest_queue(mut self, calls: usize) -> Self {
        self.longest_queue = calls;
        self
    }

    /// Shares the budgets with all replicas that use this store. Their clocks may differ by half a second.
    ///
    /// # When the store is away
    /// Reads go on. Each replica counts what it spends itself, makes two calls at once at most, and learns of the others
    /// from the platform's headers, so that a few calls a minute get a 429 and are made again. The store is asked every
    /// five seconds; when it is back, each replica adds what it has spent meanwhile, once. A store that takes longer
    /// than two seconds counts as away. One warning says so, one line at level `INFO` when it is over.
    #[must_use]
    pub fn shared(mut self, store: Arc<dyn BudgetStore>) -> Self {
        let slack = Duration::from_millis(500);
        self.installation = self.installation.with_slack(slack);
        self.user = self.user.with_slack(slack);
        self.shared = Some(store);
        self
    }

    /// Other budgets than the contract's, for installation and for user tokens.
    #[must_use]
    pub fn budgets(mut self, installation: RateLimits, user: RateLimits) -> Self {
        self.installation = installation;
        self.user = user;
        self
    }

    fn limits(&self, kind: TokenKind) -> RateLimits {
        match kind {
            TokenKind::Installation => self.installation,
            TokenKind::User => self.user,
        }
    }
}

impl fmt::Debug for Pacing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pacing")
            .field("on", &self.on)
            .field("longest_wait", &self.longest_wait)
            .field("longest_queue", &self.longest_queue)
            .field("shared", &self.shared)
            .finish_non_exhaustive()
    }
}

/// Why a call did not get its turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Denied {
    QueueFull { waiting: usize },
    TooLong { ready_at: Timestamp, why: LimitedBy },
}

/// All lanes: one for each token that has been used lately.
pub(crate) struct Pacer {
    pacing: Pacing,
    sharing: Option<Arc<Sharing>>,
    lanes: Mutex<Kept<Lane>>,
}

impl Pacer {
    pub(crate) fn new(pacing: Pacing) -> Self {
        Self {
            sharing: pacing.shared.clone().map(Sharing::new).map(Arc::new),
            pacing,
            lanes: Mutex::default(),
        }
    }

    /// Waits for a turn, but not beyond `deadline`.
    pub(crate) async fn turn(
        &self,
        client: &Arc<Shared>,
        key: &ConnectionKey,
        deadline: Option<Timestamp>,
    ) -> Result<Permit, Denied> {
        if !self.pacing.on {
            return Ok(Permit::free());
        }
        let lane = self.lane(key, client.clock.now());
        let longest = client.clock.now().saturating_add(self.pacing.longest_wait);
        let give_up = deadline.map_or(longest, |deadline| deadline.min(longest));
        lane.turn(client, self.pacing.longest_queue, give_up).await
    }

    /// What is left for a token by this process's knowledge; `None` when it has not been used lately.
    pub(crate) fn left(&self, key: &ConnectionKey, now: Timestamp) -> Option<Remaining> {
        let lane = self.locked().get(key)?;
        Some(lane.left(now))
    }

    /// When so many more calls of a token will have gone; `now` when it is not paced.
    pub(crate) fn ready_at(&self, key: &ConnectionKey, calls: usize, now: Timestamp) -> Timestamp {
        if !self.pacing.on {
            return now;
        }
        self.lane(key, now).ready_at(calls, now)
    }

    /// How many tokens are remembered, and what that takes in bytes.
    pub(crate) fn weight(&self) -> (usize, usize) {
        let lanes = self.locked();
        let bytes = lanes.values().map(|lane| lane.size_in_memory()).sum();
        (lanes.len(), bytes)
    }

    fn lane(&self, key: &ConnectionKey, now: Timestamp) -> Arc<Lane> {
        self.locked().get_or_insert(
            key,
            |lane| lane.is_idle(now),
            || {
                let limits = self.pacing.limits(key.token_kind());
                Lane::new(key.to_string(), limits, self.sharing.clone())
            },
        )
    }

    fn locked(&self) -> std::sync::MutexGuard<'_, Kept<Lane>> {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
