//! Every decision that contract.md marks **[D]**: where its sources are silent, the sandbox has to choose.
//! One constant or one small function each, so that a correction of the contract is one edit here.

/// Section 2.1: an authorization code lives ten minutes.
pub(crate) const CODE_LIFETIME_S: i64 = 600;

/// Section 2.1: a consent page can be answered for ten minutes; a second answer finds it used.
pub(crate) const CONSENT_LIFETIME_S: i64 = 600;

/// Section 2.1: the longest `state` that is taken and handed back.
pub(crate) const MAX_STATE_LEN: usize = 2048;

/// Section 2.1: what an organization without a tax identifier is answered.
pub(crate) const NOT_FORMAL_ERROR: &str = "access_denied";

/// Section 2.1: what a method other than `S256` is answered.
pub(crate) const WRONG_PKCE_METHOD_ERROR: &str = "invalid_request";

/// Section 2.1: what an undeclared scope is answered.
pub(crate) const UNDECLARED_SCOPE_ERROR: &str = "invalid_scope";

/// Section 2.3: access tokens of organizers' connections start with this.
pub(crate) const INSTALLATION_PREFIX: &str = "rev_install_";

/// Section 2.3: access tokens of participants start with this.
pub(crate) const USER_PREFIX: &str = "rev_user_";

/// Section 2.3: refresh tokens of both kinds start with this.
pub(crate) const REFRESH_PREFIX: &str = "rev_refresh_";

/// Section 2.4: a new consent for a connected event leaves the older token family alone.
/// Revoking the connection ends them all.
pub(crate) const CONSENT_ENDS_OLDER_FAMILIES: bool = false;

/// Section 2.4: a code that fails a check is not used up by it; only a success uses it.
pub(crate) const FAILED_EXCHANGE_USES_UP_CODE: bool = false;

/// Section 2.1: what somebody else's organization is answered for an in-house integration.
pub(crate) const PRIVATE_ERROR: &str = "access_denied";

/// Section 2.1: what an archived event is answered.
pub(crate) const ARCHIVED_ERROR: &str = "access_denied";

/// Section 2.1: what a consent page is answered on which every scope was unticked.
pub(crate) const NOTHING_GRANTED_ERROR: &str = "access_denied";

/// Section 2.5: what a participant who may not sign in is answered.
pub(crate) const NOT_ELIGIBLE_ERROR: &str = "access_denied";

/// Section 3: the status for any other method than GET.
pub(crate) const WRITE_STATUS: u16 = 405;

/// Section 3.1: the media types that select a version. Anything else under `application/vnd.revento.` is refused.
pub(crate) const VERSION_MEDIA_TYPE: &str = "application/vnd.revento.v1+json";

/// Section 3.4: the application status that no webhook announces.
pub(crate) const CANCELLED: &str = "cancelled";

/// Section 3.6: a budget belongs to a token family, so that a refresh does not refill it.
pub(crate) fn budget_of(family: &crate::platform::records::Family) -> &str {
    &family.id
}

/// Section 4.1: the waits between the end of one attempt and the next. The first attempt is made at once.
pub(crate) const RETRY_WAITS_S: [i64; 6] = [30, 120, 600, 3_600, 21_600, 86_400];

/// Section 4.1: only these answers are success.
pub(crate) fn is_success(status: u16) -> bool {
    (200..300).contains(&status)
}

/// Section 4.1: a replay starts the schedule from its beginning.
pub(crate) const REPLAY_RESTARTS_SCHEDULE: bool = true;

/// Section 4.3: who hears of an event's changes: integrations that are connected to it.
pub(crate) const ONLY_CONNECTED_HEAR: bool = true;

/// Section 4.3: how long after `data.deletion_required` cached data may be kept.
pub(crate) const DELETION_DEADLINE_S: i64 = 30 * 86_400;

/// Limits on what the platform reads, in bytes: a form or a JSON document.
pub(crate) const MAX_BODY: usize = 64 * 1024;

/// How much of a receiver's answer the delivery log keeps, in bytes.
pub(crate) const MAX_LOGGED_ANSWER: usize = 16 * 1024;

/// How long a request body may take to arrive, in seconds.
pub(crate) const BODY_TIMEOUT_S: u64 = 10;

/// The furthest the clock goes in one step, in seconds: ten years.
pub(crate) const MAX_ADVANCE_S: i64 = 10 * 366 * 86_400;

/// Section 1: how long both secrets hold after a rotation, unless the rotation says otherwise.
pub(crate) const ROTATION_OVERLAP_S: i64 = 86_400;

/// Section 1: the longest overlap.
pub(crate) const MAX_ROTATION_OVERLAP_S: i64 = 7 * 86_400;

/// Section 1: until the overlap ends webhooks bear the old secret's signature, so that a receiver has all of the
/// overlap to learn the new one.
pub(crate) const OLD_SECRET_SIGNS_DURING_OVERLAP: bool = true;

/// Section 2.1: what an integration that is unpublished or suspended is answered.
pub(crate) const NOT_LISTED_ERROR: &str = "unauthorized_client";

/// Section 4.3: signups have to be quiet for this long before a changed capacity state is told.
pub(crate) const CAPACITY_DEBOUNCE_S: i64 = 10;

/// Section 6: how many lines the audit log keeps; the oldest go first. This and what follows bounds a sandbox that runs long.
pub(crate) const AUDIT_KEPT: usize = 100_000;

/// Section 6: how many deliveries the log keeps: what was delivered goes first, then dead letters.
pub(crate) const DELIVERIES_KEPT: usize = 200_000;

/// Section 6: how many used or expired codes are remembered.
pub(crate) const CODES_KEPT: usize = 10_000;

/// Section 6: how many ended token families are remembered, beside those that live.
pub(crate) const FAMILIES_KEPT: usize = 50_000;

/// Section 6: how many tokens of each kind are remembered. One that was forgotten is unknown: its reuse revokes nothing.
pub(crate) const TOKENS_KEPT: usize = 200_000;

/// Section 6: how many bytes of recorded bodies the transcript keeps.
pub(crate) const RECORDED_BYTES_KEPT: usize = 64 * 1024 * 1024;

/// Section 6: how many faults can be armed at once.
pub(crate) const MOST_FAULTS: usize = 1_000;

/// Section 3.6, where a start asks for it: so many answers 429 within so many seconds suspend an integration, for so many
/// seconds. Its calls are then answered 429 with `Retry-After`; its tokens stay.
pub(crate) const SUSPENDED_AFTER: usize = 10;
/// See [`SUSPENDED_AFTER`].
pub(crate) const SUSPENDED_WITHIN_S: i64 = 60;
/// See [`SUSPENDED_AFTER`].
pub(crate) const SUSPENDED_FOR_S: i64 = 600;

/// Section 4.1: how far back deliveries can be replayed by range.
pub(crate) const LOG_KEPT_S: i64 = 30 * 86_400;
