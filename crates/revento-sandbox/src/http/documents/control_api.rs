//! The operations of the control API.

use super::operation::{Guard, Operation};

const JSON: &str = "application/json";
const POST_ERRORS: &[u16] = &[400, 403, 404, 408, 409, 413, 503];

const fn get(path: &'static str, summary: &'static str, query: &'static [&'static str]) -> Operation {
    Operation {
        method: "get",
        path,
        summary,
        guard: Guard::None,
        query,
        body: None,
        answer: "",
        errors: &[400, 404, 503],
    }
}

const fn post(path: &'static str, summary: &'static str, fields: &'static str) -> Operation {
    Operation {
        method: "post",
        path,
        summary,
        guard: Guard::None,
        query: &[],
        body: if fields.is_empty() {
            None
        } else {
            Some((JSON, fields))
        },
        answer: "",
        errors: POST_ERRORS,
    }
}

const fn delete(path: &'static str, summary: &'static str) -> Operation {
    Operation {
        method: "delete",
        path,
        summary,
        guard: Guard::None,
        query: &[],
        body: None,
        answer: "",
        errors: &[400, 403, 404, 503],
    }
}

pub(super) const OPERATIONS: [Operation; 41] = [
    get(
        "/_sandbox/applications",
        "Applications, filtered by event and status",
        &["event_id", "status"],
    ),
    post(
        "/_sandbox/applications",
        "Submit an application",
        "event_id:string -user_id:string -custom_form_fields:object",
    ),
    post(
        "/_sandbox/applications/{id}/approve",
        "Approve an application",
        "",
    ),
    post("/_sandbox/applications/{id}/reject", "Reject an application", ""),
    post(
        "/_sandbox/applications/{id}/request-revision",
        "Request a revision of an application",
        "",
    ),
    post(
        "/_sandbox/applications/{id}/cancel",
        "Withdraw an application",
        "",
    ),
    post(
        "/_sandbox/participants/{id}/register",
        "Register a participant",
        "",
    ),
    post(
        "/_sandbox/users/{id}",
        "Change a profile",
        "-given_name:string -family_name:string",
    ),
    post(
        "/_sandbox/users/{id}/revoke",
        "Revoke an integration's access",
        "-client_id:string",
    ),
    post(
        "/_sandbox/activities/{id}",
        "Change an activity",
        "-title:string -status:string -location_id:string -capacity:integer -signups:integer",
    ),
    post("/_sandbox/events/{id}/publish", "Publish an event", ""),
    post("/_sandbox/events/{id}/unpublish", "Unpublish an event", ""),
    post("/_sandbox/events/{id}/archive", "Archive an event", ""),
    post(
        "/_sandbox/events/{id}/pages",
        "Add a webview page",
        "title:string url:string -visibility:string -requires_auth:boolean",
    ),
    delete("/_sandbox/webviews/{id}", "Remove a webview page"),
    post(
        "/_sandbox/organizations/{id}/{act}",
        "Change an organization: lose-formal-status or gain-formal-status",
        "-tax_id:string",
    ),
    post(
        "/_sandbox/integrations/{id}/{act}",
        "Change an integration: publish, unpublish, suspend, reinstate, rotate-client-secret or rotate-webhook-secret",
        "-overlap_s:integer",
    ),
    get(
        "/_sandbox/directory",
        "Integrations, organizations, events, users and webview pages",
        &[],
    ),
    get(
        "/_sandbox/connections",
        "Connections with their token families",
        &[],
    ),
    post(
        "/_sandbox/connect",
        "Connect an event, or sign a participant in, without a browser",
        "event_id:string -client_id:string -user_id:string",
    ),
    post(
        "/_sandbox/connections/{event_id}/revoke",
        "Revoke a connection",
        "-client_id:string",
    ),
    get(
        "/_sandbox/clock",
        "The sandbox clock and the milestones ahead",
        &[],
    ),
    post(
        "/_sandbox/clock",
        "Advance the clock",
        "-advance_s:integer -to:string -side:string",
    ),
    get(
        "/_sandbox/deliveries",
        "Deliveries with their attempts",
        &["status", "type", "event_id", "since", "until"],
    ),
    get("/_sandbox/deliveries/{id}", "One delivery", &[]),
    post("/_sandbox/deliveries/{id}/replay", "Replay a delivery", ""),
    post(
        "/_sandbox/deliveries/test",
        "Send a webhook of any declared type, although nothing has happened",
        "type:string -event_id:string -client_id:string -data:object -set:object",
    ),
    Operation {
        errors: &[400, 403, 404, 408, 409, 413, 422, 503],
        ..post(
            "/_sandbox/deliveries/replay",
            "Replay many deliveries",
            "-ids:array -status:string -type:string -event_id:string -since:string -until:string",
        )
    },
    get("/_sandbox/listeners", "The listeners", &[]),
    post(
        "/_sandbox/listeners",
        "Connect a listener; the answer is a stream of lines of JSON",
        "forwards_to:string -client_id:string -event_types:array -id:string",
    ),
    delete("/_sandbox/listeners/{id}", "Disconnect a listener for good"),
    post(
        "/_sandbox/listeners/{id}/answers/{number}",
        "Answer an attempt",
        "-status:integer -headers:array -body:string -error:string",
    ),
    get(
        "/_sandbox/faults",
        "The armed faults, and all kinds of faults",
        &[],
    ),
    post(
        "/_sandbox/faults",
        "Arm a fault",
        "fault:string -endpoint:string -event_id:string -client_id:string -event_type:string -times:integer \
         -after:integer -probability:number -seed:integer -delay_ms:integer -seconds:integer -text:string \
         -times_sent:integer",
    ),
    delete("/_sandbox/faults", "Disarm all faults"),
    delete("/_sandbox/faults/{id}", "Disarm one fault"),
    get(
        "/_sandbox/transcript",
        "The recorded requests, and the deliveries with their attempts",
        &[],
    ),
    post(
        "/_sandbox/transcript",
        "Switch the recording of bodies, or clear the transcript",
        "-record_bodies:boolean -clear:boolean",
    ),
    get("/_sandbox/seed", "The test data as a seed file", &[]),
    get("/_sandbox/stats", "The counters", &[]),
    post("/_sandbox/reset", "Restore the seed", ""),
];
