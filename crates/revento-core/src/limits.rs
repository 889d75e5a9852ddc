//! The numbers of the contract, each in one place.

use std::time::Duration;

use crate::TokenKind;

/// Lifetime of an access token, unless the token endpoint names another (contract §2.4).
pub const ACCESS_TOKEN_LIFETIME: Duration = Duration::from_secs(3600);
/// Lifetime of a refresh token. Each refresh starts a new one (contract §2.4).
pub const REFRESH_TOKEN_LIFETIME: Duration = Duration::from_secs(90 * DAY);
/// Lifetime of a consent, from the first issue of tokens. After it a human has to consent again (contract §2.4).
pub const CONSENT_LIFETIME: Duration = Duration::from_secs(365 * DAY);
/// Lifetime of an authorization code (contract §2.1).
pub const CODE_LIFETIME: Duration = Duration::from_secs(600);
/// How long cached data may be kept after its connection has ended (contract §2.6).
pub const DELETION_PERIOD: Duration = Duration::from_secs(30 * DAY);

/// Items on a page if the request names no `limit` (contract §3.3).
pub const DEFAULT_PAGE_SIZE: u16 = 25;
/// The largest `limit` of a page (contract §3.3).
pub const MAX_PAGE_SIZE: u16 = 50;

/// The rate limits of an installation token (contract §3.6).
pub const INSTALLATION_RATE_LIMITS: RateLimits = RateLimits::new(500, 30, 5);
/// The rate limits of a user token (contract §3.6).
pub const USER_RATE_LIMITS: RateLimits = RateLimits::new(200, 20, 5);

/// A webhook has to be answered within this time (contract §4.1).
pub const WEBHOOK_ANSWER_TIMEOUT: Duration = Duration::from_secs(10);
/// The identities of deliveries are kept for at least this long (contract §4.1).
pub const DELIVERY_RETENTION: Duration = Duration::from_secs(7 * DAY);

const DAY: u64 = 24 * 60 * 60;

/// The rate limits of one token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct RateLimits {
    /// Calls in a rolling hour.
    pub per_hour: u32,
    /// Calls in any 60 seconds.
    pub per_minute: u32,
    /// Calls in flight at once.
    pub in_flight: u32,
    /// How much the clocks of the replicas that share a budget may differ. Each window is counted as longer by it,
    /// rounded up to a tenth of a second.
    pub slack: Duration,
}

impl RateLimits {
    /// The limits of one process. A zero is taken as one.
    pub const fn new(per_hour: u32, per_minute: u32, in_flight: u32) -> Self {
        const fn at_least_one(number: u32) -> u32 {
            if number == 0 { 1 } else { number }
        }
        Self {
            per_hour: at_least_one(per_hour),
            per_minute: at_least_one(per_minute),
            in_flight: at_least_one(in_flight),
            slack: Duration::ZERO,
        }
    }

    /// The contract's limits for a kind of token (contract §3.6).
    pub const fn of(kind: TokenKind) -> Self {
        match kind {
            TokenKind::Installation => INSTALLATION_RATE_LIMITS,
            TokenKind::User => USER_RATE_LIMITS,
        }
    }

    /// The same limits for replicas whose clocks differ by up to `slack`.
    #[must_use]
    pub const fn with_slack(mut self, slack: Duration) -> Self {
        self.slack = slack;
        self
    }
}
