//! Mistakes in the OAuth flows.

use super::Mistake;

pub(super) const ALL: &[Mistake] = &[
    ("oauth-connect", "crashes when it has connected an event"),
    ("oauth-pkce", "sends its verifier as a plain challenge"),
    ("oauth-verifier", "has verifiers of 20 characters"),
    ("oauth-verifier-fresh", "has one verifier for all flows"),
    ("oauth-state-fresh", "has one state for all flows"),
    ("oauth-state-guessable", "counts its states"),
    ("oauth-scopes", "asks for a scope that does not exist"),
    (
        "oauth-secret-in-url",
        "sends its client secret with the authorization request",
    ),
    (
        "oauth-begin-cross-site",
        "refuses visitors that come from another site",
    ),
    ("oauth-begin-cached", "redirects to the consent page for ever"),
    (
        "oauth-prefetch",
        "begins a flow for a look ahead, which ends the one in progress",
    ),
    (
        "oauth-open-redirect",
        "returns to any site that a link to the connect page names",
    ),
    ("oauth-token-request", "sends its token request as JSON"),
    (
        "oauth-token-answer",
        "takes a token answer with a field that it does not know for broken",
    ),
    (
        "oauth-redirect-uri",
        "adds a slash to the redirect URI of the token request",
    ),
    ("oauth-client-authentication", "sends its client secret twice"),
    (
        "oauth-state-forged",
        "takes the flow of the browser if it does not know the state",
    ),
    (
        "oauth-state-missing",
        "takes the flow of the browser if there is no state",
    ),
    ("oauth-state-foreign-browser", "finishes flows of other browsers"),
    ("oauth-state-reused", "accepts a second code for a state"),
    (
        "oauth-callback-reload",
        "exchanges a code again when the callback is reloaded",
    ),
    ("oauth-denied", "crashes when the organizer declines"),
    (
        "oauth-denied-keeps-connection",
        "forgets the connection when the organizer declines another",
    ),
    (
        "oauth-optional-scope",
        "refuses to connect unless every scope was granted",
    ),
    ("oauth-reconsent", "keeps the tokens of the first consent"),
    (
        "oauth-two-tabs",
        "has one cookie for all flows, and deletes it when one fails",
    ),
    ("oauth-code-refused", "crashes when the platform refuses a code"),
    ("oauth-token-endpoint-down", "waits for a flow that has failed"),
    ("oauth-stack-traces", "shows a backtrace when an exchange fails"),
    (
        "oauth-code-leak",
        "redirects to its first page with the parameters of the callback",
    ),
    ("oauth-callback-cached", "lets caches keep the callback"),
    (
        "oauth-tokens-in-browser",
        "gives the access token to the browser as a cookie",
    ),
    (
        "oauth-cookie-http-only",
        "sets the cookie of a flow without HttpOnly",
    ),
    (
        "oauth-cookie-same-site",
        "sets the cookie of a flow with SameSite=Strict",
    ),
    (
        "oauth-cookie-valid",
        "sets the cookie of a flow with SameSite=None and without Secure",
    ),
    (
        "oauth-login",
        "begins no session when a participant has logged in",
    ),
    (
        "oauth-login-request",
        "asks participants for a scope that does not exist",
    ),
    ("oauth-login-fresh", "has one verifier for all logins"),
    ("oauth-login-foreign-browser", "finishes logins of other browsers"),
    (
        "oauth-login-session-fixation",
        "keeps the session id from before the login",
    ),
    (
        "oauth-login-signed-out",
        "shows whoever has logged in last to visitors without cookies",
    ),
    (
        "oauth-login-two-people",
        "takes whoever has logged in last for the owner of each session",
    ),
    ("oauth-login-refused", "crashes when a participant may not log in"),
    (
        "oauth-login-http-only",
        "sets the session cookie without HttpOnly",
    ),
    (
        "oauth-login-cached",
        "lets caches keep the page of the participant",
    ),
    (
        "oauth-login-open-redirect",
        "returns to any site that a link to the login names",
    ),
];
