//! The operations of the platform (contract §2, contract §3).

use super::operation::{Guard, Operation};

const FORM: &str = "application/x-www-form-urlencoded";
const READ: &[u16] = &[400, 401, 403, 404, 406, 429, 503];
const PAGE: &[&str] = &["limit", "cursor"];

const fn read(path: &'static str, summary: &'static str, guard: Guard, answer: &'static str) -> Operation {
    Operation {
        method: "get",
        path,
        summary,
        guard,
        query: &[],
        body: None,
        answer,
        errors: READ,
    }
}

const fn list(path: &'static str, summary: &'static str, guard: Guard, answer: &'static str) -> Operation {
    Operation {
        query: PAGE,
        ..read(path, summary, guard, answer)
    }
}

pub(super) const OPERATIONS: [Operation; 13] = [
    Operation {
        method: "get",
        path: "/oauth/authorize",
        summary: "Show the consent page",
        guard: Guard::None,
        query: &[
            "!response_type",
            "!client_id",
            "!redirect_uri",
            "!scope",
            "!event_id",
            "!state",
            "!code_challenge",
            "!code_challenge_method",
        ],
        body: None,
        answer: "html",
        errors: &[303, 400, 503],
    },
    Operation {
        method: "post",
        path: "/oauth/authorize",
        summary: "Answer the consent page",
        guard: Guard::None,
        query: &[],
        body: Some((
            FORM,
            "consent_request:string decision:string -scope:string -user_id:string",
        )),
        answer: "redirect",
        errors: &[400, 403, 408, 413, 503],
    },
    Operation {
        method: "post",
        path: "/oauth/token",
        summary: "Exchange a code, or refresh",
        guard: Guard::None,
        query: &[],
        body: Some((
            FORM,
            "grant_type:string -client_id:string -client_secret:string -code:string -redirect_uri:string \
             -code_verifier:string -refresh_token:string",
        )),
        answer: "Tokens",
        errors: &[400, 401, 408, 413, 503],
    },
    read(
        "/api/v1/events/{event_id}",
        "An event",
        Guard::Installation,
        "Event",
    ),
    list(
        "/api/v1/events/{event_id}/participants",
        "Participants",
        Guard::Installation,
        "ParticipantPage",
    ),
    read(
        "/api/v1/events/{event_id}/program",
        "The program",
        Guard::Installation,
        "Program",
    ),
    list(
        "/api/v1/events/{event_id}/activities",
        "Activities",
        Guard::Installation,
        "ActivityPage",
    ),
    list(
        "/api/v1/events/{event_id}/threads",
        "Threads",
        Guard::Installation,
        "ThreadPage",
    ),
    list(
        "/api/v1/events/{event_id}/locations",
        "Locations",
        Guard::Installation,
        "LocationPage",
    ),
    list(
        "/api/v1/events/{event_id}/registration-waves",
        "Registration waves",
        Guard::Installation,
        "WavePage",
    ),
    read(
        "/api/v1/me/profile",
        "The profile of the signed-in user",
        Guard::User,
        "Profile",
    ),
    read(
        "/api/v1/me/application",
        "The application of the signed-in user",
        Guard::User,
        "Application",
    ),
    list(
        "/api/v1/developer/integrations/{client_id}/installations",
        "All connections of an integration",
        Guard::Developer,
        "InstallationPage",
    ),
];
