//! Mistakes with the delivery of webhooks.

use super::Mistake;

pub(super) const ALL: &[Mistake] = &[
    (
        "delivery-no-redirect",
        "redirects its webhook URL to the one with a slash at the end",
    ),
    ("delivery-handled", "acknowledges webhooks and drops them"),
    (
        "delivery-duplicate",
        "takes the signature for the identity of a webhook, which is new at each attempt",
    ),
    (
        "delivery-duplicates-at-once",
        "looks whether it knows a webhook, and stores it a moment later",
    ),
    (
        "delivery-other-delivery-id",
        "knows a webhook by its delivery id alone, which is not signed",
    ),
    (
        "delivery-remembers-after-restart",
        "forgets at a restart which webhooks it has seen",
    ),
    ("delivery-burst", "refuses webhooks when too many come at once"),
    (
        "delivery-quick-under-load",
        "handles webhooks one after the other before it answers",
    ),
    (
        "delivery-quick-from-cold",
        "loads what it needs when the first webhook comes",
    ),
    (
        "delivery-queued-first",
        "asks the platform before it answers a webhook",
    ),
    ("delivery-get", "answers GET on its webhook URL with 200"),
    ("delivery-head", "answers HEAD on its webhook URL with 500"),
    ("delivery-health", "asks the platform whether itself is healthy"),
    ("delivery-every-type", "refuses a type that it does not need"),
    ("delivery-unknown-type", "refuses types that it does not know"),
    ("delivery-unknown-fields", "refuses fields that it does not know"),
    (
        "delivery-unknown-status",
        "refuses a status that it does not know",
    ),
    (
        "delivery-free-form-fields",
        "expects texts and numbers in forms, and nothing else",
    ),
    ("delivery-null-ids", "refuses a webhook without an event"),
    (
        "delivery-out-of-order",
        "refuses the submission of an application that it knows as approved",
    ),
    ("delivery-late", "refuses what happened more than a day ago"),
    (
        "delivery-acknowledged-survive-kill",
        "answers a webhook when it is queued in memory",
    ),
    (
        "delivery-retried-after-kill",
        "remembers the id of a webhook before it has stored the webhook",
    ),
];
