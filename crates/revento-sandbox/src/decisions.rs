//! Every decision that docs/contract.md marks as ours: the contract's sources are silent, so the sandbox has to choose.
//!
//! Each decision is one constant or one small function, so that a correction of the contract is one edit here. Each
//! names its section of the contract.

use crate::primitives::time::Time;

/// Contract §1: how long both secrets are valid after a rotation, unless the rotation says otherwise.
pub(crate) const ROTATION_OVERLAP_S: i64 = 86_400;

/// Contract §1: the longest overlap.
pub(crate) const MAX_ROTATION_OVERLAP_S: i64 = 7 * 86_400;

/// Contract §1: webhooks are signed with the old secret until the overlap ends, so that a receiver has the whole
/// overlap to learn the new one.
pub(crate) const OLD_SECRET_SIGNS_DURING_OVERLAP: bool = true;

/// Contract §2: the organizer's panel opens the `connect_url` of a manifest by GET, and names the event in this parameter.
pub(crate) const CONNECT_PARAMETER: &str = "event_id";

/// Contract §2.1: an authorization code lives ten minutes.
pub(crate) const CODE_LIFETIME_S: i64 = 600;

/// Contract §2.1: the second use of a code revokes what its first use issued.
pub(crate) const CODE_REUSE_REVOKES: bool = true;

/// Contract §2.1: a consent page can be answered for ten minutes. The same answer again gets the same redirect, because
/// people click twice; another answer is refused.
pub(crate) const CONSENT_LIFETIME_S: i64 = 600;

/// Contract §2.1: the error for a challenge method other than `S256`.
pub(crate) const WRONG_PKCE_METHOD_ERROR: &str = "invalid_request";

/// Contract §2.1: the error for a scope that the manifest does not declare.
pub(crate) const UNDECLARED_SCOPE_ERROR: &str = "invalid_scope";

/// Contract §2.1: the error for an organization without a tax identifier.
pub(crate) const NOT_FORMAL_ERROR: &str = "access_denied";

/// Contract §2.1: the error for an in-house integration of another organization.
pub(crate) const PRIVATE_ERROR: &str = "access_denied";

/// Contract §2.1: the error for an archived event.
pub(crate) const ARCHIVED_ERROR: &str = "access_denied";

/// Contract §2.1: the error for an integration that is unpublished or suspended.
pub(crate) const NOT_LISTED_ERROR: &str = "unauthorized_client";

/// Contract §2.1: the error when the human unticks every scope.
pub(crate) const NOTHING_GRANTED_ERROR: &str = "access_denied";

/// Contract §2.3: what the access tokens of an organizer's connection start with.
pub(crate) const INSTALLATION_PREFIX: &str = "rev_install_";

/// Contract §2.3: what the access tokens of a participant start with.
pub(crate) const USER_PREFIX: &str = "rev_user_";

/// Contract §2.3: what the refresh tokens of both kinds start with.
pub(crate) const REFRESH_PREFIX: &str = "rev_refresh_";

/// Contract §2.3: the status of an OAuth error.
pub(crate) fn oauth_status(code: &str) -> u16 {
    match code {
        "invalid_client" => 401,
        _ => 400,
    }
}

/// Contract §2.4: a new consent for a connected event does not end the older token family. Revoking the connection
/// ends both.
pub(crate) const CONSENT_ENDS_OLDER_FAMILIES: bool = false;

/// Contract §2.4: an exchange with a wrong or missing `code_verifier`, or with another `redirect_uri`, uses up the code, so
/// that nobody can guess.
pub(crate) const FAILED_EXCHANGE_USES_UP_CODE: bool = true;

/// Contract §2.5: the error for a participant who may not sign in.
pub(crate) const NOT_ELIGIBLE_ERROR: &str = "access_denied";

/// Contract §3: the status for methods other than GET.
pub(crate) const WRITE_STATUS: u16 = 405;

/// Contract §3.1: the media type that selects the version. Any other under `application/vnd.revento.` is refused.
pub(crate) const VERSION_MEDIA_TYPE: &str = "application/vnd.revento.v1+json";

/// Contract §3.4: the application status that no webhook announces.
pub(crate) const CANCELLED: &str = "cancelled";

/// Contract §3.4: the `role` of most participants.
pub(crate) const DEFAULT_ROLE: &str = "attendee";

/// Contract §3.4: the `status` of a participant who has applied and is not registered.
pub(crate) const NOT_REGISTERED: &str = "applied";

/// Contract §4.2: what the `id` of an envelope starts with. It shares a prefix with the ids of events, and is no UUID.
pub(crate) const ENVELOPE_ID_PREFIX: &str = "evt_delivery_";

/// Contract §3.5: the status of `insufficient_scope`.
pub(crate) const INSUFFICIENT_SCOPE_STATUS: u16 = 403;

