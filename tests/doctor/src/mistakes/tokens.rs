//! Mistakes with tokens and their refresh.

use super::Mistake;

pub(super) const ALL: &[Mistake] = &[
    (
        "tokens-refresh-at-expiry",
        "does not refresh a token that the platform calls expired",
    ),
    (
        "tokens-newest-refresh-token",
        "keeps the first refresh token for ever",
    ),
    (
        "tokens-one-refresh-for-many",
        "refreshes without a lock in the process",
    ),
    (
        "tokens-one-refresh-over-replicas",
        "refreshes without a lock in the database",
    ),
    (
        "tokens-per-connection",
        "has one place for tokens, whatever the event is",
    ),
    ("tokens-refresh-fields", "sends the redirect URI with a refresh"),
    ("tokens-not-in-url", "repeats the refresh token in the URL"),
    (
        "tokens-tolerant-answer",
        "refuses a token answer with a field that it does not know",
    ),
    (
        "tokens-lost-answer-not-resent",
        "sends a refresh again at once when its answer is lost",
    ),
    (
        "tokens-lost-answer-keeps-access",
        "forgets the access token when an early refresh fails",
    ),
    (
        "tokens-endpoint-down",
        "gives up the connection when the token endpoint answers 503",
    ),
    (
        "tokens-endpoint-html",
        "gives up the connection when the token endpoint answers with HTML",
    ),
    (
        "tokens-invalid-client",
        "gives up the connection on `invalid_client`",
    ),
    (
        "tokens-slow-endpoint",
        "waits one second for a refresh, then sends it again",
    ),
    (
        "tokens-invalid-grant-final",
        "refreshes again after `invalid_grant`",
    ),
    ("tokens-consent-over", "answers 500 when the consent is over"),
    ("tokens-revoked-not-refreshed", "refreshes on `token_revoked`"),
    (
        "tokens-revoked-not-retried",
        "repeats a call that was answered `token_revoked`",
    ),
    (
        "tokens-revoked-remembered",
        "does not store that a connection was revoked",
    ),
    (
        "tokens-expired-no-loop",
        "refreshes as often as the platform says `token_expired`",
    ),
    (
        "tokens-invalid-token-no-loop",
        "repeats a call that was answered `invalid_token`",
    ),
    (
        "tokens-restart",
        "keeps the tokens of a new consent in memory until the first refresh",
    ),
    (
        "tokens-stored-before-use",
        "stores a new pair after its first use",
    ),
];
