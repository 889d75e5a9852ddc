//! The contract's numbers, each in this one place.

use std::time::Duration;

use crate::pacing::Limits;

/// How long an access token lives unless its answer says otherwise (§2.4).
pub const ACCESS_TOKEN_LIFETIME: Duration = Duration::from_secs(3600);
/// How long a refresh token lives; each refresh starts it anew (§2.4).
pub const REFRESH_TOKEN_LIFETIME: Duration = Duration::from_secs(90 * DAY);
/// After this long from the first issue an organizer has to consent again (§2.4).
pub const CONSENT_LIFETIME: Duration = Duration::from_secs(365 * DAY);
/// How long an authorization code lives (§2.1).
pub const CODE_LIFETIME: Duration = Duration::from_secs(600);
/// How long cached data may be kept after a connection has ended (§2.6).
pub const DELETION_PERIOD: Duration = Duration::from_secs(30 * DAY);

/// Items of a page when nothing is asked for (§3.3).
pub const DEFAULT_PAGE: u16 = 25;
/// The most items that a page may be asked for (§3.3).
pub const LARGEST_PAGE: u16 = 50;

/// The rate budgets of an installation token (§3.6).
pub const INSTALLATION_BUDGETS: Limits = Limits::new(500, 30, 5);
/// The rate budgets of a user token (§3.6).
pub const USER_BUDGETS: Limits = Limits::new(200, 20, 5);

/// A webhook has to be answered within this time (§4.1).
pub const WEBHOOK_ANSWER_WITHIN: Duration = Duration::from_secs(10);
/// Identities of deliveries are remembered at least this long (§4.1).
pub const REMEMBER_DELIVERIES: Duration = Duration::from_secs(7 * DAY);

const DAY: u64 = 24 * 60 * 60;
