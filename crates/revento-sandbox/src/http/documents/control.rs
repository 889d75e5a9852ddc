//! The operations of the control API.

use super::openapi::{Guard, Operation};

const JSON: &str = "application/json";
const ACT: &[u16] = &[400, 403, 404, 408, 409, 413, 503];

const fn look(path: &'static str, summary: &'static str, query: &'static [&'static str]) -> Operation {
    Operation {
        method: "get",
        path,
        summary,
        guard: Guard::Nobody,
        query,
        body: None,
        answer: "",
        errors: &[400, 404, 503],
    }
}

const fn act(path: &'static str, summary: &'static str, fields: &'static str) -> Operation {
    Operation {
        method: "post",
        path,
        summary,
        guard: Guard::Nobody,
        query: &[],
        body: if fields.is_empty() {
            None
        } else {
            Some((JSON, fields))
        },
        answer: "",
        errors: ACT,
    }
}

const fn remove(path: &'static str, summary: &'static str) -> Operation {
    Operation {
        method: "delete",
        path,
        summary,
        guard: Guard::Nobody,
        query: &[],
        body: None,
        answer: "",
        errors: &[400, 403, 404, 503],
    }
}

pub(super) const OPERATIONS: [Operation; 35] = [
    look(
        "/_sandbox/applications",
        "Applications, narrowed by event and status",
        &["event_id", "status"],
    ),
    act(
        "/_sandbox/applications",
        "Let a user apply",
        "event_id:string -user_id:string -custom_form_fields:object",
    ),
    act(
        "/_sandbox/applications/{id}/approve",
        "Approve an application",
        "",
    ),
    act("/_sandbox/applications/{id}/reject", "Reject an application", ""),
    act(
        "/_sandbox/applications/{id}/request-revision",
        "Ask for a revision",
        "",
    ),
    act(
        "/_sandbox/applications/{id}/cancel",
        "Withdraw an application",
        "",
    ),
    act("/_sandbox/participants/{id}/register", "Take the place", ""),
    act(
        "/_sandbox/users/{id}",
        "Change a profile",
        "-given_name:string -family_name:string",
    ),
    act(
        "/_sandbox/users/{id}/revoke",
        "Revoke an integration's access",
        "-client_id:string",
    ),
    act(
        "/_sandbox/activities/{id}",
        "Change an activity",
        "-title:string -status:string -location_id:string -capacity:integer -signups:integer",
    ),
    act("/_sandbox/events/{id}/publish", "Publish an event", ""),
    act("/_sandbox/events/{id}/unpublish", "Take an event back", ""),
    act("/_sandbox/events/{id}/archive", "Archive an event", ""),
    act(
        "/_sandbox/events/{id}/pages",
        "Add a webview page",
        "title:string url:string -visibility:string -requires_auth:boolean",
    ),
    remove("/_sandbox/webviews/{id}", "Remove a webview page"),
    act(
        "/_sandbox/organizations/{id}/{act}",
        "lose-formal-status or gain-formal-status",
        "-tax_id:string",
    ),
    act(
        "/_sandbox/integrations/{id}/{act}",
        "publish, unpublish, suspend, reinstate, rotate-client-secret or rotate-webhook-secret",
        "-overlap_s:integer",
    ),
    look("/_sandbox/directory", "What there is to act on", &[]),
    look(
        "/_sandbox/connections",
        "Connections with their token families",
        &[],
    ),
    act(
        "/_sandbox/connections/{event_id}/revoke",
        "Revoke a connection",
        "-client_id:string",
    ),
    look("/_sandbox/clock", "The sandbox clock and what lies ahead", &[]),
    act(
        "/_sandbox/clock",
        "Move the clock on",
        "-advance_s:integer -to:string -side:string",
    ),
    look(
        "/_sandbox/deliveries",
        "Deliveries with their attempts",
        &["status", "type"],
    ),
    look("/_sandbox/deliveries/{id}", "One delivery", &[]),
    act("/_sandbox/deliveries/{id}/replay", "Send a delivery again", ""),
    Operation {
        errors: &[400, 403, 404, 408, 409, 413, 422, 503],
        ..act(
            "/_sandbox/deliveries/replay",
            "Send many again",
            "-ids:array -status:string -type:string -since:string -until:string",
        )
    },
    look("/_sandbox/faults", "Faults that are armed, and all kinds", &[]),
    act(
        "/_sandbox/faults",
        "Arm a fault",
        "fault:string -endpoint:string -event_id:string -client_id:string -event_type:string -times:integer \
         -after:integer -probability:number -seed:integer -delay_ms:integer -seconds:integer -text:string \
         -times_sent:integer",
    ),
    remove("/_sandbox/faults", "Disarm everything"),
    remove("/_sandbox/faults/{id}", "Disarm one fault"),
    look("/_sandbox/transcript", "Everything that was exchanged", &[]),
    act(
        "/_sandbox/transcript",
        "Record bodies, or begin anew",
        "-record_bodies:boolean -clear:boolean",
    ),
    look("/_sandbox/seed", "The catalog as a seed file", &[]),
    look("/_sandbox/stats", "What was counted", &[]),
    act("/_sandbox/reset", "Restore the seed", ""),
];
