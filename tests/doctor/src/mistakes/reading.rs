//! Mistakes in reading the API.

use super::Mistake;

pub(super) const ALL: &[Mistake] = &[
    ("reading-accept-header", "does not name the version of the API"),
    ("reading-request-id", "sends no request id"),
    (
        "reading-request-id-fresh",
        "sends the same request id with each call",
    ),
    ("reading-user-agent", "sends no User-Agent"),
    ("reading-token-in-header", "repeats the access token in the URL"),
    ("reading-all-pages", "reads the first page only"),
    ("reading-empty-page", "stops at a page without rows"),
    (
        "reading-has-more-decides",
        "reads on as long as there is a cursor",
    ),
    (
        "reading-repeated-cursor",
        "follows a cursor that repeats for ever",
    ),
    (
        "reading-more-without-cursor",
        "begins again when a cursor is missing",
    ),
    (
        "reading-opaque-cursor",
        "joins the URL of the next page without encoding",
    ),
    ("reading-duplicate-rows", "inserts rows without an upsert"),
    (
        "reading-unknown-fields",
        "refuses participants with fields that it does not know",
    ),
    (
        "reading-unknown-values",
        "refuses participants with a status that it does not know",
    ),
    ("reading-missing-fields", "needs a field that nobody has promised"),
    (
        "reading-not-json",
        "takes every answer 200 without a list for an empty list",
    ),
    ("reading-expired-mid-list", "refreshes for the first page only"),
    ("reading-5xx-retried", "gives up at the first 5xx"),
    ("reading-5xx-backoff", "repeats a failing call without a pause"),
    ("reading-html-error", "gives up when an error is not JSON"),
    ("reading-connection-reset", "gives up when the connection breaks"),
    ("reading-forbidden-final", "repeats a call that is answered 403"),
    ("reading-retry-after", "does not look at Retry-After"),
    (
        "reading-retry-after-date",
        "does not understand a Retry-After that is a date",
    ),
    (
        "reading-concurrent-limit-retried",
        "gives up on `concurrent_limit_exceeded`",
    ),
    (
        "reading-429-paced",
        "repeats a call without a pause after a 429 without Retry-After",
    ),
    ("reading-in-flight", "makes as many calls at once as it likes"),
    ("reading-pacing", "makes as many calls a minute as it likes"),
];
