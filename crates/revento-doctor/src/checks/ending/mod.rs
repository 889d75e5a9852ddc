//! What ends a connection, and deletion (contract §2.6).

mod causes;
mod deletion;
mod participant;
mod told;

use crate::check::{Check, check};

pub(super) const CHECKS: &[Check] = &[
    check!(Ending Required "§2.6" "ending-revoked" [ConnectUrl, ReadUrl]
        "When an organizer revokes the connection, it ends"
        why: "Organizers have to be able to trust that a revoked integration stops"
        mend: "Acknowledge `data.deletion_required`, mark the connection as ended, and offer to connect again"
        run: causes::revoked),
    check!(Ending Required "§2.6" "ending-event-archived" [ConnectUrl, ReadUrl]
        "When an event is archived, its connection ends"
        why: "Its tokens are dead: background work for it fails for ever"
        mend: "Treat `data.deletion_required` alike for every `reason`"
        run: causes::archived),
    check!(Ending Required "§2.6" "ending-event-unpublished" [ConnectUrl, ReadUrl]
        "When an event is unpublished, nothing ends"
        why: "Organizers unpublish events to change them: the tokens stay valid, and API calls go on"
        mend: "Do not end a connection on `event.unpublished`"
        run: causes::unpublished_event),
    check!(Ending Required "§2.6" "ending-organization-not-formal" [ConnectUrl, ReadUrl]
        "When an organization loses its formal status, its connections end"
        why: "Its tokens are dead: background work for it fails for ever"
        mend: "Treat `data.deletion_required` alike for every `reason`; there is one webhook for each event"
        run: causes::not_formal),
    check!(Ending Required "§2.6" "ending-integration-unpublished" [ConnectUrl, ReadUrl]
        "When the integration is unpublished, every connection ends"
        why: "All tokens are dead: background work fails for ever"
        mend: "Treat `data.deletion_required` alike for every `reason`"
        run: causes::unpublished_integration),
    check!(Ending Required "§2.6" "ending-integration-suspended" [ConnectUrl, ReadUrl]
        "When Revento suspends the integration, every connection ends"
        why: "Its webhook names no event and no organization: code that expects ids crashes when it matters most"
        mend: "Acknowledge `integration.suspended` although `event_id` and `organization_id` are null, and end every connection"
        run: causes::suspended),
    check!(Ending Required "§2.6" "ending-without-webhook" [ConnectUrl, ReadUrl]
        "A connection whose end only an API call tells is ended, too"
        why: "Webhooks come late, or not at all; the answer `token_revoked` is as final"
        mend: "On `token_revoked` mark the connection as ended, and answer that somebody has to connect again"
        run: told::by_the_api),
    check!(Ending Recommended "§2.6" "ending-webhook-is-enough" [ConnectUrl, ReadUrl, WebhookUrl, HandledUrl]
        "After `data.deletion_required`, no call is made for the connection"
        why: "Each call with a dead token is wasted, and many of them look like an attack"
        mend: "End the connection when the webhook is handled, not when the next call fails"
        run: told::by_the_webhook),
    check!(Ending Required "§2.6" "ending-calls-stop" [ConnectUrl, ReadUrl]
        "After its end, a connection makes no calls in the background"
        why: "Jobs that go on for ended connections spend everybody's time, for ever"
        mend: "Stop all background work of a connection when it ends: schedules, retries, refreshes"
        run: told::calls_stop),
    check!(Ending Required "§2.6" "ending-reconnect" [ConnectUrl, ReadUrl]
        "A connection that has ended can be connected again"
        why: "An organizer who revoked by mistake has no other way back"
        mend: "A new consent replaces whatever is known of the old connection"
        run: told::reconnect),
    check!(Ending Recommended "§4.2" "ending-old-webhook" [ConnectUrl, ReadUrl, WebhookUrl]
        "A late webhook about the end of an old connection does not end a newer one"
        why: "Webhooks come late and out of order: the organizer would have to connect a third time"
        mend: "Ignore `data.deletion_required` for a connection whose consent is newer than `occurred_at`"
        run: told::old_webhook),
    check!(Ending Required "§4.1" "ending-replayed-webhook" [ConnectUrl, ReadUrl, WebhookUrl]
        "A replayed webhook about the end of an old connection does not end a newer one"
        why: "Any past delivery can be replayed from the console"
        mend: "Acknowledge a delivery that was handled before, and do nothing"
        run: told::replayed_webhook),
    check!(Ending Required "§4.2" "ending-late-webhook-acknowledged" [ConnectUrl, ReadUrl, WebhookUrl]
        "A webhook that arrives after the end of its connection is acknowledged"
        why: "It was sent before the end. What is not acknowledged is retried, and then buried"
        mend: "Acknowledge a correctly signed webhook of an event that is not connected any more, and keep nothing of it"
        run: told::late_webhook),
    check!(Ending Required "§2.6" "ending-participant-revoked" [ConnectUrl, LoginUrl, MeUrl]
        "A participant who revokes access is shown nothing any more"
        why: "The participant has withdrawn the permission to read their data"
        mend: "On `token_revoked` of a user token, and on `user.revoked_access`, end the participant's sessions"
        run: participant::signed_out),
    check!(Ending Required "§2.6" "ending-participant-only" [ConnectUrl, ReadUrl, LoginUrl, MeUrl]
        "A participant who revokes access ends nothing but their own sign-in"
        why: "One participant could disconnect a whole event"
        mend: "On `user.revoked_access` end the tokens of this user alone"
        run: participant::ends_nothing_else),
    check!(Ending Recommended "§2.6" "ending-deletion" [ConnectUrl, ReadUrl, WebhookUrl, Scan]
        "After `data.deletion_required`, the data of the event's people is deleted soon"
        why: "It has to be gone within 30 days. The doctor cannot wait that long: data that is kept longer than some seconds may be deleted in time, or never"
        mend: "Delete when the webhook is handled. If you wait on purpose, test your deletion job yourself, and skip this check. SQLite keeps deleted rows in free pages: set `PRAGMA secure_delete = ON` and truncate the write-ahead log, or let --scan dump the rows"
        run: deletion::soon),
    check!(Ending Required "§2.6" "ending-deletion-only-that-event" [ConnectUrl, ReadUrl, WebhookUrl, Scan]
        "The deletion for one event leaves the data of other events"
        why: "Whoever deletes too much loses the data of every other organizer"
        mend: "Delete by the `event_id` of the webhook"
        run: deletion::that_event_only),
    check!(Ending Recommended "§2.6" "ending-late-data-not-kept" [ConnectUrl, ReadUrl, WebhookUrl, HandledUrl, Scan]
        "Data that a late webhook brings after the deletion is not kept"
        why: "The deletion has been done: nobody deletes what comes later"
        mend: "When a webhook of an ended connection is handled, drop its body"
        run: deletion::late_data),
];
