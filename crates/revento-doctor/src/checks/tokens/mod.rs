//! Tokens and their refresh (contract §2.4).

mod failures;
mod refresh;
mod restart;
mod verdicts;

use crate::check::{Check, check};

pub(super) const CHECKS: &[Check] = &[
    check!(Tokens Required "§3.5" "tokens-refresh-at-expiry" [ConnectUrl, ReadUrl]
        "An expired access token is refreshed, and the request is repeated"
        why: "An access token lives one hour: without a refresh, the integration stops after it"
        mend: "On 401 with `token_expired`, refresh the token, store the new pair, and repeat the request once"
        run: refresh::at_expiry),
    check!(Tokens Required "§2.4" "tokens-newest-refresh-token" [ConnectUrl, ReadUrl]
        "The next refresh sends the refresh token that the last one returned"
        why: "A refresh token works once: sent again, it revokes the whole token family, and the organizer has to consent again"
        mend: "Each answer of the token endpoint has a new `refresh_token`: replace both tokens together, in one write"
        run: refresh::newest),
    check!(Tokens Required "§2.4" "tokens-one-refresh-for-many" [ConnectUrl, ReadUrl]
        "Reads at the same time share one refresh"
        why: "Two requests that refresh at the same time send the same refresh token twice, and that revokes the connection"
        mend: "Refresh behind a lock for each connection, and look inside the lock whether somebody has refreshed meanwhile"
        hint Express: "Keep the promise of the running refresh, and let every request await it"
        hint Flask: "Threads and workers share the token: take a row lock (`SELECT … FOR UPDATE`) around the refresh"
        hint Php: "Each request is a process of its own: take a row lock (`SELECT … FOR UPDATE`) around the refresh"
        run: refresh::one_for_many),
    check!(Tokens Required "§2.4" "tokens-one-refresh-over-replicas" [ConnectUrl, ReadUrl, Replicas]
        "Replicas share one refresh"
        why: "Two replicas that refresh at the same time send the same refresh token twice, and that revokes the connection"
        mend: "Take a lock in the shared database around the refresh, or let a single worker refresh"
        run: refresh::one_over_replicas),
    check!(Tokens Required "§2.4" "tokens-per-connection" [ConnectUrl, ReadUrl]
        "Each connected event keeps its own tokens"
        why: "Ten events are ten connections: the token of one event is refused for every other"
        mend: "Store the tokens by the `event_id` of the token response, and read with the tokens of the event that is asked for"
        run: refresh::per_connection),
    check!(Tokens Recommended "§2.3" "tokens-refresh-fields" [ConnectUrl, ReadUrl]
        "A refresh sends neither a PKCE verifier nor a redirect URI"
        why: "They belong to the code exchange; the platform may refuse what it does not expect"
        mend: "Send `grant_type`, `refresh_token` and the client's credentials, nothing else"
        run: refresh::fields),
    check!(Tokens Required "§2.3" "tokens-not-in-url" [ConnectUrl, ReadUrl]
        "Tokens and secrets go to the token endpoint in the body, never in the URL"
        why: "URLs end up in the logs of every proxy on the way"
        mend: "Send the form in the body of the POST, with `Content-Type: application/x-www-form-urlencoded`"
        run: refresh::not_in_url),
    check!(Tokens Required "§9" "tokens-tolerant-answer" [ConnectUrl, ReadUrl]
        "A refresh answer with unknown fields is read"
        why: "The platform adds fields without notice; whoever fails then has lost the new refresh token"
        mend: "Ignore fields of the token response that you do not know"
        run: refresh::tolerant),
    check!(Tokens Required "§2.4" "tokens-lost-answer-not-resent" [ConnectUrl, ReadUrl]
        "A refresh whose answer was lost is not sent again at once"
        why: "The platform may have used the refresh token already: sent a second time, it revokes the whole token family"
        mend: "Send a refresh once, without the automatic retries of the HTTP client; after a lost answer, pause, and use the access token to its end before another attempt"
        run: failures::lost_answer_not_resent),
    check!(Tokens Recommended "§2.4" "tokens-lost-answer-keeps-access" [ConnectUrl, ReadUrl]
        "After an early refresh without an answer, the access token is used to its end"
        why: "A refresh that was early costs nothing as long as the old access token is valid"
        mend: "Keep the access token until it expires, whatever becomes of an early refresh"
        run: failures::lost_answer_keeps_access),
    check!(Tokens Required "§2.3" "tokens-endpoint-down" [ConnectUrl, ReadUrl]
        "A token endpoint that answers 503 ends no connection"
        why: "An outage of a minute would disconnect every event, and every organizer would have to consent again"
        mend: "Of the failures of a refresh, only `invalid_grant` is final: keep the tokens after every other one, and try again later"
        run: failures::endpoint_down),
    check!(Tokens Required "§9" "tokens-endpoint-html" [ConnectUrl, ReadUrl]
        "A token endpoint that answers with an HTML page ends no connection"
        why: "Proxies answer with HTML while the platform is away; the tokens stay valid"
        mend: "Judge an answer that is not JSON by its status, and keep the tokens"
        run: failures::endpoint_html),
    check!(Tokens Recommended "§2.3" "tokens-invalid-client" [ConnectUrl, ReadUrl]
        "A refresh that is refused with `invalid_client` ends no connection"
        why: "It says that the client secret is wrong, for example while it is rotated; the tokens stay valid"
        mend: "Keep the tokens, tell the operators, and refresh again once the secret is right"
        run: failures::invalid_client),
    check!(Tokens Required "§2.4" "tokens-slow-endpoint" [ConnectUrl, ReadUrl]
        "A refresh whose answer takes two seconds is awaited, not repeated"
        why: "A second request with the same refresh token revokes the token family"
        mend: "Wait at least ten seconds for the token endpoint, and do not repeat a refresh that timed out at once"
        run: failures::slow_endpoint),
    check!(Tokens Required "§2.4" "tokens-invalid-grant-final" [ConnectUrl, ReadUrl]
        "After `invalid_grant`, no refresh is tried again"
        why: "It is permanent: only a new consent helps, and each further attempt is a wasted call"
        mend: "Mark the connection as ended on `invalid_grant`, and stop all background work for it"
        run: verdicts::invalid_grant_final),
    check!(Tokens Required "§2.4" "tokens-consent-over" [ConnectUrl, ReadUrl]
        "When the consent is over after a year, the integration asks to connect again"
        why: "Refresh tokens end after 90 idle days, and consents after a year: without a clear answer nobody knows why nothing works"
        mend: "On `invalid_grant`, answer with a page that offers to connect again, not with an error 500"
        run: verdicts::consent_over),
    check!(Tokens Required "§3.5" "tokens-revoked-not-refreshed" [ConnectUrl, ReadUrl]
        "`token_revoked` is not answered with a refresh"
        why: "The connection was ended on purpose; a refresh cannot bring it back"
        mend: "Branch on the `error` of a 401: refresh on `token_expired` only"
        run: verdicts::revoked_not_refreshed),
    check!(Tokens Required "§3.5" "tokens-revoked-not-retried" [ConnectUrl, ReadUrl]
        "A call that is answered `token_revoked` is not repeated"
        why: "It is permanent: retries spend the budget and look like an attack"
        mend: "Give up on `token_revoked` at once: retry only 5xx and 429"
        run: verdicts::revoked_not_retried),
    check!(Tokens Recommended "§3.5" "tokens-revoked-remembered" [ConnectUrl, ReadUrl]
        "A connection that was answered `token_revoked` is marked as ended"
        why: "Otherwise each visitor and each background job calls the platform with a dead token for ever"
        mend: "Store that the connection has ended, and call the platform for it only after a new consent"
        run: verdicts::revoked_remembered),
    check!(Tokens Required "§3.5" "tokens-expired-no-loop" [ConnectUrl, ReadUrl]
        "A request is repeated once after a refresh, not again and again"
        why: "If the new token is called expired as well, a loop of refreshes begins that never ends"
        mend: "After a refresh repeat the request once; a second `token_expired` is an error"
        run: verdicts::expired_no_loop),
    check!(Tokens Required "§3.5" "tokens-invalid-token-no-loop" [ConnectUrl, ReadUrl]
        "`invalid_token` is an error, and begins no loop"
        why: "A token of the other environment stays wrong, however often it is refreshed or sent"
        mend: "Fail on `invalid_token`"
        run: verdicts::invalid_token_no_loop),
    check!(Tokens Required "§2.4" "tokens-restart" [ConnectUrl, ReadUrl, Start]
        "A connection survives a crash of the integration"
        why: "Tokens that are in memory only are lost with each deployment, and every organizer has to consent again"
        mend: "Store both tokens in a database, encrypted, before the callback answers"
        run: restart::connection_survives),
    check!(Tokens Required "§2.4" "tokens-stored-before-use" [ConnectUrl, ReadUrl, Start]
        "A new refresh token is stored before the new access token is used"
        why: "The old refresh token is dead: a process that dies before it has stored the new one loses the connection"
        mend: "After a refresh write both tokens to the database and wait for the commit, then repeat the request"
        run: restart::stored_before_use),
];