/// Contract §3.5: the status of `not_found`.
pub(crate) const NOT_FOUND_STATUS: u16 = 404;

/// Contract §3.5: the status of `invalid_request`.
pub(crate) const INVALID_REQUEST_STATUS: u16 = 400;

/// Contract §3.6: a refresh does not refill the rate budget: the budget belongs to the token family.
pub(crate) const BUDGET_OUTLIVES_REFRESH: bool = true;

/// Contract §3.6: an hour starts with the first call of a token, and with the first call after it has ended. So
/// `X-RateLimit-Reset` is the end of that hour, and the budget is full after it. If false, the hour is rolling: the budget
/// counts the calls of the last sixty minutes, and the reset is when the oldest of them leaves.
pub(crate) const HOUR_STARTS_WITH_A_CALL: bool = true;

/// Contract §3.6: this many answers 429 within [`SUSPENDED_WITHIN_S`] suspend an integration for [`SUSPENDED_FOR_S`],
/// if the start asks for it. Its calls are then answered 429 with `Retry-After`; its tokens stay.
pub(crate) const SUSPENDED_AFTER: usize = 10;
/// Contract §3.6: see [`SUSPENDED_AFTER`].
pub(crate) const SUSPENDED_WITHIN_S: i64 = 60;
/// Contract §3.6: see [`SUSPENDED_AFTER`].
pub(crate) const SUSPENDED_FOR_S: i64 = 600;

/// Contract §4.1: the waits between the end of one attempt and the next. The first attempt is made at once. A delivery
/// whose last attempt fails goes to the dead-letter queue.
pub(crate) const RETRY_WAITS_S: [i64; 6] = [30, 120, 600, 3_600, 21_600, 86_400];

/// Contract §4.1: which answers of a receiver are a success.
pub(crate) fn is_success(status: u16) -> bool {
    (200..300).contains(&status)
}

/// Contract §4.1: a replay is one attempt. It neither starts the retry schedule again nor prolongs it.
pub(crate) const REPLAY_RESTARTS_SCHEDULE: bool = false;

/// Contract §4.1: how far back deliveries can be replayed by range, in seconds.
pub(crate) const LOG_KEPT_S: i64 = 30 * 86_400;

/// Contract §4.3: webhooks about an event go only to integrations that are connected to it.
pub(crate) const ONLY_CONNECTED_RECEIVE: bool = true;

/// Contract §4.3: the type of the webhook about a published event.
pub(crate) const EVENT_PUBLISHED: &str = "event.published";

/// Contract §4.3: how long after `data.deletion_required` cached data may be kept, in seconds.
pub(crate) const DELETION_DEADLINE_S: i64 = 30 * 86_400;

/// Contract §4.3: how long signups must not change before `activity.capacity_state_changed` is sent, in seconds.
pub(crate) const CAPACITY_DEBOUNCE_S: i64 = 10;

/// Contract §6: when the weekly reset restores the test data, if the start asks for it: Mondays at 00:00 UTC. `None` if
/// the clock is too far ahead.
pub(crate) fn next_weekly_reset(now: Time) -> Option<Time> {
    now.next_monday()
}

/// Contract §6: the largest request body, in bytes.
pub(crate) const MAX_BODY: usize = 64 * 1024;

/// Contract §6: how long a request body may take to arrive, in seconds.
pub(crate) const BODY_TIMEOUT_S: u64 = 10;

/// Contract §6: how much of a receiver's answer the delivery log keeps, in bytes.
pub(crate) const MAX_LOGGED_ANSWER: usize = 16 * 1024;

/// Contract §6: how far the clock advances in one step at most, in seconds: ten years.
pub(crate) const MAX_ADVANCE_S: i64 = 10 * 366 * 86_400;

/// Contract §6: how many entries the audit log keeps. This and the following numbers bound a sandbox that runs for long.
pub(crate) const AUDIT_KEPT: usize = 100_000;

/// Contract §6: how many deliveries the log keeps. Delivered ones are deleted first, then dead letters.
pub(crate) const DELIVERIES_KEPT: usize = 200_000;

/// Contract §6: how many used or expired codes are kept.
pub(crate) const CODES_KEPT: usize = 10_000;

/// Contract §6: how many token families are kept. Only ended ones are deleted.
pub(crate) const FAMILIES_KEPT: usize = 50_000;

/// Contract §6: how many tokens of each kind are kept. A deleted token is unknown: its reuse revokes nothing.
pub(crate) const TOKENS_KEPT: usize = 200_000;

/// Contract §6: how many bytes of recorded bodies the call log keeps.
pub(crate) const RECORDED_BYTES_KEPT: usize = 64 * 1024 * 1024;

/// Contract §6: how many faults can be armed at once.
pub(crate) const MAX_ARMED_FAULTS: usize = 1_000;
