//! Mistakes when a connection ends.

use super::Mistake;

pub(super) const ALL: &[Mistake] = &[
    (
        "ending-revoked",
        "crashes on `data.deletion_required` when an organizer revokes",
    ),
    (
        "ending-event-archived",
        "crashes on `data.deletion_required` when an event is archived",
    ),
    (
        "ending-event-unpublished",
        "ends the connection when an event is unpublished",
    ),
    (
        "ending-organization-not-formal",
        "crashes on `data.deletion_required` when an organization is not formal any more",
    ),
    (
        "ending-integration-unpublished",
        "crashes on `data.deletion_required` when the integration is unpublished",
    ),
    (
        "ending-integration-suspended",
        "crashes on `integration.suspended`, whose ids are null",
    ),
    (
        "ending-without-webhook",
        "answers 503 when an API call tells of the end",
    ),
    (
        "ending-webhook-is-enough",
        "asks the platform although the webhook has told of the end",
    ),
    (
        "ending-calls-stop",
        "does not stop a background job when its connection ends",
    ),
    ("ending-reconnect", "cannot connect a revoked event again"),
    (
        "ending-old-webhook",
        "ends the newest connection, whichever the webhook is about",
    ),
    (
        "ending-replayed-webhook",
        "handles the end of a connection again when it is replayed",
    ),
    (
        "ending-late-webhook-acknowledged",
        "answers 404 to webhooks of events that are not connected any more",
    ),
    (
        "ending-participant-revoked",
        "keeps the session of a participant who has revoked access",
    ),
    (
        "ending-participant-only",
        "ends the event's connection when a participant revokes access",
    ),
    (
        "ending-deletion",
        "does not delete what it knows of an event's people",
    ),
    (
        "ending-deletion-only-that-event",
        "deletes the people of all events",
    ),
    (
        "ending-late-data-not-kept",
        "keeps the bodies of webhooks for ever",
    ),
];
