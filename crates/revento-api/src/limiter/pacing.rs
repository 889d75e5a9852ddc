//! How calls are paced: the settings.

use std::{fmt, sync::Arc, time::Duration};

use revento_core::{TokenKind, limits::RateLimits};
use revento_store::BudgetStore;

/// How calls are paced. The default keeps the contract's budgets in this process alone.
///
/// # Order
/// Within a process the calls of one token go in the order in which they were made. Between replicas that
/// [share](Self::shared) a budget there are turns instead of an order: a replica that has spent from the budget lets the
/// others go first, so that queues of equal length are done at about the same time, and no replica starves. Every wait
/// has an end: see [`longest_wait`](Self::longest_wait) and [`longest_queue`](Self::longest_queue).
///
/// # Calls that are not paced
/// The list of [installations](crate::Client::installations), which uses no token, and the calls that you make yourself
/// with an [`access_token`](crate::EventClient::access_token).
#[derive(Clone)]
pub struct Pacing {
    pub(super) is_on: bool,
    installation: RateLimits,
    user: RateLimits,
    pub(super) longest_wait: Duration,
    pub(super) longest_queue: usize,
    pub(super) store: Option<Arc<dyn BudgetStore>>,
}

impl Default for Pacing {
    fn default() -> Self {
        Self {
            is_on: true,
            installation: RateLimits::of(TokenKind::Installation),
            user: RateLimits::of(TokenKind::User),
            longest_wait: Duration::from_secs(2 * 60 * 60),
            longest_queue: 10_000,
            store: None,
        }
    }
}

impl Pacing {
    /// No pacing: calls go at once, and only the platform's 429 limits them. For load tests against a platform that
    /// counts nothing.
    pub fn off() -> Self {
        Self {
            is_on: false,
            ..Self::default()
        }
    }

    /// The longest that one call waits for its turn, two hours by default. A budget of an hour that is exhausted is
    /// available again within the hour. A call whose wait is known to be longer fails at once with
    /// [`Error::Paced`](crate::Error::Paced).
    #[must_use]
    pub fn longest_wait(mut self, wait: Duration) -> Self {
        self.longest_wait = wait;
        self
    }

    /// How many calls may wait for one token, 10 000 by default; one more fails with
    /// [`Error::QueueFull`](crate::Error::QueueFull).
    #[must_use]
    pub fn longest_queue(mut self, calls: usize) -> Self {
        self.longest_queue = calls;
        self
    }

    /// Shares the budgets with all replicas that use this store. The replicas' clocks may differ by half a second.
    ///
    /// # When the store is not available
    /// Reads continue. Each replica counts its own calls, makes at most two at once, and learns of the others from
    /// the platform's headers, so that a few calls a minute get a 429 and are repeated. A replica asks the store again
    /// every five seconds; when the store answers, each replica adds once what it has spent meanwhile. A store that takes
    /// longer than two seconds counts as not available. A warning reports the beginning, a line of level `INFO` the end.
    #[must_use]
    pub fn shared(mut self, store: impl BudgetStore + 'static) -> Self {
        let slack = Duration::from_millis(500);
        self.installation = self.installation.with_slack(slack);
        self.user = self.user.with_slack(slack);
        self.store = Some(Arc::new(store));
        self
    }

    /// Other budgets than the contract's, for installation and for user tokens.
    #[must_use]
    pub fn budgets(mut self, installation: RateLimits, user: RateLimits) -> Self {
        self.installation = installation;
        self.user = user;
        self
    }

    pub(super) fn limits(&self, kind: TokenKind) -> RateLimits {
        match kind {
            TokenKind::Installation => self.installation,
            TokenKind::User => self.user,
        }
    }
}

impl fmt::Debug for Pacing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pacing")
            .field("is_on", &self.is_on)
            .field("longest_wait", &self.longest_wait)
            .field("longest_queue", &self.longest_queue)
            .field("store", &self.store)
            .finish_non_exhaustive()
    }
}
