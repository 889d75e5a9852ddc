//! The OAuth flows (contract §2).

mod browsers;
mod callback;
pub(super) mod flow;
mod guess;
pub(super) mod login;
mod pages;
mod request;
mod state;
mod token_request;

use crate::check::{Check, check};

/// The organizer's flow.
pub(super) const CHECKS: &[Check] = &[
    check!(Oauth Required "§2" "oauth-connect" [ConnectUrl]
        "The connect page leads to the consent page, and the consent ends in a connection"
        why: "No organizer can connect an event"
        mend: "Redirect the connect page to `/oauth/authorize` of REVENTO_AUTH_BASE with the documented parameters, and exchange the code in the callback"
        run: request::connects),
    check!(Oauth Required "§2.1" "oauth-pkce" [ConnectUrl]
        "Each flow uses PKCE with S256"
        why: "The platform refuses requests without it, and it protects a code that somebody else gets hold of"
        mend: "Send `code_challenge` = base64url(SHA-256(verifier)) without padding, and `code_challenge_method=S256`"
        run: request::pkce),
    check!(Oauth Required "§2.1" "oauth-verifier" [ConnectUrl]
        "The code verifier has the form of RFC 7636 and fits its challenge"
        why: "The platform refuses the exchange with `invalid_grant`, and the code is used up"
        mend: "Make the verifier of 32 random bytes in base64url (43 characters), and send it as `code_verifier`"
        run: request::verifier),
    check!(Oauth Required "§2.1" "oauth-verifier-fresh" [ConnectUrl]
        "Each flow has a verifier of its own that nobody can guess"
        why: "With a verifier that is known or repeats, PKCE protects nothing"
        mend: "Draw 32 bytes from a cryptographic random generator for each flow"
        hint Express: "Use `crypto.randomBytes(32).toString('base64url')`, never `Math.random()`"
        hint Flask: "Use `secrets.token_urlsafe(32)`, never `random`"
        hint Php: "Use `random_bytes(32)`, never `rand()` or `uniqid()`"
        run: request::verifier_fresh),
    check!(Oauth Required "§2.1" "oauth-state-fresh" [ConnectUrl]
        "Each flow has a state of its own"
        why: "Whoever has seen one state can finish the flows of others (CSRF)"
        mend: "Draw the state from a cryptographic random generator for each flow"
        run: request::state_fresh),
    check!(Oauth Recommended "§2.1" "oauth-state-guessable" [ConnectUrl]
        "The state cannot be guessed"
        why: "Whoever can guess the state can finish the flows of others (CSRF)"
        mend: "Draw 16 bytes or more from a cryptographic random generator; no counter, no time, no `Math.random()`"
        run: request::state_guessable),
    check!(Oauth Required "§2.2" "oauth-scopes" [ConnectUrl]
        "The organizer's flow asks for declared scopes of the installation token alone"
        why: "The platform refuses a request with other scopes, or of both token kinds, with `invalid_scope`"
        mend: "Ask for scopes out of `event.read`, `participants.read` and `program.read`; those of participants belong to Login with Revento"
        run: request::scopes),
    check!(Oauth Required "§2.1" "oauth-secret-in-url" [ConnectUrl]
        "The authorization request contains no secret"
        why: "URLs are in browser histories, logs and proxies"
        mend: "Send the client secret and the verifier to the token endpoint alone"
        run: request::secret_in_url),
    check!(Oauth Required "§2" "oauth-begin-cross-site" [ConnectUrl]
        "A flow can begin with a link from the platform's panel"
        why: "Organizers press \"Connect\" in the platform's panel, and see an error"
        mend: "Let the connect page take a GET from another site: no check of `Sec-Fetch-Site`, `Referer` or a CSRF token on it"
        run: request::begin_cross_site),
    check!(Oauth Recommended "§2" "oauth-begin-cached" [ConnectUrl]
        "Browsers do not keep the redirect of the connect page"
        why: "A browser that repeats an old redirect repeats a used state: the second connection of an organizer fails"
        mend: "Redirect with 302 or 303, with `Cache-Control: no-store`"
        run: request::begin_cached),
    check!(Oauth Recommended "§2" "oauth-prefetch" [ConnectUrl]
        "A look ahead at the connect page does not disturb a flow"
        why: "Browsers and mail scanners open links in advance, and the organizer's flow fails"
        mend: "Answer HEAD and requests with `Sec-Purpose: prefetch` without beginning a flow, and keep each flow in a cookie of its own"
        run: request::prefetch),
    check!(Oauth Recommended "§2" "oauth-open-redirect" [ConnectUrl]
        "The connect page redirects to no site that a link to it names"
        why: "Links to the integration can lead people to imitations of it"
        mend: "Keep paths of your own to return to, never whole URLs; refuse values that begin with `//` or `/\\`"
        run: request::open_redirect),
    check!(Oauth Required "§2.3" "oauth-token-request" [ConnectUrl]
        "The token request is a POST with a form"
        why: "The platform refuses other forms, and URLs are in logs"
        mend: "Send all parameters as `application/x-www-form-urlencoded` in the body"
        run: token_request::form),
    check!(Oauth Required "§2.3" "oauth-redirect-uri" [ConnectUrl]
        "The token request names the same redirect URI as the authorization request"
        why: "The platform refuses the exchange with `invalid_grant`, and the code is used up"
        mend: "Take the redirect URI from one setting for both requests, byte for byte"
        run: token_request::redirect_uri),
    check!(Oauth Required "§2.3" "oauth-client-authentication" [ConnectUrl]
        "The token request authenticates the client in one way"
        why: "The platform refuses the exchange with `invalid_client` or `invalid_request`"
        mend: "Send `client_id` and `client_secret` in the form, or as HTTP Basic, not both"
        run: token_request::client_authentication),
    check!(Oauth Required "§9" "oauth-token-answer" [ConnectUrl]
        "A token answer is read tolerantly"
        why: "On the day on which the platform adds a field, no event can be connected any more"
        mend: "Ignore fields that you do not know, compare `token_type` without case, and treat `refresh_expires_in` as optional"
        hint FastApi: "Pydantic: `extra=\"ignore\"`, not `\"forbid\"`"
        hint Java: "Jackson: switch FAIL_ON_UNKNOWN_PROPERTIES off"
        hint Go: "Do not call `DisallowUnknownFields` on the decoder"
        hint Rust: "serde: no `deny_unknown_fields` on types of the platform's answers"
        run: token_request::answer),
    check!(Oauth Required "§2.1" "oauth-state-forged" [ConnectUrl]
        "A callback with a state that the integration has not made is refused"
        why: "Somebody can connect their own event in the session of another organizer (CSRF)"
        mend: "Compare the state of the callback with that of the flow before anything else"
        run: state::forged),
    check!(Oauth Required "§2.1" "oauth-state-missing" [ConnectUrl]
        "A callback without a state is refused"
        why: "Somebody can connect their own event in the session of another organizer (CSRF)"
        mend: "Refuse a callback without a state; a comparison of two missing values must not succeed"
        run: state::missing),
    check!(Oauth Required "§2.1" "oauth-state-foreign-browser" [ConnectUrl]
        "A callback of a flow that began in another browser is refused"
        why: "Somebody can send an organizer a link that connects the wrong event (login CSRF)"
        mend: "Bind the state to the browser with a cookie, and compare both in the callback"
        run: state::foreign_browser),
    check!(Oauth Recommended "§2.1" "oauth-state-reused" [ConnectUrl]
        "A state is accepted once"
        why: "A link that leaks from a history or a log can be used again"
        mend: "Delete the flow before you exchange its code"
        run: state::reused),
    check!(Oauth Required "§2.1" "oauth-callback-reload" [ConnectUrl]
        "A reloaded callback does not send its code again"
        why: "The second use of a code revokes the tokens of the first: a reload ends the connection"
        mend: "Delete the flow before you exchange its code, and answer the reload with a page that says that it is done"
        run: callback::reload),
    check!(Oauth Required "§2.1" "oauth-denied" [ConnectUrl]
        "An organizer who declines sees a page, not a crash"
        why: "The callback comes without a code, and a program that expects one crashes"
        mend: "When the callback has `error`, say so in a sentence, and send no token request"
        run: callback::denied),
    check!(Oauth Required "§2.1" "oauth-denied-keeps-connection" [ConnectUrl, ReadUrl]
        "An organizer who declines to connect again keeps the connection"
        why: "One wrong click ends a connection that works"
        mend: "Replace the tokens when the new ones have arrived, not before"
        run: callback::denied_keeps_connection),
    check!(Oauth Required "§2.2" "oauth-optional-scope" [ConnectUrl]
        "The integration works when the organizer grants only the required scopes"
        why: "Organizers who untick an optional scope cannot use the integration, or are asked for ever"
        mend: "Store the `scope` of the token response, and leave out what was not granted"
        run: callback::optional_scope),
    check!(Oauth Recommended "§2.4" "oauth-reconsent" [ConnectUrl, ReadUrl]
        "After a new consent, its tokens are used"
        why: "A scope that the organizer has granted now stays missing, and the older consent ends after a year all the same"
        mend: "Replace the stored tokens of the event with those of the newest consent"
        run: callback::reconsent),
    check!(Oauth Recommended "§2.1" "oauth-two-tabs" [ConnectUrl]
        "Flows in two tabs do not break each other"
        why: "Organizers who begin twice cannot finish"
        mend: "Keep each flow in a cookie of its own, named by its state, and do not delete it when another flow fails"
        run: callback::two_tabs),
    check!(Oauth Recommended "§2.3" "oauth-code-refused" [ConnectUrl]
        "A code that the platform refuses ends with a page, not with a crash"
        why: "Organizers who took longer than ten minutes see a broken page"
        mend: "Handle `invalid_grant` of the token endpoint: say that the consent has to be started again"
        run: callback::code_refused),
    check!(Oauth Recommended "§2.3" "oauth-token-endpoint-down" [ConnectUrl]
        "After a failure of the token endpoint, a new flow succeeds"
        why: "Organizers who met an outage cannot connect any more"
        mend: "Leave nothing behind when an exchange fails, neither in the session nor in the database"
        run: callback::token_endpoint_down),
    check!(Oauth Recommended "§2" "oauth-stack-traces" [ConnectUrl]
        "Errors show no stack traces and no debug pages"
        why: "They tell attackers about the code, its paths and its settings; a debugger lets them run code"
        mend: "Catch errors in the callback, log them, and answer with a sentence"
        hint Express: "Set NODE_ENV=production, and add an error handler as the last middleware"
        hint Flask: "Never run with `debug=True` in production"
        hint Django: "Set `DEBUG = False`"
        hint Php: "Set `display_errors = Off`; in Laravel, `APP_DEBUG=false`"
        hint Ruby: "Run with RACK_ENV=production or RAILS_ENV=production"
        run: callback::stack_traces),
    check!(Oauth Recommended "§2.1" "oauth-code-leak" [ConnectUrl]
        "The callback does not pass the code on"
        why: "The addresses of later pages are in logs, and other sites see them as `Referer`"
        mend: "Redirect to a page without the parameters of the callback, with `Referrer-Policy: no-referrer`"
        run: callback::code_leak),
    check!(Oauth Recommended "§2.1" "oauth-callback-cached" [ConnectUrl]
        "The answer of the callback is not kept"
        why: "A cache can give one organizer's page to another"
        mend: "Send `Cache-Control: no-store` with the callback"
        run: callback::callback_cached),
    check!(Oauth Required "§2.3" "oauth-tokens-in-browser" [ConnectUrl]
        "No token and no secret reaches the browser"
        why: "Everything in a browser can be read by extensions, scripts and whoever uses the machine"
        mend: "Keep tokens on the server, and give the browser a random session id"
        hint Flask: "The session of Flask is signed, not encrypted: keep tokens out of it"
        hint Express: "`cookie-session` is signed, not encrypted: keep tokens out of it"
        run: browsers::tokens),
    check!(Oauth Recommended "§2.1" "oauth-cookie-http-only" [ConnectUrl]
        "Scripts cannot read the cookies of a flow"
        why: "A script that gets into a page can take over a flow"
        mend: "Set the cookies of a flow with `HttpOnly`"
        run: browsers::cookie_http_only),
    check!(Oauth Required "§2.1" "oauth-cookie-same-site" [ConnectUrl]
        "The cookies of a flow arrive at the callback"
        why: "The callback comes from the platform's site, and browsers hold back `SameSite=Strict`: every connection fails"
        mend: "Set the cookies of a flow with `SameSite=Lax`"
        run: browsers::cookie_same_site),
    check!(Oauth Required "§2.1" "oauth-cookie-valid" [ConnectUrl]
        "Browsers keep the cookies of a flow, and send them over TLS alone"
        why: "Browsers drop cookies with contradictory attributes without a word: every connection fails"
        mend: "Set `Secure` where the page is https, and always with `SameSite=None`, `Partitioned` and the prefixes `__Host-` and `__Secure-`"
        run: browsers::cookie_valid),
];
